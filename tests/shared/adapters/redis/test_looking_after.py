"""Looking after jobs: what is dropped is found, and what is not is left alone."""

from dataclasses import replace

import pytest

from shared.adapters.redis import keys
from shared.lifecycle import Found
from tests.shared.adapters.redis.desk import JOB, NEW, SETTINGS, Desk


async def look(desk: Desk, *, queue_depth: int = 0) -> Found:
    return (await desk.jobs.look(JOB, queue_depth=queue_depth)).found


@pytest.mark.parametrize(
    ("silent_seconds", "queue_depth", "found"),
    [
        (4.5, 0, Found.QUEUED),
        (5, 0, Found.RUNG),
        (79, 1, Found.QUEUED),
        (80, 1, Found.RUNG),
    ],
    ids=["soon, empty queue", "late, empty queue", "soon, busy queue", "late, busy queue"],
)
async def test_a_doorbell_may_be_silent_longer_where_others_stand_before_it(
    desk: Desk, silent_seconds: float, queue_depth: int, found: Found
) -> None:
    await desk.jobs.create(NEW)
    await desk.let_doorbell_be_silent(silent_seconds)

    assert await look(desk, queue_depth=queue_depth) is found


@pytest.mark.parametrize(
    ("silent_seconds", "queue_depth", "wait"),
    [(5, 1, 5), (10, 1, 10), (40, 999, 40), (70, 1, 10), (5, 1000, 75)],
)
async def test_a_queue_that_is_not_long_is_soon_seen_to_be_empty(
    desk: Desk, silent_seconds: float, queue_depth: int, wait: float
) -> None:
    await desk.jobs.create(NEW)
    await desk.let_doorbell_be_silent(silent_seconds)

    await look(desk, queue_depth=queue_depth)

    assert await desk.seconds_until_look() == pytest.approx(wait, abs=1)


async def test_each_further_doorbell_waits_twice_as_long_within_bounds(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    waits = []
    for _ in range(8):
        await look(desk)
        waits.append(await desk.seconds_until_look())
        await desk.let_doorbell_be_silent(5 * 32)
        assert await look(desk) is Found.RUNG

    assert waits == pytest.approx([5, 10, 20, 40, 80, 160, 160, 160], abs=1)


async def test_a_job_that_is_queued_anew_is_rung_for_as_soon_as_the_first_time(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    for _ in range(4):
        await desk.let_doorbell_be_silent(5 * 32)
        await look(desk)
    await desk.jobs.release(await desk.take("first"))

    await desk.let_doorbell_be_silent(5)

    assert await look(desk) is Found.RUNG


async def test_a_running_job_is_looked_after_when_its_lease_runs_out(desk: Desk) -> None:
    await desk.start()

    assert await look(desk) is Found.RUNNING

    assert await desk.seconds_until_look() == pytest.approx(SETTINGS.lease_seconds, abs=1)


async def test_a_job_is_first_looked_after_when_the_lease_of_its_claim_runs_out(desk: Desk) -> None:
    await desk.start()
    assert await desk.seconds_until_look() == pytest.approx(SETTINGS.lease_seconds, abs=1)


async def test_a_job_that_was_given_back_is_looked_after_soon(desk: Desk) -> None:
    lease = await desk.start()
    await look(desk)

    await desk.jobs.release(lease)

    assert await desk.seconds_until_look() == pytest.approx(5, abs=1)


async def test_only_jobs_whose_time_has_come_are_due_and_each_is_put_off(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    await desk.jobs.create(replace(NEW, id="resp_2"))
    assert await desk.jobs.due() == []

    await desk.store.zadd(keys.WATCH, {JOB: 0})

    assert await desk.jobs.due() == [JOB]
    assert await desk.jobs.due() == []
    assert await desk.seconds_until_look() == pytest.approx(5, abs=1)


async def test_a_job_that_expired_is_watched_no_longer(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    await desk.store.delete(keys.record(JOB))

    assert await look(desk) is Found.GONE

    assert await desk.seconds_until_look() is None


async def test_two_reconcilers_give_a_job_to_one_worker(desk: Desk) -> None:
    await desk.start()
    await desk.let_lease_run_out()

    found = [await look(desk), await look(desk)]

    assert found == [Found.TAKEN, Found.QUEUED]
    assert await desk.doorbells() == [JOB]


async def test_no_look_comes_later_than_the_deadline(desk: Desk) -> None:
    job = replace(NEW, deadline_seconds=3)
    lease = await desk.start(job=job)
    waits = []
    for _ in range(2):
        await look(desk)
        waits.append(await desk.seconds_until_look())
        await desk.jobs.defer(lease, seconds=60, fields={})

    assert waits == pytest.approx([3, 3], abs=1)
