"""What the jobs' script is told of a new job, and why it may refuse one."""

import secrets
from typing import Any

from shared.adapters.celery import LOW, NORMAL, envelope, queue_key
from shared.errors import TooManyRequests
from shared.jobs import Queue
from shared.lifecycle import NewJob
from shared.settings import Settings

_REFUSALS = {
    "full": "The queue is full: {} jobs are waiting.",
    "full_of_own": "You have {} jobs waiting, which is as many as you may have.",
}
_MOST_RETRY_AFTER_SECONDS = 60


def creation(job: NewJob, settings: Settings) -> dict[str, Any]:
    """Return the arguments of the operation that records a job; to bring them again is to ask again."""
    priority = LOW if job.can_wait else NORMAL
    doorbell = envelope(job.type, job.id, priority=priority)
    return {
        "fields": {"task": job.type.task, "envelope": doorbell} | job.fields,
        "queue": queue_key(job.type.queue, priority=priority),
        "nonce": secrets.token_hex(8),
        "events": job.events,
        "tenant": job.fields.get("tenant", b"").decode(),
        "deadline_ms": int((job.deadline_seconds or 0) * 1000),
        **_bounds(job, settings),
    }


def refusal(outcome: str, detail: str) -> TooManyRequests | None:
    """Return the error behind what the operation answered; None if it was not for want of room."""
    if outcome not in _REFUSALS:
        return None
    length, seconds = detail.split()
    return TooManyRequests(
        _REFUSALS[outcome].format(length), code="rate_limit_exceeded", retry_after_seconds=int(seconds)
    )


def _bounds(job: NewJob, settings: Settings) -> dict[str, int]:
    everybody = settings.max_queued
    # Deliveries are made of what was admitted: a tenant's may fill the queue, and the others' wait outside.
    own = everybody if job.type.queue is Queue.HOUSEKEEPING else settings.max_queued_per_tenant
    return {
        "max_queued": everybody,
        "max_queued_per_tenant": own,
        "most_seconds": _MOST_RETRY_AFTER_SECONDS,
    }
