"""Ending asyncio tasks for certain."""

import asyncio
from typing import Any

# A cancellation can be swallowed on its way: wait_for of Python 3.11 does, when its result comes just then. Not
# much sooner, for the next one would break off what the task does to end well: a response that is being stored.
_AGAIN_SECONDS = 5.0


async def end_task(task: asyncio.Task[Any]) -> None:
    """Cancel the task until it has ended, which may take it some seconds.

    Its outcome is nobody's any more, so its errors are not raised.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_SECONDS)
    if not task.cancelled():
        task.exception()
