"""A task is ended for certain, and in its own time."""

import asyncio

from shared.ending import end_task


async def test_a_task_has_time_to_end_well() -> None:
    """As a turn does whose client left, and whose response is stored: Redis may take a while."""
    begun, stored = asyncio.Event(), []

    async def turn() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.7)
            stored.append("cancelled")

    running = asyncio.create_task(turn())
    await begun.wait()

    await end_task(running)

    assert stored == ["cancelled"]
