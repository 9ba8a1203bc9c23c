"""Checks of the work in hand: whether anybody takes doorbells, and whether anybody looks after lost jobs."""

from typing import Any

from redis.asyncio import Redis

from api.doctor.findings import Finding, ok, problem, warning
from shared.adapters.celery import LOW, NORMAL, queue_key
from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.jobs import Queue

# Older, and whoever should take it is not there or has too much to do.
_SLOW_SECONDS, _STUCK_SECONDS = 10.0, 60.0
# A reconciler looks each second; every process has one.
_LATE_SECONDS = 30.0


async def check_work(store: Redis, broker: Redis) -> list[Finding]:
    """Return what is to be said of workers, queues and leases."""
    takers = await _takers(broker)
    return [
        _workers(takers),
        *[await _queue(store, queue, takers) for queue in Queue],
        await _leases(store),
    ]


async def _takers(broker: Redis) -> int:
    """Return how many connections wait for doorbells: each idle worker process has one."""
    clients: list[dict[str, Any]] = await answer(broker.client_list())
    return sum(client.get("cmd") == "brpop" for client in clients)


def _workers(takers: int) -> Finding:
    if takers:
        return ok("workers", f"{takers} connection{'s' if takers > 1 else ''} waiting for work")
    return warning(
        "workers",
        "nobody waits for work: all are busy, or none runs",
        "Start one: hitherto worker (background responses and compactions need them).",
    )


async def _queue(store: Redis, queue: Queue, takers: int) -> Finding:
    subject = f"queue {queue}"
    lines = [keys.queued_in(queue_key(queue, priority=priority)) for priority in (NORMAL, LOW)]
    depth = sum([await answer(store.zcard(line)) for line in lines])
    age = max([await _age(store, line) for line in lines])
    if not depth:
        return ok(subject, "empty")
    said = f"{depth:,} waiting, the oldest for {age:,.0f} s"
    if age < _SLOW_SECONDS:
        return ok(subject, said)
    remedy = f"Start more of `hitherto worker --queues {queue}`, or raise its --concurrency."
    stuck = age >= _STUCK_SECONDS and not takers
    return problem(subject, said, remedy) if stuck else warning(subject, said, remedy)


async def _age(store: Redis, line: str) -> float:
    """Return for how long the job that came first into a line has waited; 0 where there is none."""
    oldest: list[tuple[bytes, float]] = await answer(store.zrange(line, 0, 0, withscores=True))
    return max(0.0, await _now(store) - oldest[0][1] / 1000) if oldest else 0.0


async def _leases(store: Redis) -> Finding:
    watched = await answer(store.zcard(keys.WATCH))
    latest = (await _now(store) - _LATE_SECONDS) * 1000
    late = await answer(store.zcount(keys.WATCH, "-inf", latest))
    if not late:
        return ok("jobs", f"{watched:,} not ended, all looked after")
    return problem(
        "jobs",
        f"{late:,} of {watched:,} that have not ended are looked after by nobody",
        "Start `hitherto api` or `hitherto worker`: each process gives lost jobs to the next worker.",
    )


async def _now(store: Redis) -> float:
    seconds, microseconds = await store.time()
    return float(seconds) + microseconds / 1e6
