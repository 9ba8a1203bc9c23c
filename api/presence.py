"""Presence: work that is for one client ends when that client hangs up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from shared.ending import end_task
from shared.errors import RequestError

_Done = TypeVar("_Done")


class ClientGone(RequestError):
    """The client closed the connection before its answer was complete."""


async def while_there(request: Request, work: Coroutine[Any, Any, _Done]) -> _Done:
    """Return what the work comes to. A client that hangs up ends it, which raises ClientGone."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_until_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        await end_task(working)
        await end_task(leaving)


async def _until_gone(request: Request) -> None:
    # The body has been read: what comes now is the end of the connection.
    while (await request.receive())["type"] != "http.disconnect":
        pass
