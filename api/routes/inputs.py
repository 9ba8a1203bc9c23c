"""What a response was given: its input items, and how many tokens an input would be."""

from fastapi import APIRouter, Request

from api.bodies import read_json
from api.document import answers, reads
from api.given import GivenServices, Tenant
from api.including import INCLUDES
from api.intake import found_items
from api.listing import AskedPage
from api.validation.parsing import parse_input_tokens
from shared.ids import new_id
from shared.services import Services
from shared.turns import Turn
from shared.window.counting import count_overhead
from shared.window.sizing import size_of_window
from shared.wire.items import Compaction
from shared.wire.model import JsonObject
from shared.wire.requests import CreateResponse, InputTokensRequest
from shared.wire.responses import Response

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
    """Return how many tokens a request's window would be, without asking a model."""
    wanted = await read_json(await request.body() or b"{}", parse_input_tokens)
    turn = await _turn(services, wanted, tenant)
    window = await services.history.resolve(turn)
    overhead = count_overhead(
        instructions=wanted.instructions,
        tools=wanted.tools or [],
        text_format=(wanted.text or {}).get("format"),
        count=services.counter.count,
    )
    correction = await services.calibration.correction(turn.request.model)
    tokens = correction.real(size_of_window(window.entries, overhead=overhead))
    return {"object": "response.input_tokens", "input_tokens": tokens}


async def _turn(services: Services, wanted: InputTokensRequest, tenant: str) -> Turn:
    request = CreateResponse(
        model=wanted.model or "",
        input="",
        previous_response_id=wanted.previous_response_id,
        conversation=wanted.conversation,
    )
    head = Response(id=new_id("resp"), created_at=0, status="in_progress", model=request.model)
    items = await found_items(services, wanted.input_items, request, tenant=tenant)
    return Turn(tenant=tenant, request=request, head=head, input=items)
