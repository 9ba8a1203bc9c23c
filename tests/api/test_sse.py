"""A stream of events is kept alive in silence, and closed by whoever hangs up."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from api.sse import KEEP_ALIVE, event_stream, frame
from shared.wire.model import JsonObject

FIRST: JsonObject = {"type": "response.created", "sequence_number": 0}
LAST: JsonObject = {"type": "response.completed", "sequence_number": 1}


class Telling:
    """Events of a turn that thinks in between, until `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.is_closed = False

    async def events(self) -> AsyncGenerator[JsonObject, None]:
        try:
            yield FIRST
            await self.go_on.wait()
            yield LAST
        finally:
            self.is_closed = True


def frames(telling: Telling) -> AsyncGenerator[str, None]:
    body = event_stream(telling.events(), "resp_1", obfuscates=False, silent_seconds=0.01).body_iterator
    assert isinstance(body, AsyncGenerator)
    return body


async def test_silence_is_broken_by_comments_and_no_event_is_lost() -> None:
    telling = Telling()
    seen = []
    async for text in frames(telling):
        seen.append(text)
        if seen.count(KEEP_ALIVE) == 3:
            telling.go_on.set()
    assert [text for text in seen if text != KEEP_ALIVE] == [frame(FIRST), frame(LAST)]
    assert seen[1:4] == [KEEP_ALIVE] * 3
    assert telling.is_closed


async def test_whoever_hangs_up_in_silence_ends_the_turn() -> None:
    telling = Telling()
    async with aclosing(frames(telling)) as stream:
        assert [await anext(stream) for _ in range(2)] == [frame(FIRST), KEEP_ALIVE]
    assert telling.is_closed
