"""The reconciler gives what was dropped to the next worker, or ends it, and nothing stops it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.client import StoreClient
from shared.adapters.redis.compactions import RedisCompactions
from shared.adapters.redis.connection import connect
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.sealer import AesGcmSealer, new_key
from shared.ending import end_task
from shared.errors import StoreUnreachable
from shared.jobs import SUMMARIZE, Queue
from shared.lifecycle import NewJob
from shared.reconciler import Reconciler
from tests.shared.adapters.redis import compacted
from tests.shared.adapters.redis.desk import ATTEMPTS, COMPACTION, JOB, NEW, NEW_COMPACTION, SETTINGS, Desk

ASKED = replace(compacted.ASKED, ahead=False)  # somebody waits for it
RESULT = compacted.RESULT


class AwayRedis(StoreClient):
    """A client whose looks at jobs cannot reach the server while it is away."""

    is_away = True
    asked = 0
    refused = 0
    answered = 0

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send the command, unless it is a look at a job and the server is away."""
        self.asked += 1
        is_look = "look" in args
        if is_look and self.is_away:
            self.refused += 1
            raise StoreUnreachable("ConnectionError")
        found = await super().execute_command(*args, **options)
        self.answered += is_look
        return found


@pytest.fixture
async def away(redis_url: str) -> AsyncIterator[AwayRedis]:
    async with AwayRedis.from_url(redis_url) as client:
        assert isinstance(client, AwayRedis)
        yield client


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(redis_url) as client:
        yield client


@pytest.fixture
def desk(store: Redis) -> Desk:
    return Desk(store, None, RedisJobs(store, None, SETTINGS))


@pytest.fixture
def compactions(desk: Desk) -> RedisCompactions:
    return RedisCompactions(desk.store, desk.jobs, AesGcmSealer([new_key()]), SETTINGS)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


async def sweep(desk: Desk, compactions: RedisCompactions) -> None:
    """Let everybody's time come to be looked at, and look once."""
    for job_id in await answer(desk.store.zrange(keys.WATCH, 0, -1)):
        await desk.store.zadd(keys.WATCH, {job_id: 0})
    await Reconciler(desk.jobs, compactions).sweep()


async def test_a_job_whose_worker_was_lost_is_given_to_the_next(
    desk: Desk, compactions: RedisCompactions
) -> None:
    await desk.start()
    await desk.let_lease_run_out()

    await sweep(desk, compactions)

    assert await desk.doorbells() == [JOB]
    assert (await desk.take("second")).attempt == 2


async def test_a_doorbell_that_was_lost_is_rung_again(desk: Desk, compactions: RedisCompactions) -> None:
    await desk.jobs.create(NEW)
    await desk.lose_doorbells()
    await desk.let_doorbell_be_silent(5)

    await sweep(desk, compactions)

    assert await desk.doorbells() == [JOB]


async def test_what_goes_on_is_left_alone(desk: Desk, compactions: RedisCompactions) -> None:
    await desk.start()
    before = await desk.everything()

    await sweep(desk, compactions)
    await Reconciler(desk.jobs, compactions).sweep()

    assert await desk.everything() == before


async def parked(desk: Desk, *, waits_for: str = COMPACTION) -> None:
    """Let a turn wait for a compaction that does not know of it: who would have woken it was killed."""
    await desk.jobs.park(await desk.start(), waits_for=waits_for)


async def test_a_turn_waits_as_long_as_its_compaction_is_made(
    desk: Desk, compactions: RedisCompactions
) -> None:
    await parked(desk)
    await compactions.enqueue(ASKED)

    await sweep(desk, compactions)

    assert await desk.status() == "waiting"


@pytest.mark.parametrize("end", ["completed", "failed", "forgotten", "sealed by another key"])
async def test_a_turn_whose_compaction_is_over_is_woken(
    desk: Desk, compactions: RedisCompactions, end: str
) -> None:
    await parked(desk)
    if end != "forgotten":
        await compactions.enqueue(ASKED)
        lease = await desk.take("second", job_id=COMPACTION)
        await (
            compactions.fail(lease, "No.") if end == "failed" else compactions.finish(lease, ASKED, RESULT)
        )
    if end == "sealed by another key":
        compactions = RedisCompactions(desk.store, desk.jobs, AesGcmSealer([new_key()]), SETTINGS)

    await sweep(desk, compactions)

    assert await desk.status() == "queued"
    assert await desk.doorbells() == [JOB]


async def test_a_compaction_that_is_given_up_wakes_who_waits_for_it(
    desk: Desk, compactions: RedisCompactions
) -> None:
    await parked(desk)
    await desk.jobs.join(COMPACTION, JOB)
    await desk.jobs.create(NEW_COMPACTION)
    for number in range(ATTEMPTS):
        await desk.take(f"worker {number}", job_id=COMPACTION)
        await desk.let_lease_run_out(COMPACTION)
        await sweep(desk, compactions)

    assert await desk.status(COMPACTION) == "failed"
    assert await desk.status() == "queued"


async def test_a_compaction_waits_for_a_part_until_that_is_given_up(
    desk: Desk, compactions: RedisCompactions
) -> None:
    await compactions.enqueue(ASKED)
    lease = await desk.take("first", job_id=COMPACTION)
    await desk.jobs.create_parts([NewJob("part_1", SUMMARIZE, {"name": b"1"})], lease)
    await desk.jobs.park(lease, waits_for=COMPACTION)
    seen = []
    for number in range(ATTEMPTS):
        await desk.take(f"worker {number}", job_id="part_1")
        await desk.let_lease_run_out("part_1")
        await sweep(desk, compactions)
        seen.append((await desk.status("part_1"), await desk.status(COMPACTION)))

    assert seen == [("queued", "waiting"), ("queued", "waiting"), ("failed", "queued")]
    assert await desk.doorbells(Queue.COMPACTION) == [COMPACTION]


async def test_a_job_that_cannot_be_looked_after_keeps_no_other_from_it(
    desk: Desk, compactions: RedisCompactions
) -> None:
    await desk.store.set(keys.record("resp_0"), "no record at all")
    await desk.store.zadd(keys.WATCH, {"resp_0": 0})
    await desk.start()
    await desk.let_lease_run_out()

    await sweep(desk, compactions)

    assert await desk.status() == "queued"


async def test_a_sweep_ends_when_redis_cannot_be_reached(
    away: AwayRedis, compactions: RedisCompactions
) -> None:
    await away.zadd(keys.WATCH, {JOB: 0, "resp_2": 0})

    with pytest.raises(StoreUnreachable):
        await Reconciler(RedisJobs(away, None, SETTINGS), compactions).sweep()

    assert away.refused == 1


async def test_a_sweep_that_finds_nothing_is_one_command(
    away: AwayRedis, compactions: RedisCompactions
) -> None:
    """Every process sweeps each second, and mostly nothing is due."""
    sweeps = Reconciler(RedisJobs(away, None, SETTINGS), compactions)
    await sweeps.sweep()  # it asks for the time, too
    before = away.asked

    await sweeps.sweep()

    assert away.asked == before + 1


async def test_it_sweeps_again_after_an_outage(
    desk: Desk, away: AwayRedis, compactions: RedisCompactions
) -> None:
    await desk.start()
    await desk.let_lease_run_out()
    await desk.store.zadd(keys.WATCH, {JOB: 0})
    sweeping = asyncio.create_task(Reconciler(RedisJobs(away, None, SETTINGS), compactions).run())
    await until(lambda: away.refused > 0)

    away.is_away = False
    await desk.store.zadd(keys.WATCH, {JOB: 0})

    await until(lambda: away.answered > 0)
    await end_task(sweeping)
    assert await desk.doorbells() == [JOB]


class StumblingJobs(RedisJobs):
    """Jobs of which the first look fails as nobody foresaw."""

    looks = 0

    async def due(self) -> list[str]:
        """Return the jobs that want a look now, from the second time on."""
        self.looks += 1
        if self.looks == 1:
            raise ValueError
        return await super().due()


async def test_nothing_ends_the_sweeping(desk: Desk, compactions: RedisCompactions) -> None:
    jobs = StumblingJobs(desk.store, None, SETTINGS)
    sweeping = asyncio.create_task(Reconciler(jobs, compactions).run())

    await until(lambda: jobs.looks > 1 or sweeping.done())

    assert jobs.looks > 1
    await end_task(sweeping)
