"""Sending at full speed: a few threads, over connections that stay open."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

import httpx

from tests.fuzz.answers import Answer
from tests.fuzz.calls import Call
from tests.fuzz.tally import Tally

_THREADS = 4
# An answer that takes longer has hung.
TIMEOUT_SECONDS = 20.0


class Senders(AbstractContextManager["Senders"]):
    """Threads that send what they are given; leaving the context waits for every answer."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS)
        self._free = threading.Semaphore(2 * _THREADS)
        self._failures: list[BaseException] = []

    def __enter__(self) -> Self:
        """Take work."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what was given; raises what went wrong in a thread."""
        self._pool.shutdown()
        if self._failures and error is None:
            raise self._failures[0]

    def give(self, work: Callable[[], None]) -> None:
        """Have `work` done soon; waits while all are busy."""
        self._free.acquire()
        self._pool.submit(self._do, work)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as failure:  # told where the context is left
            self._failures.append(failure)
        finally:
            self._free.release()


def new_client() -> httpx.Client:
    """Return a client whose connections are closed before the server, at rest for 5 s, does it."""
    return httpx.Client(timeout=TIMEOUT_SECONDS, limits=httpx.Limits(keepalive_expiry=2.0), trust_env=False)


class Door:
    """The server's address, and the tally of what it answers."""

    def __init__(self, root: str, tally: Tally, client: httpx.Client) -> None:
        self._root = root
        self._tally = tally
        self._client = client

    def send(self, call: Call) -> None:
        """Send a request and count its answer; none is a broken promise."""
        target = self._tally.with_known(call.target.encode()).decode()
        body = self._tally.with_known(call.body)
        sent = f"{call.method} {target} {call.headers}\n".encode() + body
        try:
            answer = self._answer(call, target, body)
        except httpx.HTTPError as error:
            self._tally.broke(call.operation, f"no answer: {type(error).__name__}", sent)
        else:
            self._tally.add(call.operation, answer, sent)

    def _answer(self, call: Call, target: str, body: bytes) -> Answer:
        began = time.monotonic()
        answer = self._client.request(
            call.method,
            self._root + target,
            headers=call.headers,
            content=_chunks(body) if call.chunked else body,
        )
        return Answer(
            method=call.method,
            path=target.partition("?")[0],
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content,
            seconds=time.monotonic() - began,
        )


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 1_000):
        yield body[start : start + 1_000]
