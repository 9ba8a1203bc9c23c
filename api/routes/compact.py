"""/v1/responses/compact: compact a window now, and hand the result to the client."""

from fastapi import APIRouter, Request

from api.compacting import compact_now
from api.given import GivenServices, Tenant
from api.validation.parsing import parse_compact, parse_json_body
from shared.wire.model import JsonObject

router = APIRouter(prefix="/v1/responses", tags=["compaction"])


@router.post("/compact")
async def compact_response(request: Request, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Return the user messages of a window, and one compaction item for all the rest."""
    wanted = parse_compact(parse_json_body(await request.body()))
    return await compact_now(services, wanted, tenant=tenant)
