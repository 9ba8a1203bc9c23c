"""Lines: whose job is next, and how many may stand in them."""

from dataclasses import replace

import pytest

from shared.adapters.celery import queue_key
from shared.adapters.redis import keys
from shared.adapters.redis.job_script import JobScript
from shared.errors import TooManyRequests
from shared.jobs import COMPACT, DELIVER, SUMMARIZE, Queue
from shared.lifecycle import Lease, NewJob
from shared.settings import Settings
from tests.shared.adapters.redis.desk import COMPLETED, JOB, NEW, NEW_COMPACTION, SETTINGS, Desk

OWN = 3


def job_of(tenant: str, number: int) -> NewJob:
    return replace(NEW, id=f"resp_{tenant}{number}", fields={"tenant": tenant.encode()})


@pytest.fixture
def roomy(desk: Desk) -> Desk:
    """Jobs in a queue with room for 200, and for three of each tenant."""
    settings = SETTINGS.model_copy(update={"max_queued": 200, "max_queued_per_tenant": OWN})
    return replace(desk, jobs=type(desk.jobs)(desk.store, desk.broker, settings))


async def create_all(desk: Desk, tenant: str, count: int) -> None:
    for number in range(count):
        await desk.jobs.create(job_of(tenant, number))


async def served(desk: Desk) -> list[str]:
    """Answer doorbell after doorbell, and return the jobs in the order in which they were claimed."""
    found: list[str] = []
    while (lease := await desk.answer_doorbell(f"worker {len(found)}")) is not None:
        if isinstance(lease, Lease):
            found.append(lease.job_id.removeprefix("resp_"))
    return found


@pytest.fixture
def unbounded(desk: Desk) -> Desk:
    settings = SETTINGS.model_copy(update={"max_queued": 10_000})
    return replace(desk, jobs=type(desk.jobs)(desk.store, desk.broker, settings))


async def test_a_tenant_with_many_jobs_delays_nobody_by_more_than_one_of_them(unbounded: Desk) -> None:
    await create_all(unbounded, "many", 12)
    await create_all(unbounded, "few", 3)
    await create_all(unbounded, "one", 1)

    order = await served(unbounded)

    assert order[:7] == ["many0", "few0", "one0", "many1", "few1", "many2", "few2"]
    assert order[7:] == [f"many{number}" for number in range(3, 12)]


async def test_who_comes_back_each_time_with_one_job_is_no_faster_than_who_waits(unbounded: Desk) -> None:
    await create_all(unbounded, "many", 4)
    order = []
    for number in range(3):
        await unbounded.jobs.create(job_of("again", number))
        for _ in range(2):
            lease = await unbounded.answer_doorbell(f"{number}")
            assert isinstance(lease, Lease)
            order.append(lease.job_id)
            await unbounded.jobs.finish(lease, COMPLETED)

    assert [name.startswith("resp_again") for name in order] == [False, True] * 3


async def test_a_job_that_is_given_back_comes_before_the_younger_ones_of_its_tenant(unbounded: Desk) -> None:
    await create_all(unbounded, "a", 3)
    first = await unbounded.answer_doorbell("first")
    assert isinstance(first, Lease)
    await unbounded.jobs.release(first)

    assert await served(unbounded) == ["a0", "a1", "a2"]


async def test_an_answer_that_was_lost_brings_the_same_job_in_the_place_of_the_named(
    stuttering: Desk,
) -> None:
    await create_all(stuttering, "a", 3)

    leases = [await stuttering.jobs.claim("resp_a2", f"worker {number}") for number in range(3)]

    assert leases == [Lease(f"resp_a{number}", 1, f"worker {number}") for number in range(3)]
    assert await stuttering.lines() == {}


async def test_a_doorbell_of_a_job_that_is_gone_is_answered_with_another(desk: Desk) -> None:
    await create_all(desk, "a", 2)
    await desk.jobs.cancel("resp_a0")
    await desk.jobs.delete("resp_a0")

    assert await served(desk) == ["a1"]


async def test_a_lost_job_whose_doorbell_goes_to_another_gets_one_of_its_own(desk: Desk) -> None:
    await desk.jobs.create(job_of("b", 0))
    lost = await desk.answer_doorbell("lost")
    assert isinstance(lost, Lease)
    await desk.jobs.create(job_of("a", 0))
    await desk.lose_doorbells()
    await desk.let_lease_run_out(lost.job_id)

    taken = await desk.jobs.claim(lost.job_id, "second")

    assert taken == Lease("resp_a0", 1, "second")
    assert await desk.doorbells() == ["resp_b0"]


async def test_what_somebody_waits_for_comes_before_what_can_wait(desk: Desk) -> None:
    await desk.jobs.create(replace(NEW_COMPACTION, id="cmp_ahead", can_wait=True))
    await desk.jobs.create(replace(NEW_COMPACTION, id="cmp_now"))

    leases = [await desk.jobs.claim("cmp_ahead", owner) for owner in ("first", "second")]

    assert leases == [Lease("cmp_now", 1, "first"), Lease("cmp_ahead", 1, "second")]


async def test_a_job_in_a_hurry_leaves_the_line_of_those_that_can_wait(desk: Desk) -> None:
    await desk.jobs.create(replace(NEW_COMPACTION, can_wait=True))
    await desk.jobs.hurry(NEW_COMPACTION.id)

    assert set(await desk.lines()) == {"queued:compaction", "ready:compaction:", "ring:compaction"}


async def test_a_claim_goes_on_past_what_is_over_yet_never_past_all_of_it_at_once(roomy: Desk) -> None:
    """After an outage a line may be full of jobs whose deadline has passed: Redis has other work between them."""
    for number in range(150):
        await roomy.jobs.create(replace(job_of(f"late{number}", 0), deadline_seconds=0.001))
    await roomy.jobs.create(job_of("in_time", 0))
    queue = queue_key(Queue.GENERATION)

    script = JobScript(roomy.store, SETTINGS, rings=True)
    outcome, _ = await script.run("claim", "resp_late00", owner="worker", lines=[queue], claimed="claimed")

    left: int = await roomy.store.zcard(keys.queued_in(queue))
    assert (outcome, 0 < left < 151) == ("again", True)
    assert await roomy.jobs.claim("resp_late00", "worker") == Lease("resp_in_time0", 1, "worker")
    assert await roomy.store.zcard(keys.queued_in(queue)) == 0


async def test_a_line_lives_as_long_as_all_that_stand_in_it(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    long = await desk.ttl_seconds(keys.queued_in(queue_key(Queue.GENERATION)))

    await desk.jobs.create(replace(NEW, id="resp_short", deadline_seconds=1))

    assert await desk.ttl_seconds(keys.queued_in(queue_key(Queue.GENERATION))) == pytest.approx(long, abs=2)


async def test_a_tenant_may_have_so_many_jobs_queued_and_others_are_none_the_worse(roomy: Desk) -> None:
    await create_all(roomy, "a", OWN)
    before = await roomy.everything()

    with pytest.raises(TooManyRequests, match="You have 3 jobs waiting") as refused:
        await roomy.jobs.create(job_of("a", OWN))

    assert refused.value.retry_after_seconds == 60  # nobody has worked of late
    assert await roomy.everything() == before
    assert await roomy.jobs.create(job_of("b", 0))


async def test_a_job_that_is_to_be_tried_later_still_counts(roomy: Desk) -> None:
    await create_all(roomy, "a", 1)
    lease = await roomy.answer_doorbell("first")
    assert isinstance(lease, Lease)
    await roomy.jobs.defer(lease, seconds=60, fields={})
    await create_all(roomy, "a", OWN)  # the first of them exists

    assert await roomy.jobs.queued(Queue.GENERATION) == OWN
    with pytest.raises(TooManyRequests):
        await roomy.jobs.create(job_of("a", OWN))


async def test_a_place_is_free_as_soon_as_a_job_begins_or_ends(roomy: Desk) -> None:
    await create_all(roomy, "a", OWN)
    await roomy.answer_doorbell("first")
    assert await roomy.jobs.create(job_of("a", 3))
    await roomy.jobs.cancel("resp_a3")
    assert await roomy.jobs.create(job_of("a", 4))
    await roomy.let_deadline_pass("resp_a4")
    await roomy.jobs.look("resp_a4", queue_depth=0)

    assert await roomy.jobs.create(job_of("a", 5))


async def test_deliveries_fill_no_tenants_share_and_those_put_off_fill_no_queue(roomy: Desk) -> None:
    for number in range(OWN + 1):
        await roomy.jobs.create(NewJob(f"wh_{number}", DELIVER, {"tenant": b"a"}))
    lease = await roomy.jobs.claim("wh_0", "first")
    assert isinstance(lease, Lease)
    await roomy.jobs.defer(lease, seconds=60, fields={})

    assert await roomy.jobs.queued(Queue.HOUSEKEEPING) == OWN


async def test_who_is_refused_is_told_when_half_of_what_is_in_the_way_will_be_gone(desk: Desk) -> None:
    settings: Settings = SETTINGS.model_copy(update={"max_queued": 60})
    busy = replace(desk, jobs=type(desk.jobs)(desk.store, None, settings))
    for number in range(70):
        await busy.jobs.create(NewJob(f"cmp_{number}", COMPACT, {}))
        if number < 10:
            await busy.jobs.claim(f"cmp_{number}", f"worker {number}")

    with pytest.raises(TooManyRequests, match="60 jobs are waiting") as refused:
        await busy.jobs.create(NewJob("cmp_too_many", COMPACT, {}))

    # Ten were claimed in the last ten to twenty seconds, and thirty are to go.
    assert refused.value.retry_after_seconds is not None
    assert 30 <= refused.value.retry_after_seconds <= 60


async def test_the_parts_of_a_compaction_stand_in_line_for_its_tenant_and_are_told_to_nobody(
    desk: Desk,
) -> None:
    lease = await desk.start(job=replace(NEW_COMPACTION, fields={"tenant": b"a"}))
    await desk.jobs.create_parts([NewJob("part_1", SUMMARIZE, {"name": b"1"})], lease)

    assert set((await desk.lines())["ready:compaction:a"]) == {"part_1"}
    assert "tenant" not in await desk.record("part_1")
    await desk.jobs.cancel(lease.job_id)
    assert await desk.lines() == {}


async def test_jobs_of_before_there_were_lines_are_taken_by_their_own_doorbells(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    for name in await desk.lines():
        await desk.store.delete(f"hitherto:line:{name.replace('generation', 'hitherto:broker:generation')}")

    assert await desk.jobs.claim(JOB, "first") == Lease(JOB, 1, "first")
