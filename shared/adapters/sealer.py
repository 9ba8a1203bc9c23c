"""Sealing what a client keeps for us: AES-256-GCM, bound to a tenant and a kind, with keys that rotate.

A sealed payload is URL-safe base64 without padding of

    version 1 byte (1) | key id 8 bytes | nonce 12 bytes | ciphertext | tag 16 bytes

The key id is the head of SHA-256 over a fixed label and the key. The associated data are version and key
id, then tenant and kind in UTF-8, the tenant preceded by its length in 4 bytes. The nonce is the head of an
HMAC-SHA-256 over a fixed label, the associated data, preceded by their length in 4 bytes, and the payload: what
is sealed twice is the same text, and no nonce serves two payloads.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import HithertoError, InvalidSeal

# What OpenAI's API accepts as the `encrypted_content` of a compaction item.
MAX_SEALED_CHARS = 20_971_520

_VERSION = b"\x01"
_KEY_BYTES = 32
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEAD_BYTES = len(_VERSION) + _KEY_ID_BYTES

MAX_PAYLOAD_BYTES = MAX_SEALED_CHARS * 3 // 4 - _HEAD_BYTES - _NONCE_BYTES - _TAG_BYTES


def new_key() -> str:
    """Return a new random key, as `AesGcmSealer` takes it: 43 URL-safe characters."""
    return _to_text(secrets.token_bytes(_KEY_BYTES))


class AesGcmSealer:
    """A Sealer whose first key seals and whose every key unseals.

    To rotate, put a new key first and keep the old ones as long as clients may hold what they sealed.
    Put a new key first before one has sealed 2**32 payloads.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """Take base64url keys of 32 bytes each. Raises HithertoError, which never quotes a key."""
        raw_keys = [_parse_key(key) for key in keys]
        if not raw_keys:
            raise HithertoError("Sealing needs at least one encryption key.")
        self._first_key, self._first_id = raw_keys[0], _key_id(raw_keys[0])
        self._ciphers = {_key_id(key): AESGCM(key) for key in raw_keys}

    def seal(self, payload: bytes, *, tenant: str, kind: str) -> str:
        """Return URL-safe text that only `unseal` with the same tenant and kind can open; the same for the same.

        Raises HithertoError when the payload is longer than MAX_PAYLOAD_BYTES.
        """
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise HithertoError(f"A payload of {len(payload)} bytes is too long to be sealed.")
        head = _VERSION + self._first_id
        bound = _associated_data(head, tenant, kind)
        nonce = _nonce(self._first_key, bound, payload)
        return _to_text(head + nonce + self._ciphers[self._first_id].encrypt(nonce, payload, bound))

    def unseal(self, sealed: str, *, tenant: str, kind: str) -> bytes:
        """Return the payload. Raises InvalidSeal when it is not ours, not this tenant's, or was changed."""
        envelope = _from_text(sealed)
        head, rest = envelope[:_HEAD_BYTES], envelope[_HEAD_BYTES:]
        cipher = self._ciphers.get(head[len(_VERSION) :])
        if cipher is None or not head.startswith(_VERSION) or len(rest) < _NONCE_BYTES + _TAG_BYTES:
            raise InvalidSeal
        bound = _associated_data(head, tenant, kind)
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], bound)
        except InvalidTag as error:
            raise InvalidSeal from error


def _parse_key(text: str) -> bytes:
    try:
        key = _from_text(text.rstrip("="))
    except InvalidSeal:
        key = b""
    if len(key) != _KEY_BYTES:
        # Without the cause: its traceback could show the key.
        raise HithertoError("An encryption key must be 32 bytes in URL-safe base64.") from None
    return key


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"hitherto sealing key\x00" + key).digest()[:_KEY_ID_BYTES]


def _nonce(key: bytes, bound: bytes, payload: bytes) -> bytes:
    mac = hmac.new(key, b"hitherto sealing nonce\x00" + len(bound).to_bytes(4, "big") + bound, "sha256")
    mac.update(payload)
    return mac.digest()[:_NONCE_BYTES]


def _associated_data(head: bytes, tenant: str, kind: str) -> bytes:
    name = tenant.encode("utf-8", "surrogatepass")
    return head + len(name).to_bytes(4, "big") + name + kind.encode("utf-8", "surrogatepass")


def _to_text(envelope: bytes) -> str:
    return urlsafe_b64encode(envelope).rstrip(b"=").decode("ascii")


def _from_text(text: str) -> bytes:
    """Return the bytes of unpadded URL-safe base64. Raises InvalidSeal."""
    if len(text) > MAX_SEALED_CHARS:
        raise InvalidSeal
    try:
        envelope = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise InvalidSeal from error
    # The decoder skips characters that it does not know and ignores bits left over at the end: only
    # the one text that the bytes encode to is ours.
    if _to_text(envelope) != text:
        raise InvalidSeal
    return envelope
