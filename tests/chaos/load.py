"""The load of a chaos run: clients that submit, poll, follow, cancel and go on, whatever happens meanwhile."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from openai import APIConnectionError, APIError, AsyncOpenAI
from openai.types.responses import Response

from shared.wire.model import JsonObject
from tests.chaos.doors import Doors
from tests.chaos.orders import Order, Session
from tests.fixtures.polling import RUNNING

THRESHOLD_TOKENS = 1_000
TERMINAL_EVENTS = ("response.completed", "response.incomplete", "response.failed")
_POLLS_SECONDS = 0.3


@dataclass(slots=True)
class Story:
    """What clients saw of one order."""

    order: Order
    previous: "Story | None" = None
    conversation: str | None = None
    id: str = ""
    # As its poller saw it, who asks again only when it has an answer: each status that is a new one.
    polled: list[str] = field(default_factory=list)
    # Each end that anybody was told.
    ends: set[str] = field(default_factory=set)
    ended: JsonObject | None = None
    followed: list[list[JsonObject]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def saw(self, response: Response) -> None:
        """Note what an answer says."""
        self.is_called(response.id)
        if response.status in RUNNING:
            return
        self.ends.add(str(response.status))
        if self.ended is None:
            self.ended = response.to_dict()

    def is_called(self, response_id: str) -> None:
        """Note its id, which never changes: its key leads to one response, however often it is asked for."""
        self.id = self.id or response_id
        if response_id != self.id:
            self.broken.append(f"its key led to {self.id}, and to {response_id}")

    @property
    def status(self) -> str:
        """How it ended, or "" when nobody saw it end."""
        return str(self.ended["status"]) if self.ended else ""

    @property
    def answers(self) -> list[str]:
        """What the messages of its output say, and the type of whatever else is no compaction."""
        items = [item for item in (self.ended or {}).get("output", []) if item["type"] != "compaction"]
        return ["".join(part["text"] for part in item.get("content", [])) or item["type"] for item in items]


class Load:
    """Runs the sessions of a run. Stories are complete when `run` returns."""

    def __init__(self, doors: Doors, sessions: Sequence[Session]) -> None:
        self._doors = doors
        self._sessions = sessions
        self.stories: list[Story] = []

    async def open_conversations(self) -> list[str | None]:
        """Return the id of a new conversation for each session that wants one."""
        return [
            (await self._doors.any().conversations.create()).id if session.kind == "conversation" else None
            for session in self._sessions
        ]

    async def run(self, conversations: Sequence[str | None]) -> None:
        """Let each session begin at its time, and wait until all are over."""
        started = time.monotonic()
        async with asyncio.TaskGroup() as clients:
            for session, conversation in zip(self._sessions, conversations, strict=True):
                await asyncio.sleep(started + session.at_seconds - time.monotonic())
                clients.create_task(self._converse(session, conversation))

    async def _converse(self, session: Session, conversation: str | None) -> None:
        previous: Story | None = None
        for order in session.orders:
            story = Story(order, previous=previous, conversation=conversation)
            self.stories.append(story)
            try:
                await _Client(self._doors, story).see_through()
            except ExceptionGroup as errors:
                story.broken += [f"a client was told: {error!r}" for error in errors.exceptions]
                return
            if story.status == "completed":
                previous = story


class _Client:
    """Sees one order through: submits it, follows it if it is streamed, polls it to its end."""

    def __init__(self, doors: Doors, story: Story) -> None:
        self._doors = doors
        self._story = story
        self._chance = random.Random(f"client {story.order.marker}")
        self._accepted = asyncio.Event()

    async def see_through(self) -> None:
        """Return when all have seen the order's end. Raises an ExceptionGroup of what they were told instead."""
        order = self._story.order
        async with asyncio.TaskGroup() as tasks:
            for _ in range(1 + order.repeated):
                tasks.create_task(self._follow(creates=True) if order.streamed else self._submit())
            await self._accepted.wait()
            tasks.create_task(self._poll())
            if order.watched:
                tasks.create_task(self._follow())
            if order.cancelled_after_seconds is not None:
                tasks.create_task(self._cancel(order.cancelled_after_seconds))

    async def _submit(self) -> None:
        self._story.saw(await self._doors.ask(self._create))
        self._accepted.set()

    async def _create(self, door: AsyncOpenAI) -> Response:
        created: Response = await door.responses.create(**self._fields())
        return created

    def _fields(self) -> dict[str, Any]:
        story = self._story
        fields: dict[str, Any] = {
            "model": "model",
            "input": story.order.input,
            "background": True,
            "context_management": [{"type": "compaction", "compact_threshold": THRESHOLD_TOKENS}],
            "extra_headers": {"Idempotency-Key": story.order.key},
        }
        if story.conversation is not None:
            fields["conversation"] = story.conversation
        elif story.previous is not None:
            fields["previous_response_id"] = story.previous.id
        return fields

    async def _poll(self) -> None:
        while self._story.ended is None:
            await asyncio.sleep(_POLLS_SECONDS)
            response = await self._doors.ask(lambda door: door.responses.retrieve(self._story.id))
            self._story.saw(response)
            if self._story.polled[-1:] != [response.status]:
                self._story.polled.append(str(response.status))

    async def _cancel(self, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        self._story.saw(await self._doors.ask(lambda door: door.responses.cancel(self._story.id)))

    async def _follow(self, *, creates: bool = False) -> None:
        """Read the stream to its end, hanging up now and then, and coming back through another door."""
        events: list[JsonObject] = []
        self._story.followed.append(events)
        while not events or events[-1]["type"] not in TERMINAL_EVENTS:
            await self._read(await self._doors.ask(partial(self._open, events, creates=creates)), events)

    async def _open(self, events: Sequence[JsonObject], door: AsyncOpenAI, *, creates: bool) -> Any:
        if not events:
            if creates:
                return await door.responses.create(**self._fields(), stream=True)
            return await door.responses.retrieve(self._story.id, stream=True)
        last = events[-1]["sequence_number"]
        return await door.responses.retrieve(self._story.id, stream=True, starting_after=last)

    async def _read(self, stream: Any, events: list[JsonObject]) -> None:
        left = self._chance.randint(1, 40)
        after = events[-1]["sequence_number"] if events else -1
        async with stream, aclosing(told(stream, after=after)) as following:
            with suppress(APIConnectionError):
                async for event in following:
                    events.append(event)
                    if len(events) == 1:
                        self._story.is_called(event["response"]["id"])
                        self._accepted.set()
                    left -= 1
                    if left == 0:
                        return


async def told(stream: Any, *, after: int = -1) -> AsyncGenerator[JsonObject, None]:
    """Yield the events of a stream that begins after that number, also the one that the SDK raises instead."""
    raised: JsonObject | None = None
    try:
        async for event in stream:
            document = event.to_dict()
            after = document["sequence_number"]
            yield document
    except APIConnectionError:
        raise
    except APIError as error:
        # It stands for a failed response's `error` event, after which there is only the terminal one.
        raised = {"type": "error", "sequence_number": after + 1, "error": error.body}
    # Not while it is handled: whoever stopped here would leave a cycle with the SDK's open generators in it.
    if raised is not None:
        yield raised
