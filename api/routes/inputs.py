"""What a response was given: its input items, and how many tokens an input would be."""

from fastapi import APIRouter, Request

from api.asking import tokens_given
from api.bodies import read_json
from api.document import answers, reads
from api.given import GivenServices, Tenant
from api.including import INCLUDES
from api.listing import AskedPage
from api.validation.parsing import parse_input_tokens
from shared.wire.items import Compaction
from shared.wire.model import JsonObject
from shared.wire.requests import InputTokensRequest

router = APIRouter(prefix="/v1/responses", tags=["responses"])


@router.get("/{response_id}/input_items", dependencies=[INCLUDES], responses=answers(shape="List"))
async def list_input_items(
    response_id: str, page: AskedPage, services: GivenServices, tenant: Tenant
) -> JsonObject:
    """Return what the model was given for a response, from its last compaction on; compactions are not shown."""
    items = await services.history.given(response_id, tenant)
    return page.cut([item for item in items if not isinstance(item, Compaction)])


@router.post(
    "/input_tokens",
    openapi_extra=reads(InputTokensRequest, required=False),
    responses=answers(shape="InputTokens"),
)
async def count_input_tokens(request: Request, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Return how many tokens of a request's window a model would be given, without asking one."""
    wanted = await read_json(await request.body() or b"{}", parse_input_tokens)
    tokens = await tokens_given(services, wanted, tenant=tenant)
    return {"object": "response.input_tokens", "input_tokens": tokens}
