"""/v1/responses/compact: compact a window now, and hand the result to the client."""

from fastapi import APIRouter, Request

from api.admission import NEEDS_ROOM
from api.bodies import read_body
from api.compacting import compact_now
from api.document import answers, reads
from api.forms import FORM, parse_form
from api.given import GivenServices, Tenant
from api.presence import while_there
from api.validation.parsing import parse_compact, parse_json_body
from shared.wire.model import JsonObject
from shared.wire.requests import CompactRequest

router = APIRouter(prefix="/v1/responses", tags=["compaction"])


@router.post(
    "/compact",
    openapi_extra=reads(CompactRequest, forms=True),
    responses=answers(shape="CompactedResponse"),
    dependencies=[NEEDS_ROOM],
)
async def compact_response(request: Request, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Return the user messages of a window, and one compaction item for all the rest."""
    body = await request.body()
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM
    parse = parse_form if is_form else parse_json_body
    wanted = await read_body(body, lambda text: parse_compact(parse(text)))
    return await while_there(request, compact_now(services, wanted, tenant=tenant))
