"""Reading bodies: a small one at once, a large one beside the loop, so that other requests go on meanwhile."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from api.validation.parsing import parse_json_body

# Reading this many bytes takes a millisecond or a few.
READ_INLINE_BYTES = 100_000

_Read = TypeVar("_Read")


async def read_json(body: bytes, parse: Callable[[object], _Read]) -> _Read:
    """Return what `parse` makes of the JSON in a body. Raises InvalidRequest, as `parse` does."""
    return await read_body(body, lambda text: parse(parse_json_body(text)))


async def read_body(body: bytes, parse: Callable[[bytes], _Read]) -> _Read:
    """Return what `parse` makes of a body."""
    if len(body) <= READ_INLINE_BYTES:
        return parse(body)
    return await asyncio.to_thread(parse, body)
