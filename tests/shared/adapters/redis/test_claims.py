"""One attempt at a time holds a job, and whoever held it before changes nothing more."""

from dataclasses import replace

import pytest

from shared.errors import LeaseLost
from shared.lifecycle import Found, Lease, NotClaimed
from tests.shared.adapters.redis.desk import ATTEMPTS, COMPLETED, JOB, NEW, SETTINGS, Desk


async def test_attempts_are_counted_however_a_job_changes_hands(desk: Desk) -> None:
    first = await desk.start()
    await desk.jobs.release(first)
    second = await desk.take("second")
    await desk.let_lease_run_out()
    third = await desk.take("third")
    await desk.jobs.park(third, waits_for="cmp_1")
    await desk.jobs.wake(JOB)
    fourth = await desk.take("fourth")

    assert [lease.attempt for lease in (first, second, third, fourth)] == [1, 2, 3, 4]


async def test_a_lease_lasts_as_long_as_was_set(desk: Desk) -> None:
    await desk.start()

    left = int((await desk.record())["lease_until"]) - await desk.now()

    assert left / 1000 == pytest.approx(SETTINGS.lease_seconds, abs=1)


async def test_renewing_begins_the_lease_anew(desk: Desk) -> None:
    lease = await desk.start()
    await desk.let_lease_run_out()

    await desk.jobs.renew(lease)

    assert await desk.jobs.claim(JOB, "second") is NotClaimed.HELD


async def test_renewing_tells_whether_the_lease_was_lost(desk: Desk) -> None:
    good = await desk.start()
    lost = await desk.start(job=replace(NEW, id="resp_2"))
    await desk.jobs.cancel("resp_2")

    leases = [good, lost, Lease("resp_unknown", 1, "first")]
    assert [await desk.jobs.renew(lease) for lease in leases] == [True, False, False]


async def test_a_lost_worker_is_counted_once_whoever_notices_first(desk: Desk) -> None:
    await desk.start()
    await desk.let_lease_run_out()

    looks = [await desk.jobs.look(JOB, queue_depth=0) for _ in range(2)]
    await desk.take("second")
    last_look = await desk.jobs.look(JOB, queue_depth=0)

    assert [look.found for look in (*looks, last_look)] == [Found.TAKEN, Found.QUEUED, Found.RUNNING]
    assert (await desk.record())["lost"] == "1"


async def test_a_claim_that_finds_the_lease_run_out_counts_the_lost_worker_itself(desk: Desk) -> None:
    await desk.start()
    await desk.let_lease_run_out()

    await desk.take("second")
    await desk.jobs.look(JOB, queue_depth=0)

    assert (await desk.record())["lost"] == "1"


async def test_a_job_that_kills_its_workers_is_given_up(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    found = Found.TAKEN
    attempts = 0
    while found is Found.TAKEN:
        await desk.take(f"worker {attempts}")
        attempts += 1
        await desk.let_lease_run_out()
        found = (await desk.jobs.look(JOB, queue_depth=0)).found

    record = await desk.record()
    assert attempts == ATTEMPTS
    assert (record["status"], record["error_code"]) == ("failed", "server_error")
    assert "3 times" in record["error_message"]


async def test_a_job_that_is_given_back_is_never_given_up(desk: Desk) -> None:
    await desk.jobs.create(NEW)

    for number in range(2 * ATTEMPTS):
        await desk.jobs.release(await desk.take(f"worker {number}"))

    record = await desk.record()
    assert (record["status"], record["lost"]) == ("queued", "0")


async def test_a_late_worker_writes_nothing(desk: Desk) -> None:
    late = await desk.start()
    await desk.let_lease_run_out()
    await desk.take("second")
    before = await desk.everything()

    for writing in (
        desk.jobs.append_events(late, 2, ['{"n":2}']),
        desk.jobs.checkpoint(late, "chunk:0", b"a summary"),
        desk.jobs.finish(late, COMPLETED),
        desk.jobs.release(late),
        desk.jobs.park(late, waits_for="cmp_1"),
    ):
        with pytest.raises(LeaseLost, match=r"Attempt 1 of resp_1"):
            await writing

    assert await desk.everything() == before


async def test_a_number_that_a_forgetful_server_gives_twice_opens_nothing(desk: Desk) -> None:
    """A server that dies without its last second counts an attempt again, and gives it to another owner."""
    await desk.jobs.create(NEW)
    forgotten = Lease(JOB, 1, "first")
    lease = await desk.take("second")
    assert lease.attempt == forgotten.attempt

    assert [await desk.jobs.renew(each) for each in (forgotten, lease)] == [False, True]
    with pytest.raises(LeaseLost):
        await desk.jobs.finish(forgotten, COMPLETED)


async def test_an_owner_that_claims_again_holds_its_newest_attempt_alone(desk: Desk) -> None:
    old = await desk.start("first")
    await desk.let_lease_run_out()
    await desk.jobs.look(JOB, queue_depth=0)

    new = await desk.take("first")

    assert [await desk.jobs.renew(each) for each in (old, new)] == [False, True]


async def test_the_first_checkpoint_wins(desk: Desk) -> None:
    lease = await desk.start()

    await desk.jobs.checkpoint(lease, "chunk:0", b"first")
    await desk.jobs.checkpoint(lease, "chunk:0", b"second")

    assert (await desk.record())["chunk:0"] == "first"


async def test_a_job_past_its_deadline_ends_with_an_error_that_says_so(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    await desk.let_deadline_pass()

    assert await desk.jobs.claim(JOB, "first") is NotClaimed.ENDED
    assert "deadline" in (await desk.record())["error_message"]
