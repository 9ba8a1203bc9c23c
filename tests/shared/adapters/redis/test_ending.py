"""A job ends once, in one step, and says so to whoever listens."""

import pytest

from shared.adapters.redis import keys
from shared.errors import LeaseLost
from shared.lifecycle import Ending, JobStatus
from tests.shared.adapters.redis.desk import (
    COMPACTION,
    COMPLETED,
    FAILED,
    JOB,
    NEW,
    NEW_COMPACTION,
    SETTINGS,
    Desk,
)


@pytest.mark.parametrize("status", JobStatus)
def test_a_status_knows_whether_it_is_the_last(status: JobStatus) -> None:
    assert status.ended == (status in {"completed", "incomplete", "failed", "cancelled"})


async def test_an_ending_is_written_with_its_fields_and_drops_what_is_no_longer_needed(desk: Desk) -> None:
    lease = await desk.start()

    await desk.jobs.finish(lease, Ending("incomplete", {"output": b"half"}, drops=("tenant",)))

    record = await desk.record()
    assert (record["status"], record["output"]) == ("incomplete", "half")
    assert {"tenant", "owner", "lease_until", "envelope"}.isdisjoint(record)


async def test_an_ending_brings_the_last_events_of_its_log(desk: Desk) -> None:
    lease = await desk.start()
    last = Ending("completed", {}, first_event=len(NEW.events), events=('{"last":1}', '{"last":2}'))

    await desk.jobs.finish(lease, last)
    await desk.jobs.finish(lease, last)

    assert [event for _, event in await desk.events()] == [*NEW.events, *last.events]
    assert (await desk.record())["events"] == str(len(NEW.events) + 2)


async def test_an_ending_whose_events_do_not_follow_on_the_log_is_refused(desk: Desk) -> None:
    lease = await desk.start()

    with pytest.raises(LeaseLost):
        await desk.jobs.finish(lease, Ending("completed", {}, first_event=99, events=('{"last":1}',)))

    assert await desk.status() == "running"


async def test_the_same_attempt_may_end_its_job_again_and_the_first_ending_stays(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.finish(lease, COMPLETED)

    await desk.jobs.finish(lease, FAILED)

    assert (await desk.record())["output"] == "all of it"


async def test_a_cancel_that_came_first_refuses_the_ending(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.cancel(JOB)

    with pytest.raises(LeaseLost, match="cancelled"):
        await desk.jobs.finish(lease, COMPLETED)

    assert "output" not in await desk.record()


async def test_an_ending_that_came_first_refuses_the_cancel(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.finish(lease, COMPLETED)

    assert await desk.jobs.cancel(JOB) is False
    assert await desk.status() == "completed"


async def test_a_record_is_kept_for_its_time_from_the_end_on(desk: Desk) -> None:
    lease = await desk.start()

    await desk.jobs.finish(lease, COMPLETED)

    assert await desk.ttl_seconds(keys.record(JOB)) == pytest.approx(SETTINGS.response_ttl_seconds, abs=2)


@pytest.mark.parametrize("how", ["failed", "cancelled", "given up", "completed"])
async def test_a_compaction_that_came_to_nothing_is_forgotten_after_a_minute(desk: Desk, how: str) -> None:
    lease = await desk.start(job=NEW_COMPACTION)
    if how == "cancelled":
        await desk.jobs.cancel(COMPACTION)
    elif how == "given up":
        await desk.let_deadline_pass(COMPACTION)
        await desk.jobs.look(COMPACTION, queue_depth=0)
    else:
        await desk.jobs.finish(lease, FAILED if how == "failed" else COMPLETED)

    expected = SETTINGS.response_ttl_seconds if how == "completed" else 60
    assert await desk.ttl_seconds(keys.record(COMPACTION)) == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("how", ["finish", "cancel", "deadline"])
async def test_the_end_of_a_job_is_news(desk: Desk, how: str) -> None:
    async with desk.store.pubsub(ignore_subscribe_messages=True) as listener:
        await listener.subscribe(keys.SIGNALS)
        await listener.get_message(timeout=1)
        lease = await desk.start()
        if how == "finish":
            await desk.jobs.finish(lease, COMPLETED)
        elif how == "cancel":
            await desk.jobs.cancel(JOB)
        else:
            await desk.let_deadline_pass()
            await desk.jobs.renew(lease)

        message = await listener.get_message(timeout=1)

    assert message is not None
    assert message["data"] == JOB.encode()


async def test_deleting_leaves_nothing(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.join(JOB, "resp_2")
    await desk.jobs.finish(lease, COMPLETED)

    await desk.jobs.delete(JOB)

    assert await desk.everything() == {}


async def test_a_worker_does_not_bring_back_what_was_deleted(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.cancel(JOB)
    await desk.jobs.delete(JOB)

    with pytest.raises(LeaseLost, match="gone"):
        await desk.jobs.append_events(lease, 2, ["two"])
    with pytest.raises(LeaseLost, match="gone"):
        await desk.jobs.checkpoint(lease, "chunk:0", b"a summary")

    assert await desk.everything() == {}
