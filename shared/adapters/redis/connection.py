"""Connections to Redis, and what all processes agree on before they work with it."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.sealer import new_key

SOCKET_TIMEOUT_SECONDS = 10.0
CONNECT_TIMEOUT_SECONDS = 5.0


def connect(url: str) -> Redis:
    """Return a client; whoever makes it closes it. Short outages are retried: every script may run twice."""
    return Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), retries=4),
    )


async def agreed_encryption_key(store: Redis, *, ttl_seconds: int) -> str:
    """Return the key that all processes on this Redis seal with when the operator gave none.

    The first process makes it; each one that starts extends its life.
    """
    await store.set(keys.ENCRYPTION_KEY, new_key(), nx=True)
    key: bytes = await answer(store.getex(keys.ENCRYPTION_KEY, ex=ttl_seconds))
    return key.decode()
