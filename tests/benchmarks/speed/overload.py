"""Overload: ten times what the workers can do is offered, and one tenant queues a hundred times as much as another."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import redis

from api.embedded import EmbeddedServer
from shared.adapters.redis import keys
from tests.benchmarks.speed.figures import Figure, quantile
from tests.fixtures.house import House

# BENCH_OVERLOAD_SECONDS=60 is for a longer look.
_SECONDS = float(os.environ.get("BENCH_OVERLOAD_SECONDS", "20"))
_SLOTS, _TURN_SECONDS, _TIMES = 4, 0.4, 10
_OFFERED_PER_SECOND = _TIMES * _SLOTS / _TURN_SECONDS
_MAX_QUEUED = 100
_MANY, _FEW, _SIDE_BY_SIDE = 2000, 20, 32
_WARM_UP_SECONDS, _SAMPLE_SECONDS, _TIMEOUT_SECONDS = 3.0, 0.2, 120.0
_UPSTREAM = Path(__file__).parents[2] / "scripted_upstream.py"


def figures_of_overload() -> list[Figure]:
    """Return what is left of each process's size, of answers in time, and of fairness."""
    offered = {"MAX_QUEUED": str(_MAX_QUEUED), "MAX_QUEUED_PER_TENANT": str(_MAX_QUEUED)}
    with _running(offered) as site:
        site.start(concurrency=_SLOTS)
        figures = asyncio.run(_overloaded(site))
    with _running({"API_KEYS": "many,few"}) as site:
        return [*figures, *asyncio.run(_fair(site))]


@dataclass
class _Site:
    """A house, and what can be measured of it."""

    house: House
    address: str
    server: EmbeddedServer
    store: redis.Redis

    def start(self, *, concurrency: int) -> None:
        self.house.start_worker(concurrency=concurrency)

    def ended(self) -> int:
        """Return how many responses have completed."""
        return int(str(self.store.hget(keys.COUNTERS, "resp:completed") or 0))

    def processes(self) -> dict[str, psutil.Process]:
        found = {process.name: psutil.Process(process.child.pid) for process in self.house.processes}
        port = int(self.server.url.rpartition(":")[2].partition("/")[0])
        servers = (child for child in psutil.Process().children(recursive=True) if _listens(child, port))
        return found | {"Redis": next(servers)}


def _listens(process: psutil.Process, port: int) -> bool:
    return any(
        each.status == psutil.CONN_LISTEN and each.laddr[1] == port for each in process.net_connections()
    )


@contextmanager
def _running(settings: dict[str, str]) -> Iterator[_Site]:
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedServer(Path(directory) / "redis") as server,
        redis.Redis.from_url(server.url, decode_responses=True) as store,
        # Not in this process: it would keep the clients from being quick.
        subprocess.Popen([sys.executable, str(_UPSTREAM)], stdout=subprocess.PIPE, text=True) as upstream,
    ):
        assert upstream.stdout is not None
        base_url = upstream.stdout.readline().strip()
        house = House(server.url, Path(directory), {"UPSTREAM_BASE_URL": base_url, **settings})
        try:
            yield _Site(house, house.start_api(), server, store)
        finally:
            house.end()
            upstream.terminate()


@dataclass
class _Seen:
    """What came of the requests."""

    refusals: list[float] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    sizes: dict[str, list[int]] = field(default_factory=dict)


async def _overloaded(site: _Site) -> list[Figure]:
    seen = _Seen()
    async with _client(site, "test") as http:
        await _offer(http, seen, _WARM_UP_SECONDS)
        sampling = asyncio.create_task(_sample(site, seen))
        seen.refusals.clear()
        await _offer(http, seen, _SECONDS)
        sampling.cancel()
        statuses = [status async for status in _statuses(http, seen.accepted)]
    return [
        Figure("overload, offered to what can be done", _TIMES, "times"),
        Figure("overload, accepted", len(seen.accepted), "turns"),
        Figure("overload, refused", len(seen.refusals), "turns"),
        Figure("overload, accepted and not completed", sum(s != "completed" for s in statuses), "turns", 0),
        Figure("overload, answers that are neither", len(seen.others), "turns", 0),
        Figure("overload, refusal, p50", quantile(seen.refusals, 0.5) * 1000, "ms"),
        Figure("overload, refusal, p99", quantile(seen.refusals, 0.99) * 1000, "ms", 250),
        *(
            Figure(f"overload, size of {name}, largest to first", max(sizes) / sizes[0], "times", 1.5)
            for name, sizes in seen.sizes.items()
        ),
    ]


def _client(site: _Site, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=site.address, timeout=_TIMEOUT_SECONDS, headers={"authorization": f"Bearer {key}"}
    )


async def _offer(http: httpx.AsyncClient, seen: _Seen, seconds: float) -> None:
    """Send requests at their times, whether or not those before were answered."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * _OFFERED_PER_SECOND)):
            await asyncio.sleep(max(began + number / _OFFERED_PER_SECOND - time.monotonic(), 0))
            group.create_task(_submit(http, seen))


async def _submit(http: httpx.AsyncClient, seen: _Seen) -> None:
    began = time.monotonic()
    answer = await http.post("/responses", json=_turn(_TURN_SECONDS))
    if answer.status_code == 429 and "retry-after" in answer.headers:
        seen.refusals.append(time.monotonic() - began)
    elif answer.status_code == 200:
        seen.accepted.append(answer.json()["id"])
    else:
        seen.others.append(answer.status_code)


def _turn(seconds: float) -> dict[str, object]:
    return {"model": f"slow:{seconds}", "input": "Tell me more about the river. " * 20, "background": True}


async def _sample(site: _Site, seen: _Seen) -> None:
    processes = site.processes()
    while True:
        for name, process in processes.items():
            seen.sizes.setdefault(name, []).append(process.memory_info().rss)
        await asyncio.sleep(_SAMPLE_SECONDS)


async def _statuses(http: httpx.AsyncClient, response_ids: list[str]) -> AsyncIterator[str]:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    for response_id in response_ids:
        while True:
            status = (await http.get(f"/responses/{response_id}")).json()["status"]
            if status not in ("queued", "in_progress") or time.monotonic() > deadline:
                break
            await asyncio.sleep(_SAMPLE_SECONDS)
        yield str(status)


async def _fair(site: _Site) -> list[Figure]:
    async with _client(site, "many") as many, _client(site, "few") as few:
        await _queue(many, _MANY)
        waiting = await _queue(few, _FEW)
        site.start(concurrency=_SLOTS)
        # They come in order: when the last has ended, so have the others.
        async for _ in _statuses(few, waiting):
            place = site.ended()
    return [Figure(f"{_FEW} jobs behind another tenant's {_MANY}, place of the last", place, "", 3 * _FEW)]


async def _queue(http: httpx.AsyncClient, count: int) -> list[str]:
    gate, ids = asyncio.Semaphore(_SIDE_BY_SIDE), []

    async def one() -> None:
        async with gate:
            answer = await http.post("/responses", json=_turn(0.1))
            ids.append(str(answer.raise_for_status().json()["id"]))

    await asyncio.gather(*(one() for _ in range(count)))
    return ids
