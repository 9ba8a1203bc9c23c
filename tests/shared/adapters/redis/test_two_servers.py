"""Where the broker is another server, the record is written first, and the doorbell may be lost on the way."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from api.embedded import EmbeddedServer
from shared.adapters.celery import LOW, NORMAL, queue_key
from shared.adapters.redis.connection import connect
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.jobs import RedisJobs
from shared.errors import TooManyRequests
from shared.jobs import SUMMARIZE, Queue
from shared.lifecycle import Found, Lease, NewJob
from tests.shared.adapters.redis.conftest import StutteringRedis
from tests.shared.adapters.redis.desk import COMPACTION, COMPLETED, JOB, NEW, NEW_COMPACTION, SETTINGS, Desk


@pytest.fixture(scope="module")
def broker_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("broker")) as other:
        yield other


@pytest.fixture
async def broker(broker_server: EmbeddedServer) -> AsyncIterator[Redis]:
    async with connect(broker_server.url) as client:
        await client.flushall()
        yield client
        await client.config_set("maxmemory", 0)


@pytest.fixture
def apart(server: Redis, broker: Redis) -> Desk:
    """Jobs whose doorbells hang on another server."""
    return Desk(server, broker, RedisJobs(server, broker, SETTINGS))


@pytest.fixture
async def stuttering_apart(redis_url: str, broker: Redis) -> AsyncIterator[Desk]:
    """The same, where each script's first answer is lost, and the doorbell that it brought."""
    async with StutteringRedis.from_url(redis_url) as client:
        yield Desk(client, broker, RedisJobs(client, broker, SETTINGS))


async def test_doorbells_ring_at_the_broker_and_records_are_in_the_store(apart: Desk, broker: Redis) -> None:
    await apart.jobs.create(NEW)

    assert await apart.doorbells() == [JOB]
    assert await apart.status() == "queued"
    assert await apart.jobs.queue_depth(Queue.GENERATION) == 1
    assert await answer(broker.dbsize()) == 1


async def test_every_way_into_the_queue_rings_at_the_broker(apart: Desk) -> None:
    lease = await apart.start("first")
    await apart.jobs.release(lease)
    assert await apart.doorbells() == [JOB]

    lease = await apart.take("second")
    await apart.jobs.park(lease, waits_for="cmp_1")
    assert await apart.doorbells() == []
    await apart.jobs.wake(JOB)
    assert await apart.doorbells() == [JOB]

    lease = await apart.take("third")
    await apart.jobs.wake(JOB)
    await apart.jobs.park(lease, waits_for="cmp_1")
    assert await apart.doorbells() == [JOB]

    await apart.take("fourth")
    await apart.let_lease_run_out()
    assert (await apart.jobs.look(JOB, queue_depth=0)).found is Found.TAKEN
    assert await apart.doorbells() == [JOB]

    await apart.lose_doorbells()
    await apart.let_doorbell_be_silent(5)
    assert (await apart.jobs.look(JOB, queue_depth=0)).found is Found.RUNG
    assert await apart.doorbells() == [JOB]


async def test_a_doorbell_that_was_lost_with_its_answer_comes_with_the_next(stuttering_apart: Desk) -> None:
    await stuttering_apart.jobs.create(NEW)
    assert await stuttering_apart.doorbells() == [JOB]

    await stuttering_apart.jobs.release(await stuttering_apart.take("first"))
    assert await stuttering_apart.doorbells() == [JOB]

    lease = await stuttering_apart.take("second")
    await stuttering_apart.jobs.park(lease, waits_for="cmp_1")
    await stuttering_apart.jobs.wake(JOB)
    assert await stuttering_apart.doorbells() == [JOB]

    lease = await stuttering_apart.take("third")
    await stuttering_apart.jobs.wake(JOB)
    await stuttering_apart.jobs.park(lease, waits_for="cmp_1")
    assert await stuttering_apart.doorbells() == [JOB]


@pytest.mark.parametrize("stutters", [False, True], ids=["", "though the first answer is lost"])
async def test_parts_and_the_compaction_that_they_wake_are_rung_for_at_the_broker(
    apart: Desk, stuttering_apart: Desk, stutters: bool
) -> None:
    apart = stuttering_apart if stutters else apart
    lease = await apart.start(job=NEW_COMPACTION)
    part = NewJob("part_1", SUMMARIZE, {"name": b"1"})

    await apart.jobs.create_parts([part], lease)
    assert await apart.doorbells(Queue.COMPACTION) == ["part_1"]
    await apart.jobs.park(lease, waits_for=COMPACTION)
    lease = await apart.take("worker", job_id="part_1")
    await apart.jobs.finish(lease, COMPLETED)

    assert await apart.doorbells(Queue.COMPACTION) == [COMPACTION]


async def test_a_full_queue_at_the_broker_takes_no_job(apart: Desk) -> None:
    for number in range(SETTINGS.max_queued):
        await apart.jobs.create(replace(NEW, id=f"resp_{number}"))

    with pytest.raises(TooManyRequests):
        await apart.jobs.create(replace(NEW, id="resp_too_many"))

    assert await apart.status("resp_too_many") == ""


async def test_a_job_is_accepted_though_its_doorbell_is_lost_on_the_way(apart: Desk, broker: Redis) -> None:
    await broker.config_set("maxmemory", 1)

    assert await apart.jobs.create(NEW)

    assert await apart.doorbells() == []
    assert await apart.seconds_until_look() == pytest.approx(5, abs=1)


async def _list_lengths(broker: Redis) -> dict[str, int]:
    lengths = {}
    for name, priority in (("front", NORMAL), ("back", LOW)):
        lengths[name] = await answer(broker.llen(queue_key(Queue.COMPACTION, priority=priority)))
    return lengths


async def test_what_can_wait_is_rung_for_behind_what_cannot(apart: Desk, broker: Redis) -> None:
    can_wait = replace(NEW_COMPACTION, can_wait=True)
    await apart.jobs.create(can_wait)
    assert await _list_lengths(broker) == {"front": 0, "back": 1}

    lease = await apart.answer_doorbell("first", Queue.COMPACTION)
    assert isinstance(lease, Lease)
    await apart.jobs.release(lease)
    assert await _list_lengths(broker) == {"front": 0, "back": 1}

    await apart.jobs.hurry(COMPACTION)
    assert await _list_lengths(broker) == {"front": 1, "back": 1}


async def test_hurry_reaches_the_parts_though_nobody_rings_for_them_again(apart: Desk, broker: Redis) -> None:
    lease = await apart.start(job=replace(NEW_COMPACTION, can_wait=True))
    await apart.jobs.create_parts([NewJob("part_1", SUMMARIZE, {"name": b"1"})], lease)
    before = await _list_lengths(broker)
    record = await apart.record("part_1")

    await apart.jobs.hurry(COMPACTION)

    lines = await apart.lines()
    assert {name for name in lines if "ready" in name} == {"ready:compaction:"}
    assert await _list_lengths(broker) == before
    assert (await apart.record("part_1"))["rings"] == record["rings"]
