"""Server-sent events as OpenAI frames them, padded against guessing text by its length, kept alive in silence."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Self

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.ending import end_task, to_its_end
from shared.wire.model import JsonObject

KEEP_ALIVE = ": keep-alive\n\n"
KEEP_ALIVE_SECONDS = 10.0

_HEADERS = {"cache-control": "no-cache", "connection": "keep-alive", "x-accel-buffering": "no"}
_PADDED_TO = 16


def event_stream(
    events: AsyncGenerator[JsonObject, None],
    response_id: str,
    *,
    obfuscates: bool,
    silent_seconds: float = KEEP_ALIVE_SECONDS,
    context: AsyncExitStack | None = None,
) -> StreamingResponse:
    """Return the answer that sends `events` as they come, and a comment after each `silent_seconds` without.

    At its end, and when its client hangs up, be it before the first event, the generator is closed, and then
    `context`.
    """
    frames = _framed(events, response_id, obfuscates=obfuscates)
    return _EventStream(_KeptAlive(frames, silent_seconds), context or AsyncExitStack())


def frame(event: JsonObject) -> str:
    """Return one event as it stands on the wire."""
    return f"event: {event['type']}\ndata: {json.dumps(event, separators=(',', ':'), ensure_ascii=False)}\n\n"


def obfuscated(event: JsonObject, response_id: str) -> JsonObject:
    """Return a delta with padding that hides the length of its text; other events as they are.

    The padding is made from the response's id and the event's number: a replay is the same bytes.
    """
    delta = event.get("delta")
    if not isinstance(delta, str) or not event["type"].endswith(".delta"):
        return event
    digest = hashlib.sha256(f"{response_id}:{event['sequence_number']}".encode()).hexdigest()
    return event | {"obfuscation": digest[: _PADDED_TO - len(delta) % _PADDED_TO]}


async def _framed(
    events: AsyncGenerator[JsonObject, None], response_id: str, *, obfuscates: bool
) -> AsyncGenerator[str, None]:
    async with aclosing(events):
        async for event in events:
            yield frame(obfuscated(event, response_id) if obfuscates else event)


class _EventStream(StreamingResponse):
    """Sends what is kept alive, and closes it however that ends."""

    def __init__(self, frames: "_KeptAlive", context: AsyncExitStack) -> None:
        super().__init__(frames, media_type="text/event-stream", headers=_HEADERS)
        self._frames = frames
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Closed here and not by the body's iterator: that is never begun where the client left before.
        try:
            await super().__call__(scope, receive, send)
        finally:
            await to_its_end(self._close())

    async def _close(self) -> None:
        async with self._context:
            await self._frames.aclose()


class _KeptAlive:
    """The frames, and a comment whenever none came for a while: proxies close silent connections."""

    def __init__(self, frames: AsyncGenerator[str, None], silent_seconds: float) -> None:
        self._frames = frames
        self._silent_seconds = silent_seconds
        self._coming: asyncio.Task[str | None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        if self._coming is None:
            self._coming = asyncio.ensure_future(anext(self._frames, None))
        done, _ = await asyncio.wait({self._coming}, timeout=self._silent_seconds)
        if not done:
            return KEEP_ALIVE
        text, self._coming = self._coming.result(), None
        if text is None:
            raise StopAsyncIteration
        return text

    async def aclose(self) -> None:
        """End what is still to come, and close the frames."""
        if self._coming is not None:
            await end_task(self._coming)
        await self._frames.aclose()
