"""Connections to Redis, and what all processes agree on before they work with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError

from shared.adapters.redis import keys
from shared.adapters.redis.client import StoreClient
from shared.adapters.redis.encoding import answer
from shared.adapters.sealer import new_key
from shared.ending import end_task
from shared.errors import StoreUnreachable

SOCKET_TIMEOUT_SECONDS = 10.0
CONNECT_TIMEOUT_SECONDS = 5.0
MAX_CONNECTIONS = 100
_KEEP_ALIVE_SECONDS = 3600.0

_log = structlog.get_logger()


def connect(url: str, *, retries: int = 4) -> Redis:
    """Return a client; whoever makes it closes it. Short outages are retried: every script may run twice.

    Longer ones are raised as StoreUnreachable. Hundreds of jobs share its connections: they wait for one that is
    free, rather than fail.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=SOCKET_TIMEOUT_SECONDS,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), retries=retries),
    )
    return StoreClient.from_pool(pool)


@asynccontextmanager
async def agreed_encryption_key(store: Redis, *, ttl_seconds: int) -> AsyncIterator[str]:
    """Give the key that all processes on this Redis seal with when the operator gave none.

    The first process makes it, and every one that runs keeps it alive: it goes when nobody came back for
    so long that nothing it sealed is left either.
    """
    key = await _agree(store, new_key(), ttl_seconds)
    keeping = asyncio.create_task(_keep_alive(store, key, ttl_seconds))
    try:
        yield key.decode()
    finally:
        await end_task(keeping)


def keep_alive_seconds(ttl_seconds: int) -> float:
    """Return how often to keep alive what lives so long without."""
    return min(ttl_seconds / 3, _KEEP_ALIVE_SECONDS)


async def _agree(store: Redis, key: str | bytes, ttl_seconds: int) -> bytes:
    """Offer a key, and return the one that holds, which lives on."""
    await store.set(keys.ENCRYPTION_KEY, key, nx=True, ex=ttl_seconds)
    agreed: bytes = await answer(store.getex(keys.ENCRYPTION_KEY, ex=ttl_seconds))
    return agreed


async def _keep_alive(store: Redis, key: bytes, ttl_seconds: int) -> None:
    while True:
        await asyncio.sleep(keep_alive_seconds(ttl_seconds))
        try:
            # A server that lost all it knew is told the key again: others may know it already.
            if await _agree(store, key, ttl_seconds) != key:
                _log.error("encryption_key_differs")
        except StoreUnreachable:
            continue
        except RedisError as error:
            # Without the key all that was sealed would be lost: nothing may end this.
            _log.error("encryption_key_not_kept", error=type(error).__name__)
