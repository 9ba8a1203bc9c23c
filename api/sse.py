"""Server-sent events as OpenAI frames them, padded against guessing text by its length, kept alive in silence."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from fastapi.responses import StreamingResponse

from shared.ending import end_task
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
) -> StreamingResponse:
    """Return the answer that sends `events` as they come, and a comment after each `silent_seconds` without.

    A client that hangs up closes the generator.
    """
    frames = _kept_alive(_framed(events, response_id, obfuscates=obfuscates), silent_seconds)
    return StreamingResponse(frames, media_type="text/event-stream", headers=_HEADERS)


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


async def _kept_alive(frames: AsyncGenerator[str, None], silent_seconds: float) -> AsyncIterator[str]:
    """Yield the frames, and a comment whenever none came for a while: proxies close silent connections."""
    coming = asyncio.ensure_future(anext(frames, None))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=silent_seconds)
            if not done:
                yield KEEP_ALIVE
                continue
            text = coming.result()
            if text is None:
                return
            yield text
            coming = asyncio.ensure_future(anext(frames, None))
    finally:
        # In a task of its own: when a client hangs up, whatever this one waits for is cancelled at once.
        await asyncio.shield(asyncio.ensure_future(_close(frames, coming)))


async def _close(frames: AsyncGenerator[str, None], coming: asyncio.Task[str | None]) -> None:
    await end_task(coming)
    await frames.aclose()
