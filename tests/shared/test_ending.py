"""A task is ended for certain, and what it does to end well is done."""

import asyncio

import pytest

from shared.ending import end_task, to_its_end


async def test_what_a_task_does_to_end_well_is_done() -> None:
    """As for a turn whose client left, and whose response is stored: Redis may take a while."""
    begun, stored = asyncio.Event(), list[str]()

    async def store() -> None:
        await asyncio.sleep(0.7)
        stored.append("cancelled")

    async def turn() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await to_its_end(store())

    running = asyncio.create_task(turn())
    await begun.wait()

    await end_task(running)

    assert stored == ["cancelled"]
    assert running.cancelled()


async def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same() -> None:
    begun = asyncio.Event()

    async def swallow() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    running = asyncio.create_task(swallow())
    await begun.wait()

    await end_task(running)

    assert running.cancelled()


async def test_who_is_cancelled_while_it_ends_another_leaves_nothing_running() -> None:
    begun, ending = asyncio.Event(), asyncio.Event()

    async def inner() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            ending.set()
            await to_its_end(asyncio.sleep(0.05))

    running = asyncio.create_task(inner())
    await begun.wait()
    outer = asyncio.create_task(end_task(running))
    await ending.wait()
    outer.cancel()

    with pytest.raises(asyncio.CancelledError):
        await outer
    assert running.done()


async def test_what_goes_to_its_end_tells_what_it_came_to() -> None:
    async def fail() -> None:
        raise ValueError("no")

    assert await to_its_end(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ValueError, match="no"):
        await to_its_end(fail())
