"""The speed of the server: real API and worker processes over an embedded server, and a provider that answers at once."""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import redis

from api.embedded import EmbeddedServer
from shared.wire.items import Message
from shared.wire.model import JsonObject
from tests.benchmarks.quality.bank_one import BANK_ONE
from tests.benchmarks.quality.chats import chat
from tests.benchmarks.quality.workdays import WORKDAYS
from tests.benchmarks.speed.figures import Figure, quantile
from tests.fixtures.house import House
from tests.scripted_upstream import Reply, ScriptedUpstream

_ONE_BY_ONE, _TOGETHER, _SIDE_BY_SIDE = 60, 400, 32
_IDLE_SECONDS = 3.0
_SESSION_TOKENS, _THRESHOLD_TOKENS, _TARGET_TOKENS = 20_000, 8_000, 2_000
_POLL_SECONDS = 0.005
_TIMEOUT_SECONDS = 30.0
_ENDED = frozenset({"completed", "failed", "incomplete", "cancelled"})
_WORDS = "Please look at this shard of the index once more and say what stands out. " * 8


def figures_of_serving() -> list[Figure]:
    """Return latencies, throughput, and what a turn costs the store."""
    with _running() as (address, store, pids):
        return asyncio.run(_measured(address, store, pids))


@contextmanager
def _running() -> Iterator[tuple[str, redis.Redis, list[int]]]:
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedServer(Path(directory) / "redis") as server,
        ScriptedUpstream(lambda _body: Reply("Fine.")) as provider,
        redis.Redis.from_url(server.url, decode_responses=True) as store,
    ):
        settings = {"UPSTREAM_BASE_URL": provider.base_url, "SUMMARIZER": "ledger", "LEASE_SECONDS": "30"}
        house = House(server.url, Path(directory), settings)
        try:
            address = house.start_api()
            house.start_worker()
            yield address, store, [process.child.pid for process in house.processes]
        finally:
            house.end()


async def _measured(address: str, store: redis.Redis, pids: list[int]) -> list[Figure]:
    limits = httpx.Limits(max_connections=_SIDE_BY_SIDE)
    async with httpx.AsyncClient(base_url=address, timeout=_TIMEOUT_SECONDS, limits=limits) as http:
        server = _Server(http, store, [psutil.Process(pid) for pid in pids])
        await server.turn("Connections are opened, and code is loaded.")
        return [
            *[figure async for figure in _latencies(server)],
            *[figure async for figure in _costs(server)],
            *[figure async for figure in _throughput(server)],
            *[figure async for figure in _compaction(server)],
        ]


@dataclass(frozen=True, slots=True)
class _Server:
    """The server's two sides: the API, and the store behind it."""

    http: httpx.AsyncClient
    store: redis.Redis
    processes: list[psutil.Process]

    async def post(self, said: object, **fields: object) -> JsonObject:
        answer = await self.http.post("/responses", json={"model": "scripted", "input": said, **fields})
        body: JsonObject = answer.raise_for_status().json()
        return body

    async def submit(self) -> str:
        return str((await self.post(_WORDS, background=True))["id"])

    async def poll(self, response_id: str) -> str:
        return str((await self.http.get(f"/responses/{response_id}")).raise_for_status().json()["status"])

    async def turn(self, said: object = _WORDS, **fields: object) -> None:
        """Submit a background turn and poll it to its end."""
        response_id = str((await self.post(said, background=True, **fields))["id"])
        # A client of the API has nothing else to wait for.
        while (status := await self.poll(response_id)) not in _ENDED:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        if status != "completed":
            raise RuntimeError(f"a turn ended as {status}")

    def commands(self) -> int:
        """Return how many commands the store has run, those inside scripts included."""
        return sum(int(stat["calls"]) for stat in self.store.info("commandstats").values())

    def cpu_seconds(self) -> dict[str, float]:
        """Return how long API, worker and store have computed."""
        times = [sum(process.cpu_times()[:2]) for process in self.processes]
        spent = self.store.info("cpu")
        return {
            "API": times[0],
            "worker": times[1],
            "store": float(spent["used_cpu_sys"]) + float(spent["used_cpu_user"]),
        }

    def used_bytes(self) -> int:
        return int(self.store.info("memory")["used_memory"])


async def _latencies(server: _Server) -> AsyncIterator[Figure]:
    alive = await _timed(lambda: server.http.get(str(server.http.base_url.join("/healthz"))))
    known = await server.submit()
    measured = {
        "enqueue": await _timed(server.submit),
        "poll": await _timed(lambda: server.poll(known)),
        "foreground turn": await _timed(lambda: server.post(_WORDS)),
        "background turn, polled": await _timed(server.turn),
    }
    for name, seconds in measured.items():
        middle = quantile(seconds, 0.5)
        yield Figure(f"{name}, p50", middle * 1000, "ms")
        yield Figure(f"{name}, p95", quantile(seconds, 0.95) * 1000, "ms")
        yield Figure(f"{name}, p50 to that of /healthz", middle / quantile(alive, 0.5), "times")


async def _costs(server: _Server) -> AsyncIterator[Figure]:
    began, before = time.monotonic(), server.commands()
    await asyncio.sleep(_IDLE_SECONDS)
    idle = (server.commands() - before) / (time.monotonic() - began)
    yield Figure("store, at rest", idle, "commands/s")
    known = await server.submit()
    polling = await _commands_for(server, lambda: server.poll(known), idle)
    yield Figure("store, for a poll", polling, "commands")
    used = server.used_bytes()
    yield Figure(
        "store, for a foreground turn",
        await _commands_for(server, lambda: server.post(_WORDS), idle),
        "commands",
    )
    yield Figure("store, for a foreground turn", (server.used_bytes() - used) / _ONE_BY_ONE, "bytes")
    used = server.used_bytes()
    enqueued = await _commands_for(server, lambda: _submitted_and_ended(server), idle)
    yield Figure("store, for a background turn with one poll", enqueued, "commands")
    yield Figure("store, for a background turn", (server.used_bytes() - used) / _ONE_BY_ONE, "bytes")
    used = server.used_bytes()
    yield Figure(
        "store, for a foreground turn of a chain of 60", await _commands_of_a_chain(server, idle), "commands"
    )
    yield Figure(
        "store, for a foreground turn of a chain of 60", (server.used_bytes() - used) / _ONE_BY_ONE, "bytes"
    )


async def _commands_of_a_chain(server: _Server, idle: float) -> float:
    last: JsonObject = {}

    async def turn() -> None:
        before = {"previous_response_id": last["id"]} if last else {}
        last.update(await server.post(_WORDS, **before))

    return await _commands_for(server, turn, idle)


async def _submitted_and_ended(server: _Server) -> None:
    response_id = await server.submit()
    await asyncio.sleep(0.1)  # long enough to be over, so that one poll is all
    await server.poll(response_id)


async def _commands_for(server: _Server, work: Callable[[], Awaitable[object]], idle: float) -> float:
    began, before = time.monotonic(), server.commands()
    for _ in range(_ONE_BY_ONE):
        await work()
    return (server.commands() - before - idle * (time.monotonic() - began)) / _ONE_BY_ONE


async def _throughput(server: _Server) -> AsyncIterator[Figure]:
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one() -> None:
        async with gate:
            await server.turn()

    began, before = time.monotonic(), server.cpu_seconds()
    await asyncio.gather(*(one() for _ in range(_TOGETHER)))
    yield Figure(
        f"background turns, {_SIDE_BY_SIDE} side by side", _TOGETHER / (time.monotonic() - began), "turns/s"
    )
    for who, seconds in server.cpu_seconds().items():
        spent = (seconds - before[who]) / _TOGETHER * 1000
        yield Figure(f"{who}, computing for a background turn polled each 5 ms", spent, "ms")


async def _compaction(server: _Server) -> AsyncIterator[Figure]:
    items = chat(random.Random(2), BANK_ONE, WORKDAYS, _SESSION_TOKENS).items
    management = [{"type": "compaction", "compact_threshold": _THRESHOLD_TOKENS}]
    target = {"compact_target_tokens": _TARGET_TOKENS}

    async def turn(number: int, **fields: object) -> None:
        # A different last word each time: an equal prefix would find the finished compaction.
        said = [*items[number:], Message(role="user", content=f"Go on with {number}.")]
        await server.turn([item.to_json() for item in said], **fields)

    def numbered(start: int, **fields: object) -> Callable[[], Awaitable[object]]:
        numbers = iter(range(start, start + _ONE_BY_ONE))
        return lambda: turn(next(numbers), **fields)

    plain = quantile(await _timed(numbered(0), times=10), 0.5)
    compacted = quantile(
        await _timed(numbered(20, context_management=management, hitherto=target), times=10), 0.5
    )
    yield Figure("turn of 20,000 tokens, not compacted, p50", plain * 1000, "ms")
    yield Figure("turn of 20,000 tokens, compacted first, p50", compacted * 1000, "ms")
    yield Figure("turn of 20,000 tokens, compacted to not compacted", compacted / plain, "times")


async def _timed(work: Callable[[], Awaitable[object]], *, times: int = _ONE_BY_ONE) -> list[float]:
    seconds = []
    for _ in range(times):
        began = time.monotonic()
        await work()
        seconds.append(time.monotonic() - began)
    return seconds
