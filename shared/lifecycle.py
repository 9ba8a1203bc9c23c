"""The life of a job, as values: docs/jobs.md has the table, one Lua script enforces it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from shared.jobs import JobType

EndedStatus: TypeAlias = Literal["completed", "incomplete", "failed", "cancelled"]


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether it can never change again."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.WAITING)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to create. `fields` is the content of its record, `events` the first of its event log.

    One that `can_wait` is done after all those of its queue that cannot.
    """

    id: str
    type: JobType
    fields: dict[str, bytes]
    events: list[str] = field(default_factory=list)
    deadline_seconds: float | None = None
    can_wait: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one attempt to work on a job: every write names it and is refused once it is lost.

    `attempt` grows from claim to claim; `owner` is the claimant's own word, never used twice.
    """

    job_id: str
    attempt: int
    owner: str


class NotClaimed(StrEnum):
    """Why a doorbell led to no work."""

    HELD = "held"  # another attempt works on it
    WAITING = "waiting"  # it waits for another job
    DEFERRED = "deferred"  # it is to be tried again, but not yet
    ENDED = "ended"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ends its job: what to write, and which fields are no longer needed.

    `events`, from number `first_event` on, are the last ones of its log.
    """

    status: EndedStatus
    fields: dict[str, bytes]
    drops: tuple[str, ...] = ()
    drops_events: bool = False
    first_event: int = 0
    events: tuple[str, ...] = ()


class Found(StrEnum):
    """What looking after a job found or did."""

    GONE = "gone"  # ended or unknown: nothing to look after
    ENDED = "ended"  # it was ended now: out of attempts, or past its deadline
    WAITING = "waiting"
    RUNNING = "running"
    TAKEN = "taken"  # its lease had run out: queued again
    QUEUED = "queued"
    RUNG = "rung"  # its doorbell was lost: rung again


@dataclass(frozen=True, slots=True)
class Look:
    """The outcome of one look; `waits_for` is the job that a waiting one waits for."""

    found: Found
    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What all processes together have in hand and have done.

    `ended` counts jobs by kind (`resp`, `cmp`, `part`, `wh`) and status, since their last month without any; one
    that is put off has not ended, and counts as `deferred` each time.
    """

    watched: int
    ended: dict[tuple[str, str], int]
