"""A worker works while its lease holds, and does what follows from the end that it has made itself."""

import asyncio

import pytest

from shared.errors import LeaseLost
from shared.lifecycle import Lease
from shared.services import Services, open_services
from shared.settings import Settings
from tests.shared.adapters.redis.turns import accepted_turn, answered
from workers.holding import hold

TURN = accepted_turn()


async def test_what_follows_from_the_end_of_its_job_is_done_too(redis_url: str) -> None:
    done = asyncio.Event()

    async def work() -> None:
        async with services.signals.watch(TURN.id) as bell:
            await services.responses.finish(lease, TURN, answered(TURN))
            assert await bell.wait(5)
        # Who watches over the work has heard of the end by now as well, and has time to look.
        for _ in range(10):
            assert await services.jobs.renew(lease)
        done.set()

    async with open_services(Settings(redis_url=redis_url)) as services:
        lease = await claimed(services)
        await hold(services, lease, work(), drained=asyncio.Event())
    assert done.is_set()


async def test_work_on_a_job_that_somebody_else_ended_is_broken_off(redis_url: str) -> None:
    async with open_services(Settings(redis_url=redis_url)) as services:
        lease = await claimed(services)

        async def work() -> None:
            await services.jobs.cancel(TURN.id)
            await asyncio.Event().wait()

        with pytest.raises(LeaseLost):
            await hold(services, lease, work(), drained=asyncio.Event())


async def test_work_on_a_job_that_was_cancelled_before_anybody_listened_is_broken_off_at_once(
    redis_url: str,
) -> None:
    async with open_services(Settings(redis_url=redis_url)) as services:
        lease = await claimed(services)
        await services.jobs.cancel(TURN.id)

        with pytest.raises(LeaseLost):
            async with asyncio.timeout(2):
                await hold(services, lease, endless(), drained=asyncio.Event())


async def endless() -> None:
    await asyncio.Event().wait()


async def claimed(services: Services) -> Lease:
    """Return the lease of a turn that was just accepted."""
    await services.responses.enqueue(TURN)
    lease = await services.jobs.claim(TURN.id, "worker")
    assert isinstance(lease, Lease)
    return lease
