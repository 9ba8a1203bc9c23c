"""News between processes over Redis's pub/sub: the id of a job, when it ends."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Self

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from shared.adapters.redis import keys
from shared.ending import end_task
from shared.wire.model import JsonObject

_log = structlog.get_logger()
_RECONNECT_SECONDS = 0.5
# Who opens waits so long at most for the subscription: without Redis there is no news, and all else says so.
_SUBSCRIBE_SECONDS = 2.0


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
            # Not wait_for: it swallows a cancellation that comes with the news, as one does at a job's end.
            async with asyncio.timeout(timeout_seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class RedisSignals:
    """The port `Signals` on one subscription per process, made again whenever it breaks."""

    def __init__(self, store: Redis) -> None:
        """Take a client of its own, which never tries again: who reads and who subscribes would do it at once."""
        self._store = store
        # By the id of a job for news of its end, by a channel's name for news of a response's events.
        self._bells: dict[str, set[RedisBell]] = defaultdict(set)
        self._subscription: PubSub | None = None
        # A connection that is closed goes to whoever connects next: nobody may still write to it then.
        self._changing = asyncio.Lock()
        self._listener: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._listener = asyncio.create_task(self._listen(), name="signals")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._subscribed.wait(), _SUBSCRIBE_SECONDS)
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Stop listening."""
        if self._listener is not None:
            await end_task(self._listener)

    @asynccontextmanager
    async def watch(self, job_id: str) -> AsyncIterator[RedisBell]:
        """Listen for news of a job's end from now on."""
        bell = RedisBell()
        with self._hung(job_id, bell):
            yield bell

    @asynccontextmanager
    async def follow(self, response_id: str) -> AsyncIterator[RedisBell]:
        """Listen for news of a response's events, and of its end."""
        bell = RedisBell()
        channel = keys.told(response_id)
        with self._hung(response_id, bell), self._hung(channel, bell):
            await self._change(PubSub.subscribe, channel)
            try:
                yield bell
            finally:
                if self._bells[channel] == {bell}:
                    await self._change(PubSub.unsubscribe, channel)

    @contextmanager
    def _hung(self, name: str, bell: RedisBell) -> Iterator[None]:
        self._bells[name].add(bell)
        try:
            yield
        finally:
            self._bells[name].discard(bell)
            if not self._bells[name]:
                del self._bells[name]

    async def _change(self, change: Callable[[PubSub, str], Awaitable[object]], channel: str) -> None:
        async with self._changing:
            if self._subscription is None:
                return  # whoever listens next subscribes to all that is followed
            try:
                await change(self._subscription, channel)
            except (RedisError, OSError) as error:
                _log.warning("signals_interrupted", error=type(error).__name__)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (RedisError, OSError) as error:
                _log.warning("signals_interrupted", error=type(error).__name__)
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        async with self._store.pubsub() as subscription:
            followed = [name for name in self._bells if keys.is_told(name)]
            await subscription.subscribe(keys.SIGNALS, *followed)
            self._subscription = subscription
            try:
                while True:
                    # Redis closes no idle subscription; the limit only lets a dead connection be noticed.
                    message = await subscription.get_message(timeout=10.0)
                    if message is not None:
                        self._hear(message)
            finally:
                async with self._changing:
                    self._subscription = None

    def _hear(self, message: JsonObject) -> None:
        channel = message["channel"].decode()
        # That a subscription begins is news too: something may have been told just before.
        if message["type"] == "subscribe" and channel == keys.SIGNALS:
            self._subscribed.set()
            for name in self._bells:
                self._ring(name)
        elif message["type"] == "message" and channel == keys.SIGNALS:
            self._ring(message["data"].decode())
        elif message["type"] != "unsubscribe":
            self._ring(channel)

    def _ring(self, name: str) -> None:
        for bell in self._bells.get(name, ()):
            bell.ring()
