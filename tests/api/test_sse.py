"""A stream of events is kept alive in silence, and closed by whoever hangs up."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

from starlette.types import Message

from api.sse import KEEP_ALIVE, event_stream, frame
from shared.wire.model import JsonObject

FIRST: JsonObject = {"type": "response.created", "sequence_number": 0}
LAST: JsonObject = {"type": "response.completed", "sequence_number": 1}


class Telling:
    """Events of a turn that thinks in between, until `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.ended: list[str] = []

    def let_go(self) -> None:
        self.ended.append("let go")

    async def events(self) -> AsyncGenerator[JsonObject, None]:
        try:
            yield FIRST
            await self.go_on.wait()
            yield LAST
        finally:
            self.ended.append("closed")


async def answered(telling: Telling, seen: list[str], *, hangs_up_after: int | None = None) -> None:
    """Send the stream to a client that hangs up after so many chunks, and hold what it saw in `seen`."""
    hung_up = asyncio.Event()

    async def receive() -> Message:
        if hangs_up_after != 0:
            await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            seen.append(message["body"].decode())
            if seen.count(KEEP_ALIVE) == 3:
                telling.go_on.set()
        if len(seen) == hangs_up_after:
            hung_up.set()
            await asyncio.Event().wait()

    context = AsyncExitStack()
    context.callback(telling.let_go)
    events = telling.events()
    stream = event_stream(events, "resp_1", obfuscates=False, silent_seconds=0.01, context=context)
    await stream({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)


async def test_silence_is_broken_by_comments_and_no_event_is_lost() -> None:
    telling, seen = Telling(), list[str]()
    await answered(telling, seen)
    assert [text for text in seen if text != KEEP_ALIVE] == [frame(FIRST), frame(LAST)]
    assert seen[1:4] == [KEEP_ALIVE] * 3
    assert telling.ended == ["closed", "let go"]


async def test_whoever_hangs_up_in_silence_ends_the_turn() -> None:
    telling, seen = Telling(), list[str]()
    await answered(telling, seen, hangs_up_after=2)
    assert seen == [frame(FIRST), KEEP_ALIVE]
    assert telling.ended == ["closed", "let go"]


async def test_of_whoever_hung_up_before_the_stream_nothing_is_held() -> None:
    """As a conversation, which would be kept by a turn that never ran."""
    telling, seen = Telling(), list[str]()
    await answered(telling, seen, hangs_up_after=0)
    assert (seen, telling.ended) == ([], ["let go"])
