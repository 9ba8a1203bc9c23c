"""Long sessions over the whole server: how often they are compacted, how large their windows get, what summaries read."""

import asyncio
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from api.embedded import EmbeddedServer
from shared.wire.model import JsonObject
from tests.benchmarks.counting import COUNTER
from tests.benchmarks.speed.figures import Figure
from tests.fixtures.house import House
from tests.scripted_replies import SUMMARY, asks_for_a_summary
from tests.scripted_upstream import Json, Reply, ScriptedUpstream
from tests.sessions import Way

TURNS, THRESHOLD = 500, 20_000
_WORDS = "Please look at this shard of the index once more and say what stands out there. "
_ANSWER = "Nothing stands out here, and the figures look as they did last week. "
_TIMEOUT_SECONDS = 60.0


@dataclass(slots=True)
class _Session:
    """What the model and the summariser of one session were given, in tokens."""

    turn: int = 0
    windows: list[int] = field(default_factory=list)
    # By the turn after which it was asked for.
    summaries: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def compactions(self) -> int:
        return len(self.summaries)

    def read_between(self, first: int, last: int) -> float:
        """Return what summaries read for these turns: each is for all turns since the one before."""
        rates: list[float] = []
        for turn, tokens in sorted(self.summaries.items()):
            rates += [tokens / max(turn - len(rates), 1)] * (turn - len(rates))
        rates += rates[-1:] * (TURNS - len(rates))
        return sum(rates[first:last])


def figures_of_lasting() -> Iterator[Figure]:
    """Yield what sessions of 500 turns come to, for each way to carry the history."""
    sessions = {way: _Session() for way in Way}

    def reply(body: Json) -> Reply:
        session = sessions[Way(body["model"])]
        size = sum(COUNTER.count(str(message["content"])) for message in body["messages"])
        if asks_for_a_summary(body):
            session.summaries[session.turn] += size
            return Reply(chunks=(SUMMARY,))
        session.windows.append(size)
        return Reply(chunks=(_ANSWER * 8,))

    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedServer(Path(directory) / "redis") as server,
        ScriptedUpstream(reply) as provider,
    ):
        house = House(server.url, Path(directory), {"UPSTREAM_BASE_URL": provider.base_url})
        try:
            address = house.start_api()
            house.start_worker()
            asyncio.run(_talk(address, sessions, provider))
        finally:
            house.end()
    for way, session in sessions.items():
        name = f"{way}, {TURNS} turns"
        growth = session.read_between(400, 500) / session.read_between(100, 200)
        yield Figure(f"{name}: compactions", session.compactions, "", TURNS / 10)
        yield Figure(f"{name}: largest window", max(session.windows), "tokens", THRESHOLD)
        yield Figure(f"{name}: read for summaries, turns 400 to 500 to 100 to 200", growth, "times", 1.2)


async def _talk(address: str, sessions: dict[Way, _Session], provider: ScriptedUpstream) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=_TIMEOUT_SECONDS) as http:
        await asyncio.gather(*(_carry(http, way, session, provider) for way, session in sessions.items()))


async def _carry(http: httpx.AsyncClient, way: Way, session: _Session, provider: ScriptedUpstream) -> None:
    chance = random.Random(way)
    fields: JsonObject = {
        "model": str(way),
        "context_management": [{"type": "compaction", "compact_threshold": THRESHOLD}],
    }
    if way is Way.CONVERSATION:
        fields["conversation"] = (await _post(http, "/conversations", {}))["id"]
    said: list[Any] = []
    for turn in range(TURNS):
        session.turn = turn + 1
        newest = {"type": "message", "role": "user", "content": f"{turn}: " + _WORDS * chance.randint(5, 60)}
        said = [*said, newest] if way is Way.ARRAY else [newest]
        response = await _post(http, "/responses", fields | {"input": said})
        provider.requests.clear()
        said += response["output"]
        compacted = [index for index, item in enumerate(said) if item["type"] == "compaction"]
        said = said[compacted[-1] :] if compacted else said
        if way is Way.CHAIN:
            fields["previous_response_id"] = response["id"]


async def _post(http: httpx.AsyncClient, path: str, body: JsonObject) -> JsonObject:
    answer: JsonObject = (await http.post(path, json=body)).raise_for_status().json()
    return answer
