"""Stored bodies come back as they were, and no blob can fill the memory."""

import random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from shared.compression import MIN_COMPRESSED_BYTES, compress, decompress
from shared.errors import HithertoError

LIMIT = 1_000_000


@given(st.binary(max_size=10_000) | st.binary(min_size=1, max_size=50).map(lambda unit: unit * 200))
def test_data_comes_back_as_it_was(data: bytes) -> None:
    assert decompress(compress(data), max_bytes=len(data)) == data


def test_a_large_body_shrinks() -> None:
    assert len(compress(b"the same words again. " * 1000)) < 1000


def test_a_small_body_is_stored_as_it_is() -> None:
    data = b"a" * MIN_COMPRESSED_BYTES

    assert compress(data)[1:] == data


def test_a_body_that_would_grow_is_stored_as_it_is() -> None:
    noise = random.Random(1).randbytes(10_000)

    assert len(compress(noise)) == len(noise) + 1


@pytest.mark.parametrize("size", [100, 100_000], ids=["raw", "compressed"])
def test_a_body_over_the_limit_is_refused(size: int) -> None:
    blob = compress(b"a" * size)

    with pytest.raises(HithertoError, match="longer"):
        decompress(blob, max_bytes=size - 1)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = b"\x01" + zstandard.compress(bytes(50_000_000), 1)
    assert len(bomb) < 10_000

    with pytest.raises(HithertoError, match="longer"):
        decompress(bomb, max_bytes=LIMIT)


def test_a_frame_that_hides_its_length_is_refused() -> None:
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(b"a" * 5000)

    with pytest.raises(HithertoError, match="longer"):
        decompress(b"\x01" + frame, max_bytes=LIMIT)


@pytest.mark.parametrize(
    "blob",
    [b"", b"\x02abc", b"\x01", b"\x01junk", compress(b"a" * 5000)[:-3], compress(b"a" * 5000) + b"x"],
    ids=["empty", "unknown codec", "no frame", "junk", "cut short", "something after it"],
)
def test_a_blob_that_compress_did_not_make_is_refused(blob: bytes) -> None:
    with pytest.raises(HithertoError):
        decompress(blob, max_bytes=LIMIT)


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_our_error(garbage: bytes) -> None:
    try:
        data = decompress(b"\x01" + garbage, max_bytes=LIMIT)
    except HithertoError:
        return
    assert len(data) <= LIMIT
