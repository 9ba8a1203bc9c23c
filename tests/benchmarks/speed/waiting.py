"""What the user waits for at a compaction: the first word of a turn that crosses the threshold, beside one that does not.

Real API and worker processes, the official SDK streaming, and a provider whose first word and whose summaries take
their time. The pauses are scaled with the summariser: turns start half as much again as it takes apart.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

from api.embedded import EmbeddedServer
from shared.wire.model import JsonObject
from tests.benchmarks.speed.figures import Figure, quantile
from tests.fixtures.house import House
from tests.scripted_replies import SUMMARY, asks_for_a_summary
from tests.scripted_upstream import Json, Reply, ScriptedUpstream
from tests.sessions import Way

# The full form is CONVERSATIONS=100 for each way, with a summariser that takes 2 s and turns 3 s apart.
CONVERSATIONS = int(os.environ.get("CONVERSATIONS", "12"))
_IS_FULL = CONVERSATIONS >= 100
SUMMARY_SECONDS = 2.0 if _IS_FULL else 1.0
APART_SECONDS = SUMMARY_SECONDS * 1.5
FIRST_WORD_SECONDS = 0.3
THRESHOLD = 6_000
# More would measure the machine rather than the server.
_SIDE_BY_SIDE = 18
# A turn is late that has its first word more than a tenth later than others have it.
LATE, MOST_LATE = 1.1, 5.0

_WORDS = "Please look at this shard of the index once more and say what stands out there. "
_MOST_TURNS = 30


@dataclass(frozen=True, slots=True)
class Waited:
    """How long a turn's first word took, and whether the turn crossed the threshold."""

    way: Way
    seconds: float
    crosses: bool


def figures_of_waiting() -> Iterator[Figure]:
    """Yield how long the first word takes, compacted ahead and inline, for each way to carry the history."""
    for name, ratio in (("ahead", "0.8"), ("inline", "0")):
        with _running(ratio) as address:
            waited = asyncio.run(_talk(address))
        for way in Way:
            yield from _figures(
                f"{way}, {name}", [each for each in waited if each.way is way], ahead=ratio != "0"
            )


def _figures(name: str, waited: Sequence[Waited], *, ahead: bool) -> Iterator[Figure]:
    ordinary = [each.seconds for each in waited if not each.crosses]
    crossing = [each.seconds for each in waited if each.crosses]
    usual = quantile(ordinary, 0.5)
    yield Figure(f"{name}: first word, p50", usual * 1000, "ms")
    yield Figure(f"{name}: first word, p95", quantile(ordinary, 0.95) * 1000, "ms")
    yield Figure(
        f"{name}: first word of {len(crossing)} crossing turns, p50", quantile(crossing, 0.5) * 1000, "ms"
    )
    yield Figure(f"{name}: first word of crossing turns, p95", quantile(crossing, 0.95) * 1000, "ms")
    yield Figure(f"{name}: crossing to other turns, p50", quantile(crossing, 0.5) / usual, "times")
    others = 100 * sum(seconds > LATE * usual for seconds in ordinary) / len(ordinary)
    late = 100 * sum(seconds > LATE * usual for seconds in crossing) / len(crossing)
    yield Figure(f"{name}: late turns, others", others, "%")
    # What is late without any compaction is the machine's doing.
    yield Figure(f"{name}: late turns, crossing", late, "%", max(MOST_LATE, others) if ahead else None)


def _answer(body: Json) -> Reply:
    if asks_for_a_summary(body):
        return Reply(chunks=(SUMMARY,), delay_seconds=SUMMARY_SECONDS)
    return Reply(chunks=("Nothing stands out here. " * 20,), delay_seconds=FIRST_WORD_SECONDS)


@contextmanager
def _running(ratio: str) -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedServer(Path(directory) / "redis") as server,
        ScriptedUpstream(_answer) as provider,
    ):
        settings = {
            "UPSTREAM_BASE_URL": provider.base_url,
            "COMPACT_AHEAD_RATIO": ratio,
            "LEASE_SECONDS": "30",
        }
        house = House(server.url, Path(directory), settings)
        try:
            address = house.start_api()
            house.start_worker("generation,housekeeping")
            house.start_worker("compaction", concurrency=64)
            yield address
        finally:
            house.end()


async def _talk(address: str) -> list[Waited]:
    async with AsyncOpenAI(base_url=address, api_key="bench", max_retries=0, timeout=120) as client:
        await _Talker(client, Way.ARRAY, random.Random(0)).turn("Connections are opened, and code is loaded.")
        talkers = [
            _Talker(client, way, random.Random(f"{way} {number}"))
            for number in range(CONVERSATIONS)
            for way in Way
        ]
        gate = asyncio.Semaphore(_SIDE_BY_SIDE)
        found = await asyncio.gather(*(talker.talk(gate) for talker in talkers))
    return [each for waited in found for each in waited]


class _Talker:
    """One conversation, until one turn after that which crosses the threshold."""

    def __init__(self, client: AsyncOpenAI, way: Way, chance: random.Random) -> None:
        self._client = client
        self._way = way
        self._chance = chance
        self._said: list[JsonObject] = []
        self._last: str | None = None
        self._conversation: str | None = None

    async def talk(self, gate: asyncio.Semaphore) -> list[Waited]:
        """Talk as soon as the gate lets it, and return how long each turn but the first waited."""
        async with gate:
            return await self._talk()

    async def _talk(self) -> list[Waited]:
        if self._way is Way.CONVERSATION:
            self._conversation = (await self._client.conversations.create()).id
        await asyncio.sleep(self._chance.uniform(0, 2 * APART_SECONDS))
        # A good half of the threshold at first, then turns of 1 to 10 % of it.
        waited = [await self.turn(_WORDS * 200)]
        for _ in range(_MOST_TURNS):
            began = time.monotonic()
            waited.append(await self.turn(_WORDS * self._chance.randint(5, 35)))
            if waited[-2].crosses:
                return waited[1:]
            await asyncio.sleep(began + APART_SECONDS - time.monotonic())
        raise RuntimeError("the threshold was not crossed")

    async def turn(self, text: str) -> Waited:
        said = {"type": "message", "role": "user", "content": text}
        self._said.append(said)
        fields: dict[str, Any] = {"input": [said]}
        match self._way:
            case Way.CHAIN:
                fields["previous_response_id"] = self._last
            case Way.CONVERSATION:
                fields["conversation"] = self._conversation
            case Way.ARRAY:
                fields["input"] = self._said
        began, seconds, output = time.monotonic(), None, []
        async for event in await self._client.responses.create(
            model="scripted",
            stream=True,
            context_management=[{"type": "compaction", "compact_threshold": THRESHOLD}],
            **{name: value for name, value in fields.items() if value is not None},
        ):
            if event.type == "response.output_text.delta" and seconds is None:
                seconds = time.monotonic() - began
            if event.type == "response.completed":
                self._last = event.response.id
                output = [item.to_dict() for item in event.response.output]
        if seconds is None:
            raise RuntimeError("a turn said nothing")
        crosses = any(item["type"] == "compaction" for item in output)
        self._said = output if crosses else [*self._said, *output]
        return Waited(self._way, seconds, crosses)
