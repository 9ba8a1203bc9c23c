"""Jobs: the typed messages between the doors. Names and fields outlive a deploy: add, never rename."""

from dataclasses import dataclass
from enum import StrEnum


class Queue(StrEnum):
    """A line of jobs that scales alone."""

    GENERATION = "generation"
    COMPACTION = "compaction"
    HOUSEKEEPING = "housekeeping"


@dataclass(frozen=True, slots=True)
class JobType:
    """A kind of job: its task's stable name and the queue that it waits in."""

    task: str
    queue: Queue


GENERATE = JobType(task="hitherto.generate", queue=Queue.GENERATION)
COMPACT = JobType(task="hitherto.compact", queue=Queue.COMPACTION)
DELIVER = JobType(task="hitherto.deliver", queue=Queue.HOUSEKEEPING)
SUMMARIZE = JobType(task="hitherto.summarize", queue=Queue.COMPACTION)

# What the id of a compaction's part begins with.
PART_PREFIX = "part_"


def queue_of(job_id: str) -> Queue:
    """Return the queue of a job, which its id's prefix tells."""
    if job_id.startswith("wh_"):
        return DELIVER.queue
    return COMPACT.queue if job_id.startswith(("cmp_", PART_PREFIX)) else GENERATE.queue
