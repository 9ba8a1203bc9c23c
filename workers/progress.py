"""Progress of a background turn: its events go to the log in small batches, whoever watches."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from shared.ending import end_task
from shared.lifecycle import Lease
from shared.ports import EventLog
from shared.wire.model import JsonObject


class LoggedProgress:
    """The port `Progress` on the event log: events wait at most `interval_seconds` for others to come along."""

    def __init__(self, log: EventLog, lease: Lease, *, interval_seconds: float) -> None:
        self._log = log
        self._lease = lease
        self._interval_seconds = interval_seconds
        self._waiting: list[JsonObject] = []
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self._flushing: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Begin to write events."""
        self._flushing = asyncio.create_task(self._flush_now_and_then())
        # What it raises, the next word hears of; where none comes the turn was broken off, and knows why.
        self._flushing.add_done_callback(_heard)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Write what is left, unless the turn was broken off."""
        # Asked to end, not cancelled: a write that is under way is not to be broken off.
        self._closing.set()
        self._news.set()
        if self._flushing is not None:
            await asyncio.wait({self._flushing})
            await end_task(self._flushing)
        if kind is None:
            await self.flush()

    async def send(self, events: Sequence[JsonObject]) -> None:
        """Tell `events`, in order. Raises LeaseLost when an earlier batch was refused."""
        if self._flushing is not None and self._flushing.done():
            self._flushing.result()
        self._waiting.extend(events)
        if events:
            self._news.set()

    async def flush(self) -> None:
        """Write all that was told. Raises LeaseLost."""
        async with self._turn:
            batch = list(self._waiting)
            if batch:
                await self._log.append(self._lease, batch[0]["sequence_number"], batch)
                # Only now: what a broken-off write did not tell is told again, and the log takes it once.
                del self._waiting[: len(batch)]

    async def _flush_now_and_then(self) -> None:
        while not self._closing.is_set():
            await self._news.wait()
            self._news.clear()
            await self.flush()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), self._interval_seconds)


def _heard(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()
