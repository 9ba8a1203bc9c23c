"""Sorted sets of what wants a look, scored by when: many processes may take from one."""

from redis.asyncio import Redis

from shared.adapters.redis.encoding import ids_of

# How long a doorbell may stay unanswered in an empty queue before it counts as lost, and what was taken as
# due before it is due again.
PATIENCE_SECONDS = 5.0


async def take_due(store: Redis, key: str, *, most: int) -> list[str]:
    """Return the first of a sorted set whose time has come, and put each off so that two rarely take one."""
    seconds, microseconds = await store.time()
    now = seconds * 1000 + microseconds // 1000
    due = await ids_of(store.zrangebyscore(key, "-inf", now, start=0, num=most))
    if due:
        await store.zadd(key, dict.fromkeys(due, now + int(PATIENCE_SECONDS * 1000)), xx=True)
    return due
