"""Portions of a compaction, and what is done with their jobs."""

from shared.adapters.redis.parts import RedisCheckpoints, RedisParts
from shared.compaction.passages import Passage
from shared.compaction.summary import Wish
from shared.jobs import Queue
from shared.lifecycle import Lease
from shared.summaries import Portion, Summary
from tests.fakes import usage
from tests.shared.adapters.redis.desk import COMPACTION, NEW_COMPACTION, Desk

GOOD = Summary("## Goal\nTell of é.", usage(100, 10), ["it was too short."], calls=2)
WISH = Wish(300, "Name every ticket.")
PORTIONS = [
    Portion(0, number, [Passage("user", f"Point {number} of é")], "m", WISH, anchor="So far." if not number else None)
    for number in range(3)
]  # fmt: skip
NAMED = {portion.name: portion for portion in PORTIONS}
NAMES = list(NAMED)
IDS = [f"part_{COMPACTION}_{name}" for name in NAMES]


def parts(desk: Desk) -> RedisParts:
    return RedisParts(desk.store, desk.jobs)


def checkpoints(desk: Desk, lease: Lease) -> RedisCheckpoints:
    return parts(desk).checkpoints(lease)


async def spread(desk: Desk) -> Lease:
    """Return the lease of a compaction with three parts, whose doorbells were taken."""
    lease = await desk.start(job=NEW_COMPACTION)
    assert await checkpoints(desk, lease).spread(NAMED) == {}
    await desk.lose_doorbells()
    return lease


async def parked(desk: Desk) -> None:
    await desk.jobs.park(await spread(desk), waits_for=COMPACTION)


async def finish(desk: Desk, number: int, summary: Summary = GOOD) -> None:
    await parts(desk).finish(await desk.take(f"worker of {number}", job_id=IDS[number]), summary)


async def rung(desk: Desk) -> list[str]:
    return await desk.doorbells(Queue.COMPACTION)
