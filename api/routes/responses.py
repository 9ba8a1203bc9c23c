"""/v1/responses: create, read, cancel and delete."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.foreground import run_to_the_end
from api.given import GivenServices, Tenant
from api.intake import accept
from shared.errors import InvalidRequest
from shared.wire.model import JsonObject
from shared.wire.validation import parse_create, parse_json_body

router = APIRouter(prefix="/v1/responses", tags=["responses"])


@router.post("")
async def create_response(request: Request, services: GivenServices, tenant: Tenant) -> JSONResponse:
    """Create a response, in the foreground or as a background job."""
    body = parse_json_body(await request.body())
    wanted = parse_create(body, min_compact_threshold=services.settings.min_compact_threshold)
    turn = await accept(wanted, tenant=tenant, services=services)
    if wanted.is_background:
        await services.responses.enqueue(turn)
        return JSONResponse(turn.head.to_json())
    result = await run_to_the_end(services, turn, request)
    return JSONResponse(result.response.to_json())


@router.get("/{response_id}")
async def retrieve_response(response_id: str, services: GivenServices, tenant: Tenant) -> JSONResponse:
    """Return a response as it stands now."""
    stored = await services.responses.load(response_id, tenant)
    return JSONResponse(stored.response.to_json())


@router.post("/{response_id}/cancel")
async def cancel_response(response_id: str, services: GivenServices, tenant: Tenant) -> JSONResponse:
    """Cancel a background response; one that has ended is returned as it is."""
    stored = await services.responses.load(response_id, tenant)
    if not stored.response.background:
        raise InvalidRequest("Cannot cancel a synchronous response.")
    if not stored.response.is_terminal:
        await services.jobs.cancel(response_id)
        stored = await services.responses.load(response_id, tenant)
    return JSONResponse(stored.response.to_json())


@router.delete("/{response_id}")
async def delete_response(response_id: str, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Delete a response that has ended."""
    await services.responses.load(response_id, tenant)
    if not await services.responses.delete(response_id):
        raise InvalidRequest("Cannot delete an in-flight response.")
    return {"id": response_id, "object": "response", "deleted": True}
