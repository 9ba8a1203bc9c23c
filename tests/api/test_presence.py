"""Work for a client that hangs up ends with it."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from api.presence import ClientGone, while_there


async def test_a_client_that_hangs_up_ends_the_work_that_was_for_it() -> None:
    ended = asyncio.Event()

    async def hang_up() -> Message:
        return {"type": "http.disconnect"}

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(ClientGone):
        await while_there(Request({"type": "http"}, hang_up), work())
    assert ended.is_set()


async def test_what_is_done_is_answered() -> None:
    async def stay() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def work() -> str:
        return "done"

    assert await while_there(Request({"type": "http"}, stay), work()) == "done"
