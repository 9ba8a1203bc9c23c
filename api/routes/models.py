"""/v1/models: what can be asked."""

from fastapi import APIRouter

from api.document import answers
from api.given import GivenServices
from shared.errors import NotFound
from shared.wire.model import JsonObject
from shared.wire.wording import no_such_model

router = APIRouter(prefix="/v1/models", tags=["models"])

# The models' own ages are not known here, and clients want a number.
_CREATED = 0


@router.get("", responses=answers(shape="ModelList"))
async def list_models(services: GivenServices) -> JsonObject:
    """Return the upstream's models."""
    names = await services.upstream.list_models()
    return {"object": "list", "data": [_model(name) for name in names]}


@router.get("/{name:path}", responses=answers(shape="Model"))
async def retrieve_model(name: str, services: GivenServices) -> JsonObject:
    """Return one of the upstream's models."""
    if name not in await services.upstream.list_models():
        raise NotFound(no_such_model(name), param="model", code="model_not_found")
    return _model(name)


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "hitherto"}
