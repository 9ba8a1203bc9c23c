"""Progress of a background turn: what the log refuses ends the turn, and is told once."""

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import pytest

from shared.errors import LeaseLost
from shared.lifecycle import Lease
from shared.wire.model import JsonObject
from workers.progress import LoggedProgress

EVENT: JsonObject = {"type": "response.in_progress", "sequence_number": 2}


class _RefusingLog:
    """An event log whose lease is lost."""

    async def append(self, lease: Lease, _first: int, _events: Sequence[JsonObject]) -> None:
        raise LeaseLost

    async def read(self, _response_id: str, *, after: int = -1) -> list[JsonObject]:
        return []


async def test_a_turn_that_breaks_off_leaves_no_error_that_nobody_hears_of() -> None:
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unheard.append(context))
    with pytest.raises(ZeroDivisionError):
        await _break_off()
    gc.collect()
    assert unheard == []


async def _break_off() -> None:
    lease = Lease("resp_1", 1, "me")
    async with LoggedProgress(_RefusingLog(), lease, interval_seconds=0) as progress:
        await progress.send([EVENT])
        await asyncio.sleep(0)  # the log refuses it meanwhile
        raise ZeroDivisionError
