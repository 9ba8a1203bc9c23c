"""A turn that needs a compaction waits without a worker, and whatever happens it does not wait for ever."""

import pytest

from shared.adapters.redis import keys
from shared.reconciler import wake_waiters
from tests.shared.adapters.redis.desk import ATTEMPTS, COMPACTION, JOB, Desk


async def test_a_waiting_turn_is_queued_when_it_is_woken(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.join(COMPACTION, JOB)
    await desk.jobs.park(lease, waits_for=COMPACTION)

    await wake_waiters(desk.jobs, COMPACTION)

    assert await desk.status() == "queued"
    assert await desk.doorbells() == [JOB]


async def test_waking_again_does_no_harm(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.join(COMPACTION, JOB)
    await desk.jobs.park(lease, waits_for=COMPACTION)

    await wake_waiters(desk.jobs, COMPACTION)
    await wake_waiters(desk.jobs, COMPACTION)

    assert await desk.doorbells() == [JOB]


async def test_waking_a_turn_that_is_gone_brings_nothing_back(desk: Desk) -> None:
    await desk.jobs.join(COMPACTION, JOB)
    before = await desk.everything()

    await wake_waiters(desk.jobs, COMPACTION)

    assert await desk.everything() == before


async def test_news_that_comes_before_the_turn_parks_is_not_lost(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.wake(JOB)

    await desk.jobs.park(lease, waits_for=COMPACTION)

    assert await desk.status() == "queued"
    assert await desk.doorbells() == [JOB]


@pytest.mark.parametrize("way", ["parked", "taken over"])
async def test_old_news_does_not_keep_the_next_attempt_from_parking(desk: Desk, way: str) -> None:
    lease = await desk.start()
    await desk.jobs.wake(JOB)
    if way == "parked":
        await desk.jobs.park(lease, waits_for=COMPACTION)
    else:
        await desk.let_lease_run_out()
    lease = await desk.take("second")

    await desk.jobs.park(lease, waits_for="cmp_2")

    assert await desk.status() == "waiting"


async def test_a_turn_that_parks_again_and_again_loses_no_attempt(desk: Desk) -> None:
    lease = await desk.start()
    for number in range(2 * ATTEMPTS):
        await desk.jobs.park(lease, waits_for=f"cmp_{number}")
        await desk.jobs.wake(JOB)
        lease = await desk.take(f"worker {number}")

    assert (await desk.record())["lost"] == "0"


async def test_a_waiting_turn_is_looked_after_soon_and_says_what_it_waits_for(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.look(JOB, queue_depth=0)
    await desk.jobs.park(lease, waits_for=COMPACTION)

    assert await desk.seconds_until_look() == pytest.approx(5, abs=1)
    await desk.store.zadd(keys.WATCH, {JOB: 0})
    assert (await desk.jobs.look(JOB, queue_depth=0)).waits_for == COMPACTION
    assert await desk.seconds_until_look() == pytest.approx(5, abs=1)


async def test_a_waiting_turn_has_no_lease_that_could_run_out(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.park(lease, waits_for=COMPACTION)

    assert {"owner", "lease_until"}.isdisjoint(await desk.record())


async def test_who_waits_is_forgotten_at_last(desk: Desk) -> None:
    await desk.jobs.join(COMPACTION, JOB)
    await desk.jobs.join(COMPACTION, "resp_2")

    assert sorted(await desk.jobs.waiters(COMPACTION)) == [JOB, "resp_2"]
    assert 0 < await desk.ttl_seconds(f"hitherto:{{{COMPACTION}}}:waiters") <= 1000
