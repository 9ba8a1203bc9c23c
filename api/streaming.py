"""Streams of a response's events: a foreground turn as it runs, a background one from its log."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import structlog

from api.foreground import run_turn
from shared.composer import Composer
from shared.ending import end_task, to_its_end
from shared.errors import HithertoError, StoreUnreachable
from shared.failures import cancelled_turn, failed_turn
from shared.partial import Partial
from shared.services import Services
from shared.turns import StoredResponse, Turn, TurnResult
from shared.wire.events import closing_events
from shared.wire.model import JsonObject
from shared.wire.responses import Response

_log = structlog.get_logger()

# How often a watcher looks for itself, in case the news was lost.
_LOOK_SECONDS = 1.0


async def foreground_events(services: Services, turn: Turn) -> AsyncGenerator[JsonObject, None]:
    """Run the turn and yield its events; closing the generator ends the turn and its upstream call.

    Its client knows the response's id from the first event on: it can be read back, however it ended.
    """
    told = QueuedProgress()
    running = asyncio.create_task(_run(services, turn, told))
    try:
        while (event := await told.next()) is not None:
            yield event
        result = await running
        for event in result.closing:
            yield event
        first = told.partial.next_sequence + len(result.closing)
        for event in closing_events(result.response, first=first):
            yield event
    finally:
        await end_task(running)


async def logged_events(
    services: Services, stored: StoredResponse, tenant: str, *, after: int = -1
) -> AsyncGenerator[JsonObject, None]:
    """Yield the events of a background response from `after` on, then those that come, to its end."""
    response_id = stored.response.id
    async with services.signals.follow(response_id) as bell:
        while True:
            # The status is read before the events: once it is terminal, the log is complete.
            status = await services.responses.status(response_id, tenant)
            for event in await services.events.read(response_id, after=after):
                after = event["sequence_number"]
                yield event
            if status.ended:
                break
            await bell.wait(_LOOK_SECONDS)
    stored = await services.responses.load(response_id, tenant)
    for event in closing_events(stored.response, first=stored.event_count):
        if event["sequence_number"] > after:
            yield event


async def retold_events(response: Response) -> AsyncGenerator[JsonObject, None]:
    """Yield the events of a foreground response that has ended: its items whole, not word by word."""
    composer = Composer()
    for event in composer.begin(
        response.changed(status="in_progress", output=[], usage=None, completed_at=None)
    ):
        yield event
    for item in response.output:
        for event in composer.add_item(item):
            yield event
    for event in closing_events(response, first=composer.next_sequence):
        yield event


class QueuedProgress:
    """The port `Progress` for one watcher in this process."""

    def __init__(self) -> None:
        self.partial = Partial()
        self._events: asyncio.Queue[JsonObject | None] = asyncio.Queue()

    async def send(self, events: Sequence[JsonObject]) -> None:
        """Tell `events`, in order."""
        for event in events:
            self.partial.add(event)
            self._events.put_nowait(event)

    def end(self) -> None:
        """Say that no more will come."""
        self._events.put_nowait(None)

    async def next(self) -> JsonObject | None:
        """Return the next event, or None at the end."""
        return await self._events.get()


async def _run(services: Services, turn: Turn, told: QueuedProgress) -> TurnResult:
    try:
        return await run_turn(services, turn, told)
    except asyncio.CancelledError:
        if told.partial.begun:
            # Redis may take a while, and its client has the id: no second cancellation must break this off.
            await to_its_end(_store(services, turn, cancelled_turn(turn, told.partial.items)))
        raise
    except Exception as error:
        # The stream has begun: what went wrong is told in it.
        if not isinstance(error, HithertoError):
            _log.exception("request_failed", response_id=turn.id)
        result = failed_turn(turn, error)
        await _store(services, turn, result)
        return result
    finally:
        told.end()


async def _store(services: Services, turn: Turn, result: TurnResult) -> None:
    """Store what came to nothing, if it is to be stored: that it cannot be is not what the client must hear."""
    if not turn.request.is_stored:
        return
    try:
        await services.responses.save(turn, result)
    except StoreUnreachable as error:
        _log.warning("response_not_stored", response_id=turn.id, error=error.reason)
