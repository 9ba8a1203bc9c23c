"""A job begins with everything in place, or not at all: on a real server, and on fakeredis, which can stand in."""

from collections.abc import AsyncIterator
from dataclasses import replace

import fakeredis
import pytest
from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.errors import TooManyRequests
from shared.jobs import Queue
from tests.shared.adapters.redis.desk import COMPACTION, JOB, NEW, NEW_COMPACTION, SETTINGS, Desk


@pytest.fixture(params=["server", "fakeredis"])
async def store(request: pytest.FixtureRequest, server: Redis) -> AsyncIterator[Redis]:
    """An empty store of either kind."""
    if request.param == "server":
        yield server
        return
    async with fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer()) as client:
        yield client


async def test_a_new_job_is_recorded_rung_for_and_watched(desk: Desk) -> None:
    await desk.jobs.create(NEW)

    record = await desk.record()
    assert record["status"] == "queued"
    assert record["tenant"] == "acme"
    assert await desk.events() == [("1-0", '{"n":0}'), ("2-0", '{"n":1}')]
    assert await desk.doorbells() == [JOB]
    assert await desk.seconds_until_look() == pytest.approx(5, abs=1)


async def test_each_kind_of_job_has_its_queue(desk: Desk) -> None:
    await desk.jobs.create(NEW_COMPACTION)

    assert await desk.doorbells(Queue.COMPACTION) == [COMPACTION]
    assert await desk.doorbells(Queue.GENERATION) == []
    assert await desk.jobs.queue_depth(Queue.COMPACTION) == 1


async def test_a_record_and_its_events_outlive_the_jobs_deadline(desk: Desk) -> None:
    await desk.jobs.create(NEW)

    for key in (keys.record(JOB), keys.events(JOB)):
        assert await desk.ttl_seconds(key) == pytest.approx(600 + SETTINGS.response_ttl_seconds, abs=2)


async def test_a_job_may_have_no_deadline(desk: Desk) -> None:
    await desk.jobs.create(replace(NEW, deadline_seconds=None))

    assert "deadline" not in await desk.record()


async def test_a_full_queue_takes_no_job_and_nothing_is_written(desk: Desk) -> None:
    for number in range(SETTINGS.max_queued):
        await desk.jobs.create(replace(NEW, id=f"resp_{number}"))
    before = await desk.everything()

    with pytest.raises(TooManyRequests) as refused:
        await desk.jobs.create(replace(NEW, id="resp_too_many"))

    assert refused.value.retry_after_seconds == 60  # nobody has worked of late
    assert await desk.everything() == before


async def test_a_job_that_exists_can_be_joined_however_full_its_queue_is(desk: Desk) -> None:
    for number in range(SETTINGS.max_queued):
        await desk.jobs.create(replace(NEW, id=f"resp_{number}"))

    assert await desk.jobs.create(replace(NEW, id="resp_0")) is False


async def test_a_foreground_response_is_stored_without_having_been_a_job(desk: Desk) -> None:
    await desk.jobs.store(JOB, "completed", {"output": b"all of it"})

    record = await desk.record()
    assert (record["status"], record["output"]) == ("completed", "all of it")
    assert await desk.ttl_seconds(keys.record(JOB)) == pytest.approx(SETTINGS.response_ttl_seconds, abs=2)
    assert await desk.doorbells() == []
    assert await desk.seconds_until_look() is None


async def test_what_is_stored_is_not_stored_over(desk: Desk) -> None:
    await desk.jobs.store(JOB, "completed", {"output": b"first"})

    await desk.jobs.store(JOB, "failed", {"output": b"second"})

    record = await desk.record()
    assert (record["status"], record["output"]) == ("completed", "first")


async def test_an_answer_that_was_lost_does_not_store_twice(stuttering: Desk) -> None:
    await stuttering.jobs.store(JOB, "completed", {"output": b"all of it"})

    assert await stuttering.status() == "completed"
