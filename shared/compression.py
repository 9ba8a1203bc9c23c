"""Compressing stored bodies: a byte that names the codec, then the body."""

import zstandard

from shared.errors import HithertoError

MIN_COMPRESSED_BYTES = 2048

# The first byte of every blob. Stored blobs outlive a deploy: add codecs, never renumber them.
_RAW = b"\x00"
_ZSTANDARD = b"\x01"

_LEVEL = 1


def compress(data: bytes) -> bytes:
    """Return `data` as a blob for `decompress`: Zstandard at level 1 above 2,048 bytes where it gains, else raw.

    A blob is never more than one byte longer than its data.
    """
    if len(data) <= MIN_COMPRESSED_BYTES:
        return _RAW + data
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(data)
    return _ZSTANDARD + packed if len(packed) < len(data) else _RAW + data


def decompress(blob: bytes, *, max_bytes: int) -> bytes:
    """Return the data that `compress` was given.

    Never uses memory for more than `max_bytes` of data, whatever the blob claims. Raises HithertoError
    when the data is longer than that, or the blob is none of ours or damaged.
    """
    codec, body = blob[:1], blob[1:]
    if codec == _RAW:
        return _within(body, max_bytes)
    if codec == _ZSTANDARD:
        return _unpack(body, max_bytes)
    raise HithertoError("A stored body has an unknown compression.")


def _within(body: bytes, max_bytes: int) -> bytes:
    if len(body) > max_bytes:
        raise HithertoError(f"A stored body is longer than {max_bytes} bytes.")
    return body


def _unpack(body: bytes, max_bytes: int) -> bytes:
    try:
        # The frame's header says how long the data is, or an impossible number where it does not say;
        # the decompressor then holds the frame to what its header said.
        claimed = zstandard.get_frame_parameters(body).content_size
        if claimed > max_bytes:
            raise HithertoError(f"A stored body is longer than {max_bytes} bytes.")
        return zstandard.ZstdDecompressor().decompress(body, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise HithertoError("A stored body is damaged.") from error
