"""/v1/responses: create, read, stream, cancel and delete."""

from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import WithJsonSchema

from api.admission import NEEDS_ROOM
from api.bodies import read_json
from api.codex import is_codex
from api.conversing import held
from api.document import answers, reads
from api.foreground import run_to_the_end
from api.given import GivenServices, Tenant
from api.idempotency import HEADER, reserved
from api.including import INCLUDES
from api.intake import accept
from api.sse import event_stream
from api.streaming import foreground_events, logged_events, retold_events
from api.validation.parsing import parse_create
from shared.errors import InvalidRequest
from shared.services import Services
from shared.turns import StoredResponse, Turn
from shared.wire.model import JsonObject
from shared.wire.requests import CreateResponse
from shared.wire.responses import Response as ResponseObject
from shared.wire.wording import shown

router = APIRouter(prefix="/v1/responses", tags=["responses"])

# They come as text, and are checked here in OpenAI's words; the document says what they are.
_Flag: TypeAlias = Annotated[str | None, Query(), WithJsonSchema({"type": "boolean"})]
_SequenceNumber: TypeAlias = Annotated[
    str | None,
    Query(description="With `stream`: the number of the last event that was seen."),
    WithJsonSchema({"type": "integer", "minimum": 0}),
]
# No response has so many events, and to Redis it is still a number.
_LAST_NUMBER = 10**15
_LAST_NUMBER_DIGITS = 15


@router.post(
    "",
    openapi_extra=reads(CreateResponse, keyed=True),
    responses=answers(model=ResponseObject, streams=True),
    dependencies=[NEEDS_ROOM],
)
async def create_response(request: Request, services: GivenServices, tenant: Tenant) -> Response:
    """Create a response: whole or as events, in the foreground or as a background job."""
    body = await request.body()
    parse = partial(parse_create, min_compact_threshold=services.settings.min_compact_threshold)
    wanted = await read_json(body, parse)
    turn = await accept(wanted, tenant=tenant, services=services, from_codex=is_codex(request.headers))
    async with AsyncExitStack() as context:
        key = request.headers.get(HEADER)
        turn, earlier = await context.enter_async_context(reserved(services, turn, key=key, body=body))
        if earlier is not None:
            return _answer_again(services, turn, earlier)
        if wanted.is_background:
            return await _enqueue(services, turn)
        await context.enter_async_context(held(services, turn))
        if wanted.is_streamed:
            events = foreground_events(services, turn)
            return event_stream(events, turn.id, obfuscates=_obfuscates(wanted), context=context.pop_all())
        result = await run_to_the_end(services, turn, request)
        return JSONResponse(result.response.to_json())


@router.get("/{response_id}", dependencies=[INCLUDES], responses=answers(model=ResponseObject, streams=True))
async def retrieve_response(
    response_id: str,
    services: GivenServices,
    tenant: Tenant,
    stream: _Flag = None,
    starting_after: _SequenceNumber = None,
    include_obfuscation: _Flag = None,
) -> Response:
    """Return a response as it stands now, or its events from `starting_after` on and those to come."""
    is_streamed = _flag("stream", stream, default=False)
    after = _sequence_number(starting_after)
    padded = _flag("include_obfuscation", include_obfuscation, default=True)
    stored = await services.responses.load(response_id, tenant)
    if not is_streamed:
        return JSONResponse(stored.response.to_json())
    _check_streams(stored)
    events = logged_events(services, stored, tenant, after=after)
    return event_stream(events, response_id, obfuscates=padded)


@router.post("/{response_id}/cancel", responses=answers(model=ResponseObject))
async def cancel_response(response_id: str, services: GivenServices, tenant: Tenant) -> JSONResponse:
    """Cancel a background response; one that has ended is returned as it is."""
    stored = await services.responses.load(response_id, tenant)
    if not stored.response.background:
        raise InvalidRequest("Cannot cancel a synchronous response.")
    if not stored.response.is_terminal:
        await services.jobs.cancel(response_id)
        stored = await services.responses.load(response_id, tenant)
    return JSONResponse(stored.response.to_json())


@router.delete("/{response_id}", responses=answers(shape="Deleted"))
async def delete_response(response_id: str, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Delete a response that has ended."""
    await services.responses.load(response_id, tenant)
    if not await services.responses.delete(response_id):
        raise InvalidRequest("Cannot delete an in-flight response.")
    return {"id": response_id, "object": "response", "deleted": True}


def _answer_again(services: Services, turn: Turn, earlier: StoredResponse) -> Response:
    """Return what the first request under an idempotency key was answered, as it stands now."""
    response = earlier.response
    if not turn.request.is_streamed:
        return JSONResponse(response.to_json())
    events = logged_events(services, earlier, turn.tenant) if response.background else retold_events(response)
    return event_stream(events, response.id, obfuscates=_obfuscates(turn.request))


async def _enqueue(services: Services, turn: Turn) -> Response:
    # Nobody waits for its start, where a past with a gap, or sealed with a retired key, would be found.
    await services.history.check_said(turn)
    await services.responses.enqueue(turn)
    if not turn.request.is_streamed:
        return JSONResponse(turn.head.to_json())
    stored = await services.responses.load(turn.id, turn.tenant)
    events = logged_events(services, stored, turn.tenant)
    return event_stream(events, turn.id, obfuscates=_obfuscates(turn.request))


def _obfuscates(wanted: CreateResponse) -> bool:
    options = wanted.stream_options
    return options is None or options.include_obfuscation is not False


def _check_streams(stored: StoredResponse) -> None:
    if not stored.response.background:
        raise InvalidRequest(
            "This response cannot be streamed because it was not created with background=true.",
            param="stream",
        )
    if not stored.streams:
        raise InvalidRequest(
            "This response cannot be streamed because it was not created with stream=true.", param="stream"
        )


def _flag(name: str, value: str | None, *, default: bool) -> bool:
    if value is None:
        return default
    if value.lower() not in ("true", "false"):
        raise InvalidRequest(
            f"Invalid type for '{name}': expected a boolean, but got a string instead.",
            param=name,
            code="invalid_type",
        )
    return value.lower() == "true"


def _sequence_number(value: str | None) -> int:
    if value is None:
        return -1
    if not value.removeprefix("-").isdigit() or not value.isascii():
        raise InvalidRequest(
            "Invalid type for 'starting_after': expected an integer, but got a string instead.",
            param="starting_after",
            code="invalid_type",
        )
    if value.startswith("-"):
        raise InvalidRequest(
            "Invalid 'starting_after': integer below minimum value. "
            f"Expected a value >= 0, but got {shown(value)} instead.",
            param="starting_after",
            code="integer_below_min_value",
        )
    return _LAST_NUMBER if len(value) > _LAST_NUMBER_DIGITS else int(value)
