"""News between processes over Redis's pub/sub: the id of a job, when it ends."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.adapters.redis import keys
from shared.ending import end_task

_log = structlog.get_logger()
_RECONNECT_SECONDS = 0.5


class RedisBell:
    """Rings when there is news of one job."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Tell whoever waits."""
        self._rung.set()

    async def wait(self, timeout_seconds: float) -> bool:
        """Wait for news; False when none came in time."""
        try:
            await asyncio.wait_for(self._rung.wait(), timeout_seconds)
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class RedisSignals:
    """The port `Signals` on one subscription per process, made again whenever it breaks."""

    def __init__(self, store: Redis) -> None:
        self._store = store
        self._bells: dict[str, set[RedisBell]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._listener = asyncio.create_task(self._listen(), name="signals")
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Stop listening."""
        if self._listener is not None:
            await end_task(self._listener)

    @asynccontextmanager
    async def watch(self, job_id: str) -> AsyncIterator[RedisBell]:
        """Listen for news of a job from now on."""
        bell = RedisBell()
        self._bells[job_id].add(bell)
        try:
            yield bell
        finally:
            self._bells[job_id].discard(bell)
            if not self._bells[job_id]:
                del self._bells[job_id]

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (RedisError, OSError) as error:
                _log.warning("signals_interrupted", error=type(error).__name__)
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        async with self._store.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(keys.SIGNALS)
            while True:
                # Redis closes no idle subscription; the time limit only lets a dead connection be noticed.
                message = await subscription.get_message(timeout=10.0)
                if message is not None:
                    self._ring(message["data"].decode())

    def _ring(self, job_id: str) -> None:
        for bell in self._bells.get(job_id, ()):
            bell.ring()
