"""A desk of jobs for the tests: it brings a job into any state, and lets time pass without waiting."""

import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from shared.adapters.celery import KEY_PREFIX, LOW, NORMAL, queue_key
from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.jobs import RedisJobs
from shared.jobs import COMPACT, GENERATE, Queue
from shared.lifecycle import Ending, Lease, NewJob, NotClaimed
from shared.settings import Settings

JOB = "resp_1"
COMPACTION = "cmp_1"
ATTEMPTS = 3
SETTINGS = Settings(max_attempts=ATTEMPTS, max_queued=5, lease_seconds=30, response_ttl_seconds=1000)

NEW = NewJob(JOB, GENERATE, {"tenant": b"acme"}, events=['{"n":0}', '{"n":1}'], deadline_seconds=600)
NEW_COMPACTION = NewJob(COMPACTION, COMPACT, {"failed_ttl_ms": b"60000"}, deadline_seconds=600)
COMPLETED = Ending("completed", {"output": b"all of it"})
INCOMPLETE = Ending("incomplete", {"output": b"half of it"})
FAILED = Ending("failed", {"output": b"", "error_code": b"server_error"})
NO_LEASE = Lease(JOB, 1, "nobody")

_TIMES = ("created_at", "deadline", "ended_at", "lease_until", "not_before", "rung_at", "nonce", "envelope")


@dataclass(frozen=True)
class Desk:
    """Jobs over a store, with hands on the clock. `broker` None: the store is the broker."""

    store: Redis
    broker: Redis | None
    jobs: RedisJobs

    async def start(self, owner: str = "first", *, job: NewJob = NEW) -> Lease:
        """Create a job and claim it."""
        await self.jobs.create(job)
        return await self.take(owner, job_id=job.id)

    async def take(self, owner: str, *, job_id: str = JOB) -> Lease:
        """Answer a doorbell of a job that may be claimed."""
        lease = await self.jobs.claim(job_id, owner)
        assert isinstance(lease, Lease)
        await self.lose_doorbells()
        return lease

    async def record(self, job_id: str = JOB) -> dict[str, str]:
        """Return the record's fields as text."""
        fields = await answer(self.store.hgetall(keys.record(job_id)))
        return {name.decode(): value.decode() for name, value in fields.items()}

    async def status(self, job_id: str = JOB) -> str:
        """Return the job's status; empty when there is no such job."""
        return (await self.record(job_id)).get("status", "")

    async def events(self, job_id: str = JOB) -> list[tuple[str, str]]:
        """Return the log: entry ids and events."""
        entries = await answer(self.store.xrange(keys.events(job_id)))
        return [(place.decode(), fields[b"e"].decode()) for place, fields in entries]

    async def doorbells(self, queue: Queue = Queue.GENERATION) -> list[str]:
        """Return the ids of the jobs that are rung for, the one that is answered next first."""
        messages = await answer((self.broker or self.store).lrange(queue_key(queue), 0, -1))
        return [rung_for(message) for message in reversed(messages)]

    async def answer_doorbell(self, owner: str, queue: Queue = Queue.GENERATION) -> Lease | NotClaimed | None:
        """Take a doorbell out of the queue, as Celery does, and claim what it is for; None where there is none."""
        for priority in (NORMAL, LOW):
            message = await answer((self.broker or self.store).rpop(queue_key(queue, priority=priority)))
            if message:
                return await self.jobs.claim(rung_for(message), owner)
        return None

    async def lines(self) -> dict[str, dict[str, float]]:
        """Return all lines of queued jobs, by what is in their keys' names after `line:`."""
        found = {}
        async for key in self.store.scan_iter(match=f"{keys.LINE}*"):
            members = await answer(self.store.zrange(key, 0, -1, withscores=True))
            assert await self.store.pttl(key) > 0
            name = key.decode().removeprefix(keys.LINE).replace(KEY_PREFIX, "")
            found[name] = {member.decode(): score for member, score in members}
        return found

    async def lose_doorbells(self) -> None:
        """Forget all doorbells, as a worker does that is killed before its claim."""
        await (self.broker or self.store).delete(*map(queue_key, Queue))

    async def seconds_until_look(self, job_id: str = JOB) -> float | None:
        """Return when the reconciler is to look after the job; None when never."""
        due = await self.store.zscore(keys.WATCH, job_id)
        return None if due is None else (due - await self.now()) / 1000

    async def ttl_seconds(self, key: str) -> float:
        """Return how long a key still lives."""
        left: int = await self.store.pttl(key)
        return left / 1000

    async def now(self) -> int:
        """Return the server's time in milliseconds."""
        seconds, microseconds = await self.store.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    async def let_lease_run_out(self, job_id: str = JOB) -> None:
        """Let the time pass that the lease is for."""
        await self._set(job_id, "lease_until", await self.now())

    async def let_deadline_pass(self, job_id: str = JOB) -> None:
        """Let the time pass until the deadline."""
        await self._set(job_id, "deadline", await self.now())

    async def let_its_time_come(self, job_id: str = JOB) -> None:
        """Let the time pass for which a job was deferred."""
        await self._set(job_id, "not_before", await self.now())

    async def let_doorbell_be_silent(self, seconds: float, job_id: str = JOB) -> None:
        """Let `seconds` pass since the doorbell."""
        await self._set(job_id, "rung_at", await self.now() - int(seconds * 1000))

    async def _set(self, job_id: str, field: str, value: int) -> None:
        await answer(self.store.hset(keys.record(job_id), field, str(value)))

    async def everything(self) -> dict[str, Any]:
        """Return all that is stored about jobs, but for times and random words; how many began or ended is not."""
        found: dict[str, Any] = {}
        async for key in self.store.scan_iter():
            if key.decode() in (keys.COUNTERS, keys.PACE):
                continue
            found[key.decode()] = await self._content(key)
        return found

    async def _content(self, key: bytes) -> Any:
        match await self.store.type(key):
            case b"hash":
                fields = await answer(self.store.hgetall(key))
                return {name: value for name, value in fields.items() if name.decode() not in _TIMES}
            case b"stream":
                return await answer(self.store.xrange(key))
            case b"zset":
                return set(await answer(self.store.zrange(key, 0, -1)))
            case b"set":
                return set(await answer(self.store.smembers(key)))
            case b"list":
                return [rung_for(message) for message in await answer(self.store.lrange(key, 0, -1))]
            case other:
                raise AssertionError(f"nobody should write a {other!r}")

    # The states that a job can be in; each comes with a lease that was good at some time.

    async def bring_to(self, state: str) -> Lease:
        """Bring the job into one of STATES, and return the lease of its first attempt."""
        if state == "gone":
            return NO_LEASE
        await self.jobs.create(NEW)
        if state in ("queued", "silent", "queued, late"):
            await self._wait_unanswered(state)
            return NO_LEASE
        lease = await self.take("first")
        await _STEPS[state](self, lease)
        return lease

    async def _wait_unanswered(self, state: str) -> None:
        if state == "queued, late":
            await self.let_deadline_pass()
        if state == "silent":
            await self.lose_doorbells()
            await self.let_doorbell_be_silent(5)


def rung_for(message: bytes) -> str:
    """Return the id of the job that a doorbell is for."""
    _, arguments, _ = json.loads(b64decode(json.loads(message)["body"]))
    return str(arguments["job_id"])


async def _running(_desk: Desk, _lease: Lease) -> None:
    return


async def _lapsed(desk: Desk, _lease: Lease) -> None:
    await desk.let_lease_run_out()


async def _lapsed_for_the_last_time(desk: Desk, _lease: Lease) -> None:
    await desk._set(JOB, "lost", ATTEMPTS - 1)
    await desk.let_lease_run_out()


async def _running_late(desk: Desk, _lease: Lease) -> None:
    await desk.let_deadline_pass()


async def _woken(desk: Desk, _lease: Lease) -> None:
    await desk.jobs.wake(JOB)


async def _overtaken(desk: Desk, _lease: Lease) -> None:
    await desk.let_lease_run_out()
    assert not isinstance(await desk.jobs.claim(JOB, "second"), NotClaimed)


async def _waiting(desk: Desk, lease: Lease) -> None:
    await desk.jobs.park(lease, waits_for=COMPACTION)


async def _waiting_late(desk: Desk, lease: Lease) -> None:
    await desk.jobs.park(lease, waits_for=COMPACTION)
    await desk.let_deadline_pass()


async def _given_back(desk: Desk, lease: Lease) -> None:
    await desk.jobs.release(lease)


async def _deferred(desk: Desk, lease: Lease) -> None:
    await desk.jobs.defer(lease, seconds=60, fields={"failures": b"1"})


async def _deferred_long_ago(desk: Desk, lease: Lease) -> None:
    await _deferred(desk, lease)
    await desk.let_its_time_come()


async def _deferred_late(desk: Desk, lease: Lease) -> None:
    await _deferred(desk, lease)
    await desk.let_deadline_pass()


async def _completed(desk: Desk, lease: Lease) -> None:
    await desk.jobs.finish(lease, COMPLETED)


async def _incomplete(desk: Desk, lease: Lease) -> None:
    await desk.jobs.finish(lease, INCOMPLETE)


async def _failed(desk: Desk, lease: Lease) -> None:
    await desk.jobs.finish(lease, FAILED)


async def _cancelled(desk: Desk, _lease: Lease) -> None:
    await desk.jobs.cancel(JOB)


_STEPS = {
    "running": _running,
    "lapsed": _lapsed,
    "lapsed for the last time": _lapsed_for_the_last_time,
    "running, late": _running_late,
    "woken": _woken,
    "overtaken": _overtaken,
    "waiting": _waiting,
    "waiting, late": _waiting_late,
    "given back": _given_back,
    "deferred": _deferred,
    "deferred long ago": _deferred_long_ago,
    "deferred, late": _deferred_late,
    "completed": _completed,
    "incomplete": _incomplete,
    "failed": _failed,
    "cancelled": _cancelled,
}

STATES = ("gone", "queued", "silent", "queued, late", *_STEPS)
