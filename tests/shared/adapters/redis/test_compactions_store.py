"""Compactions in Redis: the job comes back as it was asked for, its result as it was made, sealed at rest."""

from dataclasses import replace

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.compactions import RedisCompactions
from shared.adapters.redis.encoding import answer
from shared.adapters.sealer import AesGcmSealer, new_key
from shared.compaction.policy import automatic_policy
from shared.compactions import CompactionJob, CompactionResult, PromptHead
from shared.errors import InvalidSeal, LeaseLost, TooManyRequests
from shared.jobs import Queue
from shared.lifecycle import JobStatus
from shared.window.payload import Payload, SizedItem
from shared.wire.items import Message
from shared.wire.responses import Usage
from tests.shared.adapters.redis.desk import COMPACTION, NO_LEASE, SETTINGS, Desk

SAID = [SizedItem(item=Message(role="user", content=f"Point {number}"), tokens=number) for number in (1, 2)]
ASKED = CompactionJob(
    id=COMPACTION,
    tenant="acme",
    policy=automatic_policy(threshold=8000, target=None, model="m"),
    history=SAID,
    tokens=3,
    ledger={"facts": ["é"]},
    summary="Before that, nothing.",
)
RESULT = CompactionResult(
    payload=Payload(
        version=1,
        id=COMPACTION,
        origin="automatic",
        kept=SAID[1:],
        record="Point 1 was a secret.",
        ledger={},
        summary=None,
        tokens=2,
    ),
    method="model",
    usage=Usage(input_tokens=30, output_tokens=5, total_tokens=35),
    tokens_before=3,
    tokens_after=2,
    seconds=0.5,
    warnings=["One chunk was left out."],
    beside=SAID[:1],
)


HEAD = PromptHead("m", "Be brief.", [{"type": "function", "name": "f"}], "key")


@pytest.mark.parametrize(
    "change",
    [{}, {"summary": None, "ledger": {}}, {"record": "So far, so good.", "head": HEAD}],
    ids=["a later one", "the first", "one that tells how the turns were asked"],
)
async def test_a_job_comes_back_as_it_was_asked_for(
    compactions: RedisCompactions, desk: Desk, change: dict[str, object]
) -> None:
    asked = replace(ASKED, **change)  # type: ignore[arg-type]
    await compactions.enqueue(asked)

    assert await desk.doorbells(Queue.COMPACTION) == [COMPACTION]
    assert await compactions.load_job(await desk.take("first", job_id=COMPACTION)) == asked


async def test_equal_jobs_are_one(compactions: RedisCompactions, desk: Desk) -> None:
    assert await compactions.enqueue(ASKED) is True
    assert await compactions.enqueue(ASKED) is False
    assert await desk.doorbells(Queue.COMPACTION) == [COMPACTION]


async def test_a_full_queue_takes_no_compaction(compactions: RedisCompactions) -> None:
    for number in range(SETTINGS.max_queued):
        await compactions.enqueue(replace(ASKED, id=f"cmp_{number + 10}"))

    with pytest.raises(TooManyRequests):
        await compactions.enqueue(ASKED)

    assert await compactions.state(COMPACTION) is None


async def test_a_job_that_is_gone_is_a_lost_lease(compactions: RedisCompactions) -> None:
    with pytest.raises(LeaseLost):
        await compactions.load_job(NO_LEASE)


async def test_a_compaction_is_known_from_its_beginning(compactions: RedisCompactions, desk: Desk) -> None:
    assert await compactions.state(COMPACTION) is None

    await compactions.enqueue(ASKED)
    queued = await compactions.state(COMPACTION)
    await desk.take("first", job_id=COMPACTION)
    running = await compactions.state(COMPACTION)

    assert queued is not None
    assert running is not None
    assert (queued.status, running.status) == (JobStatus.QUEUED, JobStatus.RUNNING)
    assert not running.ended
    assert running.result is None


async def finished(compactions: RedisCompactions, desk: Desk) -> None:
    await compactions.enqueue(ASKED)
    await compactions.finish(await desk.take("first", job_id=COMPACTION), ASKED, RESULT)


async def test_a_result_comes_back_as_it_was_made(compactions: RedisCompactions, desk: Desk) -> None:
    await finished(compactions, desk)

    state = await compactions.state(COMPACTION)

    assert state is not None
    assert (state.status, state.result) == (JobStatus.COMPLETED, RESULT)


async def test_a_result_replaces_the_history_and_is_sealed(compactions: RedisCompactions, desk: Desk) -> None:
    await finished(compactions, desk)

    record = await answer(desk.store.hgetall(keys.record(COMPACTION)))

    assert {b"history", b"ledger", b"summary", b"record", b"head"}.isdisjoint(record)
    assert b"secret" not in b"".join(record.values())


async def test_a_result_opens_only_with_the_key_that_sealed_it(
    compactions: RedisCompactions, desk: Desk
) -> None:
    await finished(compactions, desk)
    other = RedisCompactions(desk.store, desk.jobs, AesGcmSealer([new_key()]), SETTINGS)

    with pytest.raises(InvalidSeal):
        await other.state(COMPACTION)


async def test_a_failed_compaction_says_so_for_a_minute_and_is_then_forgotten(
    compactions: RedisCompactions, desk: Desk
) -> None:
    await compactions.enqueue(ASKED)
    lease = await desk.take("first", job_id=COMPACTION)

    await compactions.fail(lease, "It came to nothing.")

    state = await compactions.state(COMPACTION)
    assert state is not None
    assert (state.status, state.result) == (JobStatus.FAILED, None)
    assert await desk.ttl_seconds(keys.record(COMPACTION)) == pytest.approx(60, abs=2)
    record = await desk.record(COMPACTION)
    assert record["error_message"] == "It came to nothing."
    assert "history" not in record


@pytest.mark.parametrize("end", ["finish", "fail"])
async def test_a_late_worker_publishes_nothing(compactions: RedisCompactions, desk: Desk, end: str) -> None:
    await compactions.enqueue(ASKED)
    late = await desk.take("first", job_id=COMPACTION)
    await desk.let_lease_run_out(COMPACTION)
    await desk.take("second", job_id=COMPACTION)

    with pytest.raises(LeaseLost):
        await (compactions.finish(late, ASKED, RESULT) if end == "finish" else compactions.fail(late, "No."))

    assert await desk.status(COMPACTION) == "running"


async def test_nothing_is_left_of_one_of_a_turn_that_is_not_stored(
    compactions: RedisCompactions, desk: Desk
) -> None:
    for transient in (True, False):
        job = replace(ASKED, id=f"{COMPACTION}{transient}", transient=transient)
        await compactions.enqueue(job)
        await compactions.finish(await desk.take(job.id, job_id=job.id), job, RESULT)

        await compactions.forget_transient(job.id)

        assert (await compactions.state(job.id) is None) is transient
