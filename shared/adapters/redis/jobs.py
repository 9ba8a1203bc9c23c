"""Jobs in Redis: each method is one transition of the state machine in lua/jobs, in one round trip."""

import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from shared.adapters.celery import LOW, NORMAL, envelope, queue_key
from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.scripts import read_script
from shared.errors import LeaseLost, TooManyRequests
from shared.jobs import SUMMARIZE, Queue, queue_of
from shared.lifecycle import Ending, Figures, Found, Lease, Look, NewJob, NotClaimed
from shared.settings import Settings

SCRIPT = read_script(
    "clock",
    "jobs/record",
    "jobs/lines",
    "jobs/parts",
    "jobs/ending",
    "jobs/pace",
    "jobs/creating",
    "jobs/claiming",
    "jobs/working",
    "jobs/looking_after",
    "jobs/dispatch",
)

# How long a doorbell may stay unanswered in an empty queue before it counts as lost.
PATIENCE_SECONDS = 5.0
_WATCH_BATCH = 200

_REFUSALS = {
    "full": "The queue is full: {} jobs are waiting.",
    "full_of_own": "You have {} jobs waiting, which is as many as you may have.",
}
_MOST_RETRY_AFTER_SECONDS = 60

# What is to happen in the same transaction as a change of a job, after it.
Beside: TypeAlias = Callable[[Pipeline], Awaitable[None]]

_log = structlog.get_logger()


class RedisJobs:
    """The port `Jobs` on Redis. `broker` is None where broker and store are one server."""

    def __init__(self, store: Redis, broker: Redis | None, settings: Settings) -> None:
        self._store = store
        self._broker = broker
        self._settings = settings
        self._script = store.register_script(SCRIPT)
        self._ttl_ms = settings.response_ttl_seconds * 1000

    async def create(self, job: NewJob) -> bool:
        """Record the job and ring for it, in one step. False when it exists already: join that one.

        Raises TooManyRequests when its queue is full, or holds as many of its tenant as it may; nothing is
        written then.
        """
        return await self.created(job, await self._create(job))

    async def create_in(self, pipeline: Pipeline, job: NewJob, *, conversation_id: str) -> None:
        """Record the job of a turn that takes its conversation in the same transaction, before this.

        Nothing is written when it could not; `created` reads the answer.
        """
        await self._create(job, client=pipeline, conversation=keys.record(conversation_id))

    async def created(self, job: NewJob, told: Sequence[bytes]) -> bool:
        """Read what recording a job answered, and ring for it; results and errors are those of `create`."""
        outcome, detail = (part.decode() for part in told)
        if outcome in _REFUSALS:
            length, seconds = detail.split()
            raise TooManyRequests(
                _REFUSALS[outcome].format(length),
                code="rate_limit_exceeded",
                retry_after_seconds=int(seconds),
            )
        await self._ring(job.type.queue, detail if outcome == "created" else "")
        return outcome == "created"

    async def create_parts(self, parts: Sequence[NewJob], lease: Lease) -> list[str]:
        """Record parts of the job behind a lease, and ring for them. Raises LeaseLost.

        Each that is there already stays as it is. Returns the status of each, in one round trip.
        """
        async with self._store.pipeline(transaction=False) as pipeline:
            for part in parts:
                parent = {"parent": lease.job_id, "parent_record": keys.record(lease.job_id)}
                await self._create(part, client=pipeline, **parent, **_fence(lease))
            answers = [[told.decode() for told in answer] for answer in await pipeline.execute()]
        for outcome, doorbell in answers:
            if outcome == "lost":
                raise _lease_lost(lease, doorbell)
            await self._ring(SUMMARIZE.queue, doorbell if outcome == "created" else "")
        return [detail if outcome == "exists" else "queued" for outcome, detail in answers]

    async def store(
        self, job_id: str, status: str, fields: dict[str, bytes], *, beside: Beside | None = None
    ) -> None:
        """Record what ended without being queued: a foreground response. What exists already stays."""
        await self._run("store", job_id, beside=beside, fields=fields, status=status)

    async def claim(self, job_id: str, owner: str) -> Lease | NotClaimed:
        """Take the lease of the job whose turn it is in the queue of this one.

        Tenants take turns, and what somebody waits for comes before what can wait. The same owner asking
        again gets the same lease. Where there is nothing to claim, says why this job is not to be.
        """
        queue = queue_of(job_id)
        outcome, detail = await self._run(
            "claim",
            job_id,
            owner=owner,
            lease_ms=self._lease_ms,
            lines=[queue_key(queue, priority=priority) for priority in (NORMAL, LOW)],
            claimed=keys.claimed(owner),
        )
        if outcome != "claimed":
            return NotClaimed(outcome)
        attempt, claimed_id, doorbell = [*detail.split(" ", 2), ""][:3]
        await self._ring(queue, doorbell)
        return Lease(claimed_id, int(attempt), owner)

    async def renew(self, leases: Sequence[Lease]) -> list[Lease]:
        """Renew all leases in one round trip and return those that were lost."""
        async with self._store.pipeline(transaction=False) as pipeline:
            for lease in leases:
                script_keys, arguments = self._arguments(
                    "renew", lease.job_id, **_fence(lease), lease_ms=self._lease_ms
                )
                await self._script(keys=script_keys, args=arguments, client=pipeline)
            answers = await pipeline.execute()
        return [lease for lease, outcome in zip(leases, answers, strict=True) if outcome[0] != b"ok"]

    async def append_events(self, lease: Lease, first: int, events: Sequence[str]) -> None:
        """Append events from sequence number `first` on; repeating a call changes nothing. Raises LeaseLost."""
        await self._held("emit", lease, first=first, events=list(events))

    async def checkpoint(self, lease: Lease, field: str, value: bytes) -> None:
        """Keep a part of the work under `field` of the record; the first one wins. Raises LeaseLost."""
        await self._held("checkpoint", lease, fields={field: value})

    async def finish(self, lease: Lease, ending: Ending, *, beside: Beside | None = None) -> None:
        """End the job, once and for all. Raises LeaseLost when another attempt or a cancel came first.

        What is `beside` it happens even then: it is to look at the record first. The last of a compaction's
        parts wakes it.
        """
        parents_doorbell = await self._held(
            "finish",
            lease,
            beside=beside,
            fields=ending.fields,
            status=ending.status,
            drops=list(ending.drops),
            drops_events=ending.drops_events,
            first=ending.first_event,
            events=ending.events,
        )
        await self._ring(queue_of(lease.job_id), parents_doorbell)

    async def release(self, lease: Lease) -> None:
        """Give a job back so that another worker takes it at once. Raises LeaseLost."""
        await self._ring(queue_of(lease.job_id), await self._held("release", lease))

    async def defer(self, lease: Lease, *, seconds: float, fields: dict[str, bytes]) -> None:
        """Have the job tried again in so many seconds, no sooner, and note why. Raises LeaseLost."""
        await self._held("defer", lease, delay_ms=int(seconds * 1000), fields=fields)

    async def park(self, lease: Lease, *, waits_for: str) -> None:
        """Let the job wait for another without a worker; it is queued again when woken. Raises LeaseLost.

        One that waits for itself waits for its parts, if any are left.
        """
        await self._ring(queue_of(lease.job_id), await self._held("park", lease, waits_for=waits_for))

    async def wake(self, job_id: str) -> None:
        """Queue a waiting job again; a running one will not park."""
        outcome, detail = await self._run("wake", job_id)
        if outcome == "queued":
            await self._ring(queue_of(job_id), detail)

    async def cancel(self, job_id: str) -> bool:
        """End a job as cancelled at once; False when it had ended otherwise or is unknown."""
        outcome, _ = await self._run("cancel", job_id)
        return outcome == "cancelled"

    async def delete(self, job_id: str) -> str:
        """Remove an ended job with all its keys: `deleted`, `busy` (not ended) or `gone`."""
        outcome, _ = await self._run("delete", job_id)
        return outcome

    async def join(self, job_id: str, waiter_id: str) -> None:
        """Have `waiter_id` woken when the job ends."""
        pipeline = self._store.pipeline(transaction=True)
        pipeline.sadd(keys.waiters(job_id), waiter_id)
        pipeline.pexpire(keys.waiters(job_id), self._ttl_ms)
        await pipeline.execute()

    async def waiters(self, job_id: str) -> list[str]:
        """Return the jobs that wait for this one."""
        return await _ids(self._store.smembers(keys.waiters(job_id)))

    async def due(self) -> list[str]:
        """Return jobs that want a look now, and put each off so that two reconcilers rarely meet."""
        return await self.take_due(keys.WATCH, most=_WATCH_BATCH)

    async def take_due(self, key: str, *, most: int) -> list[str]:
        """Return the first of a sorted set whose time has come, and put each off."""
        seconds, microseconds = await self._store.time()
        now = seconds * 1000 + microseconds // 1000
        ids = await _ids(self._store.zrangebyscore(key, "-inf", now, start=0, num=most))
        if ids:
            await self._store.zadd(key, dict.fromkeys(ids, now + int(PATIENCE_SECONDS * 1000)), xx=True)
        return ids

    async def look(self, job_id: str, *, queue_depth: int) -> Look:
        """Give a dropped job to the next worker, or end it; see docs/jobs.md for what is done when."""
        outcome, detail = await self._run("look", job_id, queue_depth=queue_depth)
        found = Found(outcome)
        if found in (Found.TAKEN, Found.RUNG):
            await self._ring(queue_of(job_id), detail)
        return Look(found, waits_for=detail if found is Found.WAITING else None)

    async def figures(self) -> Figures:
        """Return what all processes together have in hand and have done."""
        watched = await self._store.zcard(keys.WATCH)
        counters = await answer(self._store.hgetall(keys.COUNTERS))
        ended = {tuple(name.decode().split(":", 1)): int(count) for name, count in counters.items()}
        return Figures(watched=watched, ended=ended)

    async def queued(self, queue: Queue) -> int:
        """Return how many jobs of a queue are queued, those included that are to be tried again later."""
        pipeline = self._store.pipeline(transaction=False)
        for priority in (NORMAL, LOW):
            pipeline.zcard(keys.queued_in(queue_key(queue, priority=priority)))
        return sum(await pipeline.execute())

    async def queue_depth(self, queue: Queue) -> int:
        """Return how many doorbells wait in a queue."""
        pipeline = (self._broker or self._store).pipeline(transaction=False)
        for priority in (NORMAL, LOW):
            pipeline.llen(queue_key(queue, priority=priority))
        return sum(await pipeline.execute())

    async def hurry(self, job_id: str) -> None:
        """Move a job that could wait before those that still can, with its parts; earlier doorbells do no harm."""
        queue = queue_of(job_id)
        _, doorbell = await self._run("hurry", job_id, queue=queue_key(queue))
        await self._ring(queue, doorbell)

    @property
    def _lease_ms(self) -> int:
        return int(self._settings.lease_seconds * 1000)

    async def _ring(self, queue: Queue, doorbell: str) -> None:
        if not doorbell or self._broker is None:
            return
        try:
            await answer(self._broker.lpush(queue_key(queue), doorbell))
        except (RedisError, OSError) as error:
            # The job is recorded, and a doorbell that is lost on the way is rung again by the reconciler.
            _log.warning("doorbell_not_rung", queue=queue.value, error=type(error).__name__)

    async def _held(self, operation: str, lease: Lease, **given: Any) -> str:
        outcome, detail = await self._run(operation, lease.job_id, **_fence(lease), **given)
        # A gap: the server lost events that were told, as one does that dies without its last second.
        if outcome in ("lost", "gap"):
            raise _lease_lost(lease, detail)
        return detail if outcome in ("queued", "ok") else ""

    async def _create(self, job: NewJob, *, client: Pipeline | None = None, **given: Any) -> Any:
        priority = LOW if job.can_wait else NORMAL
        doorbell = envelope(job.type, job.id, priority=priority)
        script_keys, arguments = self._arguments(
            "create",
            job.id,
            fields={"task": job.type.task, "envelope": doorbell} | job.fields,
            queue=queue_key(job.type.queue, priority=priority),
            nonce=secrets.token_hex(8),
            events=job.events,
            tenant=job.fields.get("tenant", b"").decode(),
            **self._bounds(job),
            deadline_ms=int((job.deadline_seconds or 0) * 1000),
            **given,
        )
        return await self._script(keys=script_keys, args=arguments, client=client)

    def _bounds(self, job: NewJob) -> dict[str, int]:
        everybody = self._settings.max_queued
        # Deliveries are made of what was admitted: a tenant's may fill the queue, and the others' wait outside.
        own = everybody if job.type.queue is Queue.HOUSEKEEPING else self._settings.max_queued_per_tenant
        return {
            "max_queued": everybody,
            "max_queued_per_tenant": own,
            "most_seconds": _MOST_RETRY_AFTER_SECONDS,
        }

    async def _run(
        self, operation: str, job_id: str, *, beside: Beside | None = None, **given: Any
    ) -> tuple[str, str]:
        script_keys, arguments = self._arguments(operation, job_id, **given)
        if beside is None:
            told = await self._script(keys=script_keys, args=arguments)
        else:
            async with self._store.pipeline(transaction=True) as pipeline:
                await self._script(keys=script_keys, args=arguments, client=pipeline)
                await beside(pipeline)
                told, *_ = await pipeline.execute()
        outcome, detail = told
        return outcome.decode(), detail.decode()

    def _arguments(
        self, operation: str, job_id: str, *, fields: dict[str, bytes | str] | None = None, **given: Any
    ) -> tuple[list[str], list[bytes | str]]:
        given |= {
            "id": job_id,
            "record": keys.record("%s"),
            "line": keys.LINE,
            "pace": keys.PACE,
            # Tries at a dead endpoint go on for days, and must not keep news from the others.
            "defers_uncounted": queue_of(job_id) is Queue.HOUSEKEEPING,
            "channel": keys.SIGNALS,
            "told": keys.told(job_id),
            "counters": keys.COUNTERS,
            "outbox": keys.OUTBOX,
            "webhooks": keys.webhooks_of("%s"),
            "tells_all": self._settings.webhook_url is not None,
            "rings": self._broker is None,
            "ttl_ms": self._ttl_ms,
            "patience_ms": int(PATIENCE_SECONDS * 1000),
            "max_attempts": self._settings.max_attempts,
        }
        pairs = [part for pair in (fields or {}).items() for part in pair]
        script_keys = [keys.record(job_id), keys.events(job_id), keys.WATCH, keys.waiters(job_id)]
        return script_keys, [operation, json.dumps(given), *pairs]


def _lease_lost(lease: Lease, why: str) -> LeaseLost:
    return LeaseLost(f"Attempt {lease.attempt} of {lease.job_id} no longer holds it: {why or 'taken over'}.")


def _fence(lease: Lease) -> dict[str, Any]:
    return {"attempt": lease.attempt, "owner": lease.owner}


async def _ids(value: Awaitable[Any] | Any) -> list[str]:
    return [member.decode() for member in await value]
