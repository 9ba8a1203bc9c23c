"""Sealing what a compaction item holds, and opening it again for its tenant."""

from pydantic import ValidationError

from shared.compression import compress, decompress
from shared.errors import HithertoError, InvalidSeal
from shared.ports import Sealer
from shared.window.payload import Payload

_KIND = "compaction"

# Far more than a payload can be, and little enough to refuse one that was made to burst.
_MAX_DOCUMENT_BYTES = 128 * 1024 * 1024


def seal_payload(sealer: Sealer, payload: Payload, *, tenant: str) -> str:
    """Return the `encrypted_content` of a compaction item."""
    document = payload.model_dump_json(exclude_unset=True)
    # Compressed first: what is encrypted cannot be any more.
    return sealer.seal(compress(document.encode()), tenant=tenant, kind=_KIND)


def unseal_payload(sealer: Sealer, sealed: str, *, tenant: str) -> Payload:
    """Return what a compaction item holds. Raises InvalidSeal."""
    blob = sealer.unseal(sealed, tenant=tenant, kind=_KIND)
    try:
        return Payload.model_validate_json(decompress(blob, max_bytes=_MAX_DOCUMENT_BYTES))
    except (HithertoError, ValidationError) as error:
        raise InvalidSeal("The sealed payload is of a version that this server does not read.") from error
