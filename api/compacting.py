"""Compacting on request: the window becomes its user messages and one item."""

import asyncio
import time
from collections.abc import Sequence

from api.asking import asked_turn
from api.validation.contradictions import nothing_given
from shared.compactions import CompactionResult
from shared.errors import ContextOverflow, Unavailable
from shared.sealing import seal_payload
from shared.services import Services
from shared.turns import Turn, TurnResult
from shared.window.calibration import Correction
from shared.window.entry import Entry, total_tokens
from shared.window.payload import SizedItem
from shared.window.sizing import size_of_items
from shared.wire.items import Compaction
from shared.wire.model import JsonObject
from shared.wire.requests import CompactRequest
from shared.wire.responses import Usage


async def compact_now(services: Services, wanted: CompactRequest, *, tenant: str) -> JsonObject:
    """Return the CompactedResponse, once the job is done; it can be continued by its id.

    Raises InvalidRequest for the past that cannot be found or opened, and where what has to stay word for word
    is more than the model's window holds, or there is nothing to compact; UpstreamError for a model that no
    upstream has; Unavailable when the job failed, or takes longer than `compaction_wait_seconds`.
    """
    if wanted.model is not None:
        services.routes.for_model(wanted.model)
    turn = await asked_turn(services, wanted, tenant=tenant)
    window = await services.history.resolve(turn)
    if not window.entries:
        raise nothing_given()
    output, usage = await _compacted(services, turn, window.entries)
    document = await _publish(services, turn, output, usage)
    # Images stay as they came.
    told = {"image": {"context_compression": "disabled"}} if wanted.image is not None else {}
    return document | told


async def _compacted(
    services: Services, turn: Turn, window: Sequence[Entry]
) -> tuple[list[SizedItem], Usage]:
    if await services.window_compactor.is_compacted(turn, window):
        size = total_tokens(window)
        return [entry.sized for entry in window], Usage.of(size, size)
    state = await services.window_compactor.compact_on_request(turn, window)
    if state is not None and not state.ended:
        raise Unavailable(
            "The compaction is still being made. Ask again: the same request goes on waiting for it.",
            code="server_is_overloaded",
            retry_after_seconds=5,
        )
    if state is None or state.result is None:
        raise Unavailable("The compaction could not be made.", code="server_error", retry_after_seconds=5)
    result = state.result
    correction = await services.calibration.correction(turn.request.model)
    _check_fits(services, turn, result, correction)
    payload = result.payload.extended([])
    sealed = await asyncio.to_thread(seal_payload, services.sealer, payload, tenant=turn.tenant)
    item = Compaction(id=payload.id, encrypted_content=sealed)
    return [*result.beside, SizedItem(item=item, tokens=0)], result.usage_of_pass


def _check_fits(services: Services, turn: Turn, result: CompactionResult, correction: Correction) -> None:
    window = services.window_compactor.jobs.context_window_tokens(turn.request.model)
    left = size_of_items([*result.payload.given_to(None), *result.beside])
    # As for a turn: the provider refuses what is too much, too.
    if window is not None and correction.least(left) > window:
        raise ContextOverflow


async def _publish(services: Services, turn: Turn, output: list[SizedItem], usage: Usage) -> JsonObject:
    # Continuing by id starts from what the client was given; the response itself has said nothing.
    response = turn.head.changed(
        status="completed", completed_at=int(time.time()), usage=usage, service_tier="default"
    )
    await services.responses.save(turn, TurnResult(response=response, base=output, path=[turn.id]))
    return {
        "id": turn.id,
        "object": "response.compaction",
        "created_at": turn.head.created_at,
        "output": [entry.item.to_json() for entry in output],
        "usage": usage.to_json(),
    }
