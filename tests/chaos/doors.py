"""The doors of a chaos run: API processes that come and go, and clients that ask again as real ones do."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from openai import APIConnectionError, APIStatusError, AsyncOpenAI, Timeout

# An API that is frozen answers nothing: another one is asked then.
_TIMEOUT_SECONDS = 8.0
_CONNECT_SECONDS = 3.0
_GIVES_UP_SECONDS = 90.0
_WAITS_SECONDS = 0.25
# What says that another try will help.
_TRY_AGAIN = (429, 503)

_Answer = TypeVar("_Answer")


class Unanswered(Exception):
    """Nobody answered, for as long as no outage of this run lasts."""


class Doors:
    """The official client for each API process. Nothing is retried but what a client is told to retry."""

    def __init__(self, addresses: Sequence[str]) -> None:
        timeout = Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS)
        self._clients = [
            AsyncOpenAI(base_url=address, api_key="test", max_retries=0, timeout=timeout)
            for address in addresses
        ]
        self._next = 0
        self.refusals: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for client in self._clients:
            await client.close()

    async def ask(self, question: Callable[[AsyncOpenAI], Awaitable[_Answer]]) -> _Answer:
        """Ask one door after another until one answers; raises what is no reason to ask again."""
        deadline = time.monotonic() + _GIVES_UP_SECONDS
        while time.monotonic() < deadline:
            try:
                return await question(self.any())
            except APIConnectionError as error:
                self.refusals[type(error).__name__] += 1
            except APIStatusError as error:
                self.refusals[f"HTTP {error.status_code}"] += 1
                if error.status_code not in _TRY_AGAIN:
                    raise
            await asyncio.sleep(_WAITS_SECONDS)
        raise Unanswered

    def any(self) -> AsyncOpenAI:
        """Return the next door's client, as a balancer would."""
        self._next += 1
        return self._clients[self._next % len(self._clients)]
