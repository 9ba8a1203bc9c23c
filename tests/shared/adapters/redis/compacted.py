"""A compaction for tests of its record: what was asked for, and what it came to."""

from shared.adapters.redis.compactions import RedisCompactions
from shared.compaction.fates import Fate, ItemFate
from shared.compaction.ledger import collect
from shared.compaction.policy import automatic_policy
from shared.compactions import CompactionJob, CompactionResult
from shared.window.payload import Payload, SizedItem
from shared.window.undone import Replaced
from shared.wire.items import Message
from shared.wire.responses import Usage
from tests.shared.adapters.redis.desk import COMPACTION, Desk

SAID = [SizedItem(item=Message(role="user", content=f"Point {number}"), tokens=number) for number in (1, 2)]
LEDGER = collect([Message(role="user", content="Never deploy on Fridays.")])
ASKED = CompactionJob(
    id=COMPACTION,
    tenant="acme",
    policy=automatic_policy(threshold=8000, target=None, model="m"),
    history=SAID,
    tokens=3,
    ahead=True,
    replaces=Replaced("d1", 2),
    threshold=8000,
)
RESULT = CompactionResult(
    payload=Payload(
        version=1,
        id=COMPACTION,
        origin="automatic",
        kept=SAID[1:],
        record="Point 1 was made.",
        ledger=LEDGER.to_json(),
        summary="Point 1 was made.",
        tokens=2,
    ),
    method="model",
    usage=Usage(input_tokens=30, output_tokens=5, total_tokens=35),
    tokens_before=3,
    tokens_after=2,
    seconds=0.5,
    warnings=["One chunk was left out."],
    model="m",
    calls=2,
    items=[
        ItemFate(0, "msg_1", "message", "user", 1, Fate.SUMMARISED, "in_summary"),
        ItemFate(1, None, "message", "user", 2, Fate.KEPT, "recent"),
    ],
)


async def finished(compactions: RedisCompactions, desk: Desk, job: CompactionJob = ASKED) -> None:
    """Have the job done, with RESULT."""
    await compactions.enqueue(job)
    await compactions.finish(await desk.take("first", job_id=job.id), job, RESULT)
