"""Foreground turns: they run in the API process, and end when their client hangs up."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from starlette.requests import Request

from api.conversing import check_held
from api.presence import while_there
from shared.ending import end_task
from shared.errors import StoreUnreachable, UpstreamError
from shared.ports import Progress
from shared.services import Services
from shared.turns import Parked, Turn, TurnResult
from shared.wire.model import JsonObject


class UntoldProgress:
    """The port `Progress` for a client that wants the answer whole."""

    async def send(self, _events: Sequence[JsonObject], /) -> None:
        """Tell nobody."""


async def run_to_the_end(services: Services, turn: Turn, request: Request) -> TurnResult:
    """Run the turn, store it if it is to be stored, and return what it came to.

    A client that hangs up ends the turn and its upstream call. Raises RequestError and UpstreamError.
    """
    return await while_there(request, run_turn(services, turn, UntoldProgress()))


async def run_turn(services: Services, turn: Turn, progress: Progress) -> TurnResult:
    """Run the turn, store it if it is to be stored, and return what it came to."""
    outcome = await _in_time(services, turn, progress)
    if isinstance(outcome, Parked):
        raise TypeError("Only background turns are parked.")
    if turn.request.is_stored:
        await check_held(services, turn)
        await services.responses.save(turn, outcome)
        # The answer is there: what would only have made the next one quicker must not spoil it.
        with suppress(StoreUnreachable):
            await services.window_compactor.compact_ahead(turn, outcome)
    return outcome


async def _in_time(services: Services, turn: Turn, progress: Progress) -> TurnResult | Parked:
    # Not asyncio.timeout: it cancels once, and a cancellation can be swallowed on its way.
    running = asyncio.create_task(services.turns.run(turn, progress))
    try:
        await asyncio.wait({running}, timeout=services.settings.foreground_deadline_seconds)
        if not running.done():
            raise UpstreamError("The response did not finish before its deadline.")
        return running.result()
    finally:
        await end_task(running)
