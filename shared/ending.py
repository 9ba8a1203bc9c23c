"""Ending asyncio tasks for certain, and what must not be broken off by it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

# A cancellation can be swallowed on its way: wait_for of Python 3.11 does, when its result comes just then, and
# redis-py sends every command in one.
_AGAIN_SECONDS = 0.5

_Made = TypeVar("_Made")


async def end_task(task: asyncio.Task[Any]) -> None:
    """Cancel the task until it has ended, also when this one is cancelled meanwhile.

    Its outcome is nobody's any more, so its errors are not raised. What it does to end well must stand in
    `to_its_end`, or a later cancellation breaks it off.
    """
    cancelled = False
    while not task.done():
        task.cancel()
        try:
            await asyncio.wait({task}, timeout=_AGAIN_SECONDS)
        except asyncio.CancelledError:
            cancelled = True
    if not task.cancelled():
        task.exception()
    if cancelled:
        raise asyncio.CancelledError


async def to_its_end(work: Coroutine[Any, Any, _Made]) -> _Made:
    """Return what the work comes to, however often this task is cancelled meanwhile: it is so afterwards."""
    working = asyncio.create_task(work)
    cancelled = False
    while not working.done():
        try:
            await asyncio.wait({working})
        except asyncio.CancelledError:
            cancelled = True
    made = working.result()
    if cancelled:
        raise asyncio.CancelledError
    return made
