"""Sealing what a compaction item holds, and opening it again for its tenant."""

from pydantic import ValidationError

from shared.errors import InvalidSeal
from shared.ports import Sealer
from shared.window.payload import Payload

_KIND = "compaction"


def seal_payload(sealer: Sealer, payload: Payload, *, tenant: str) -> str:
    """Return the `encrypted_content` of a compaction item."""
    document = payload.model_dump_json(exclude_unset=True)
    return sealer.seal(document.encode(), tenant=tenant, kind=_KIND)


def unseal_payload(sealer: Sealer, sealed: str, *, tenant: str) -> Payload:
    """Return what a compaction item holds. Raises InvalidSeal."""
    document = sealer.unseal(sealed, tenant=tenant, kind=_KIND)
    try:
        return Payload.model_validate_json(document)
    except ValidationError as error:
        raise InvalidSeal("The sealed payload is of a version that this server does not read.") from error
