"""Calling the jobs' script: one transition in one round trip, alone or with what is to happen beside it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from shared.adapters.redis import keys
from shared.adapters.redis.due import PATIENCE_SECONDS
from shared.adapters.redis.scripts import execute, read_script
from shared.errors import LeaseLost
from shared.jobs import Queue, queue_of
from shared.lifecycle import Lease
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

# What is to happen in the same transaction as a change of a job, after it.
Beside: TypeAlias = Callable[[Pipeline], Awaitable[None]]


class JobScript:
    """The operations of the jobs' script. `rings`: the script rings for a job itself."""

    def __init__(self, store: Redis, settings: Settings, *, rings: bool) -> None:
        self._store = store
        self._script = store.register_script(SCRIPT)
        self._always = _same_for_all(settings, rings=rings)

    async def run(
        self, operation: str, job_id: str, *, beside: Beside | None = None, **given: Any
    ) -> tuple[str, str]:
        """Run an operation, and what is `beside` it, as one step. Returns its outcome, and what else it says."""
        if beside is None:
            told = await self.call(operation, job_id, **given)
        else:
            async with self._store.pipeline(transaction=True) as pipeline:
                await self.call(operation, job_id, client=pipeline, **given)
                await beside(pipeline)
                told, *_ = await execute(pipeline)
        outcome, detail = told
        return outcome.decode(), detail.decode()

    async def held(self, operation: str, lease: Lease, **given: Any) -> str:
        """Run an operation behind a lease and return the doorbell that it answers, if any. Raises LeaseLost."""
        outcome, detail = await self.run(operation, lease.job_id, **fence(lease), **given)
        # A gap: the server lost events that were told, as one does that dies without its last second.
        if outcome in ("lost", "gap"):
            raise lease_lost(lease, detail)
        return detail if outcome in ("queued", "ok") else ""

    async def call(
        self,
        operation: str,
        job_id: str,
        *,
        client: Pipeline | None = None,
        fields: dict[str, bytes | str] | None = None,
        **given: Any,
    ) -> Any:
        """Call the script; `fields` are of the record. With a pipeline as client, its answer comes with that's."""
        own = {
            "id": job_id,
            # Tries at a dead endpoint go on for days, and must not keep news from the others.
            "defers_uncounted": queue_of(job_id) is Queue.HOUSEKEEPING,
            "told": keys.told(job_id),
        }
        pairs = [part for pair in (fields or {}).items() for part in pair]
        return await self._script(
            keys=[keys.record(job_id), keys.events(job_id), keys.WATCH, keys.waiters(job_id)],
            args=[operation, json.dumps(self._always | own | given), *pairs],
            client=client,
        )


def fence(lease: Lease) -> dict[str, Any]:
    """Return what an operation is given that only the holder of a lease may do."""
    return {"attempt": lease.attempt, "owner": lease.owner}


def lease_lost(lease: Lease, why: str) -> LeaseLost:
    """Return the error that says why a lease is no longer good."""
    return LeaseLost(f"Attempt {lease.attempt} of {lease.job_id} no longer holds it: {why or 'taken over'}.")


def _same_for_all(settings: Settings, *, rings: bool) -> dict[str, Any]:
    return {
        "record": keys.record("%s"),
        "ring_of": keys.ring_of("%s"),
        "queued_in": keys.queued_in("%s"),
        "ready_in": keys.ready_in("%s", "%s"),
        "deferred_in": keys.deferred_in("%s", "%s"),
        "pace": keys.PACE,
        "channel": keys.SIGNALS,
        "counters": keys.COUNTERS,
        "outbox": keys.OUTBOX,
        "webhooks": keys.webhooks_of("%s"),
        "tells_all": settings.webhook_url is not None,
        "rings": rings,
        "ttl_ms": settings.response_ttl_seconds * 1000,
        "lease_ms": int(settings.lease_seconds * 1000),
        "patience_ms": int(PATIENCE_SECONDS * 1000),
        "max_attempts": settings.max_attempts,
    }
