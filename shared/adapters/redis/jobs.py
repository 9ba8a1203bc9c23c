"""Jobs in Redis: each method is one transition of the state machine in lua/jobs, in one round trip."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from shared.adapters.celery import LOW, NORMAL, queue_key
from shared.adapters.redis import keys
from shared.adapters.redis.doorbells import Doorbells
from shared.adapters.redis.due import DueSet
from shared.adapters.redis.encoding import answer, ids_of
from shared.adapters.redis.job_script import Beside, JobScript, fence, lease_lost
from shared.adapters.redis.new_jobs import creation, refusal
from shared.adapters.redis.scripts import execute
from shared.errors import ConversationLocked
from shared.jobs import Queue, queue_of
from shared.lifecycle import Ending, Figures, Found, Lease, Look, NewJob, NotClaimed
from shared.settings import Settings

_WATCH_BATCH = 200


class RedisJobs:
    """The port `Jobs` on Redis. `broker` is None where broker and store are one server."""

    def __init__(self, store: Redis, broker: Redis | None, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._doorbells = Doorbells(store, broker)
        self._script = JobScript(store, settings, rings=self._doorbells.rung_by_script)
        self._watched = DueSet(store, keys.WATCH, most=_WATCH_BATCH)
        self._ttl_ms = settings.response_ttl_seconds * 1000

    async def create(self, job: NewJob) -> bool:
        """Record the job and ring for it, in one step. False when it exists already: join that one.

        Raises TooManyRequests when its queue is full, or holds as many of its tenant as it may; nothing is
        written then.
        """
        return await self.created(job, await self._script.call("create", job.id, **self._creation(job)))

    async def create_in(self, pipeline: Pipeline, job: NewJob, *, conversation_id: str) -> None:
        """Record the job of a turn that takes its conversation in the same transaction, before this.

        Nothing is written when it could not; `created` reads the answer.
        """
        conversation = keys.record(conversation_id)
        await self._script.call(
            "create", job.id, client=pipeline, conversation=conversation, **self._creation(job)
        )

    async def created(self, job: NewJob, told: Sequence[bytes]) -> bool:
        """Read what recording a job answered, and ring for it; results and errors are those of `create`."""
        outcome, detail = (part.decode() for part in told)
        refused = refusal(outcome, detail)
        if refused is not None:
            raise refused
        await self._doorbells.ring(detail if outcome == "created" else "")
        return outcome == "created"

    async def create_parts(self, parts: Sequence[NewJob], lease: Lease) -> list[str]:
        """Record parts of the job behind a lease, and ring for them. Raises LeaseLost.

        Each that is there already stays as it is. Returns the status of each, in one round trip.
        """
        async with self._store.pipeline(transaction=False) as pipeline:
            for part in parts:
                given = self._creation(part) | fence(lease)
                given |= {"parent": lease.job_id, "parent_record": keys.record(lease.job_id)}
                await self._script.call("create", part.id, client=pipeline, **given)
            answers = [[told.decode() for told in answer] for answer in await execute(pipeline)]
        for outcome, doorbell in answers:
            if outcome == "lost":
                raise lease_lost(lease, doorbell)
            await self._doorbells.ring(doorbell if outcome == "created" else "")
        return [detail if outcome == "exists" else "queued" for outcome, detail in answers]

    async def store(
        self,
        job_id: str,
        status: str,
        fields: dict[str, bytes],
        *,
        entries: Sequence[str] = (),
        conversation_id: str | None = None,
        beside: Beside | None = None,
    ) -> None:
        """Record what ended without being queued: a foreground response. What exists already stays.

        Its id is written under each of the keys that are its `entries`.
        Raises ConversationLocked, with nothing written, when it came to something that its conversation is to
        have, and that is no longer held by it.
        """
        given = {"conversation": keys.record(conversation_id)} if conversation_id else {}
        outcome, _ = await self._script.run(
            "store", job_id, beside=beside, fields=fields, status=status, entries=list(entries), **given
        )
        if outcome == "refused":
            raise ConversationLocked

    async def claim(self, job_id: str, owner: str) -> Lease | NotClaimed:
        """Take the lease of the job whose turn it is in the queue of this one.

        Tenants take turns, and what somebody waits for comes before what can wait. The same owner asking
        again gets the same lease. Where there is nothing to claim, says why this job is not to be.
        """
        lines = [queue_key(queue_of(job_id), priority=priority) for priority in (NORMAL, LOW)]
        claim = partial(
            self._script.run, "claim", job_id, owner=owner, lines=lines, claimed=keys.claimed(owner)
        )
        outcome, detail = await claim()
        while outcome == "again":
            await self._doorbells.ring(detail)
            outcome, detail = await claim()
        if outcome != "claimed":
            return NotClaimed(outcome)
        attempt, claimed_id, doorbell = [*detail.split(" ", 2), ""][:3]
        await self._doorbells.ring(doorbell)
        return Lease(claimed_id, int(attempt), owner)

    async def renew(self, lease: Lease) -> bool:
        """Renew the lease; False when it was lost. Who has ended the job himself has lost nothing."""
        outcome, _ = await self._script.run("renew", lease.job_id, **fence(lease))
        return outcome == "ok"

    async def append_events(self, lease: Lease, first: int, events: Sequence[str]) -> None:
        """Append events from sequence number `first` on; repeating a call changes nothing. Raises LeaseLost."""
        await self._script.held("emit", lease, first=first, events=list(events))

    async def checkpoint(self, lease: Lease, field: str, value: bytes) -> None:
        """Keep a part of the work under `field` of the record; the first one wins. Raises LeaseLost."""
        await self._script.held("checkpoint", lease, fields={field: value})

    async def finish(
        self, lease: Lease, ending: Ending, *, entries: Sequence[str] = (), beside: Beside | None = None
    ) -> None:
        """End the job, once and for all. Raises LeaseLost when another attempt or a cancel came first.

        Its id is written under each of the keys that are its `entries`.
        What is `beside` it happens even then: it is to look at the record first. The last of a compaction's
        parts wakes it.
        """
        parents_doorbell = await self._script.held(
            "finish",
            lease,
            beside=beside,
            fields=ending.fields,
            status=ending.status,
            drops=list(ending.drops),
            drops_events=ending.drops_events,
            first=ending.first_event,
            events=ending.events,
            entries=list(entries),
        )
        await self._doorbells.ring(parents_doorbell)

    async def release(self, lease: Lease) -> None:
        """Give a job back so that another worker takes it at once. Raises LeaseLost."""
        await self._doorbells.ring(await self._script.held("release", lease))

    async def defer(self, lease: Lease, *, seconds: float, fields: dict[str, bytes]) -> None:
        """Have the job tried again in so many seconds, no sooner, and note why. Raises LeaseLost."""
        await self._script.held("defer", lease, delay_ms=int(seconds * 1000), fields=fields)

    async def park(self, lease: Lease, *, waits_for: str) -> None:
        """Let the job wait for another without a worker; it is queued again when woken. Raises LeaseLost.

        One that waits for itself waits for its parts, if any are left.
        """
        await self._doorbells.ring(await self._script.held("park", lease, waits_for=waits_for))

    async def wake(self, job_id: str) -> None:
        """Queue a waiting job again; a running one will not park."""
        outcome, detail = await self._script.run("wake", job_id)
        if outcome == "queued":
            await self._doorbells.ring(detail)

    async def cancel(self, job_id: str) -> bool:
        """End a job as cancelled at once; False when it had ended otherwise or is unknown."""
        outcome, _ = await self._script.run("cancel", job_id)
        return outcome == "cancelled"

    async def delete(self, job_id: str) -> str:
        """Remove an ended job with all its keys: `deleted`, `busy` (not ended) or `gone`."""
        outcome, _ = await self._script.run("delete", job_id)
        return outcome

    async def join(self, job_id: str, waiter_id: str) -> None:
        """Have `waiter_id` woken when the job ends."""
        pipeline = self._store.pipeline(transaction=True)
        pipeline.sadd(keys.waiters(job_id), waiter_id)
        pipeline.pexpire(keys.waiters(job_id), self._ttl_ms)
        await pipeline.execute()

    async def waiters(self, job_id: str) -> list[str]:
        """Return the jobs that wait for this one."""
        return await ids_of(self._store.smembers(keys.waiters(job_id)))

    async def due(self) -> list[str]:
        """Return jobs that want a look now, and put each off so that two reconcilers rarely meet."""
        return await self._watched.take()

    async def look(self, job_id: str, *, queue_depth: int) -> Look:
        """Give a dropped job to the next worker, or end it; see docs/jobs.md for what is done when."""
        outcome, detail = await self._script.run("look", job_id, queue_depth=queue_depth)
        found = Found(outcome)
        if found in (Found.TAKEN, Found.RUNG):
            await self._doorbells.ring(detail)
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
        return await self._doorbells.depth(queue)

    async def hurry(self, job_id: str) -> None:
        """Move a job that could wait before those that still can, with its parts; earlier doorbells do no harm."""
        _, doorbell = await self._script.run("hurry", job_id, queue=queue_key(queue_of(job_id)))
        await self._doorbells.ring(doorbell)

    def _creation(self, job: NewJob) -> dict[str, Any]:
        return creation(job, self._settings)
