"""Ports to jobs: their life, their events, and the news of them."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from shared.jobs import Queue
from shared.lifecycle import Figures, Lease, Look, NotClaimed
from shared.wire.model import JsonObject


class Jobs(Protocol):
    """The life of every job. Each call is one atomic transition; docs/jobs.md has the table."""

    async def claim(self, job_id: str, owner: str) -> Lease | NotClaimed:
        """Take the lease of the job whose turn it is in the queue of this one: tenants take turns.

        What somebody waits for comes before what can wait. The same owner asking again gets the same lease.
        Where there is nothing to claim, says why this job is not to be.
        """
        ...

    async def renew(self, lease: Lease) -> bool:
        """Renew the lease; False when it was lost. Who has ended the job himself has lost nothing."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give a job back so that another worker takes it at once. Raises LeaseLost."""
        ...

    async def defer(self, lease: Lease, *, seconds: float, fields: dict[str, bytes]) -> None:
        """Have the job tried again in so many seconds, no sooner, and note why. Raises LeaseLost."""
        ...

    async def park(self, lease: Lease, *, waits_for: str) -> None:
        """Let the job wait for another one without a worker. Raises LeaseLost."""
        ...

    async def join(self, job_id: str, waiter_id: str) -> None:
        """Have `waiter_id` woken when the job ends."""
        ...

    async def waiters(self, job_id: str) -> list[str]:
        """Return the jobs that wait for this one."""
        ...

    async def wake(self, job_id: str) -> None:
        """Queue a waiting job again; a running one will not park."""
        ...

    async def cancel(self, job_id: str) -> bool:
        """End a job as cancelled at once; False when it had ended otherwise or is unknown."""
        ...

    async def due(self) -> list[str]:
        """Return the jobs that want a look now."""
        ...

    async def look(self, job_id: str, *, queue_depth: int) -> Look:
        """Give a dropped job to the next worker, or end it."""
        ...

    async def queued(self, queue: Queue) -> int:
        """Return how many jobs of a queue are queued, those included that are to be tried again later."""
        ...

    async def queue_depth(self, queue: Queue) -> int:
        """Return how many doorbells wait in a queue."""
        ...

    async def figures(self) -> Figures:
        """Return what all processes together have in hand and have done."""
        ...


class EventLog(Protocol):
    """The events of background responses, but for the terminal one: that is made from the response."""

    async def append(self, lease: Lease, first: int, events: Sequence[JsonObject]) -> None:
        """Append events from sequence number `first` on; repeating a call changes nothing. Raises LeaseLost."""
        ...

    async def read(self, response_id: str, *, after: int = -1) -> list[JsonObject]:
        """Return the events whose sequence number is greater than `after`, in order."""
        ...


class Signals(Protocol):
    """News that a job ended, to whoever waits in this process. News may be lost: the record is the truth."""

    def watch(self, job_id: str) -> AbstractAsyncContextManager["Bell"]:
        """Listen for news of a job's end from now on."""
        ...

    def follow(self, response_id: str) -> AbstractAsyncContextManager["Bell"]:
        """Listen for news of a response's events, and of its end."""
        ...


class Bell(Protocol):
    """Rings when there is news."""

    def ring(self) -> None:
        """Tell whoever waits."""
        ...

    async def wait(self, timeout_seconds: float) -> bool:
        """Wait for news; False when none came in time."""
        ...


class Progress(Protocol):
    """Where a running turn tells its events."""

    async def send(self, events: Sequence[JsonObject]) -> None:
        """Tell `events`, in order. Raises LeaseLost when nobody may be told any more."""
        ...
