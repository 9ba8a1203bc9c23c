"""Sorted sets of what wants a look, scored by when: many processes may take from one."""

import time

from redis.asyncio import Redis

from shared.adapters.redis.encoding import ids_of

# How long a doorbell may stay unanswered in an empty queue before it counts as lost, and what was taken as
# due before it is due again.
PATIENCE_SECONDS = 5.0

# How long Redis's clock is told by this machine's before it is asked again: so late is a look at most, or too
# early, which changes nothing, when one of them is set.
_CLOCK_SECONDS = 10.0


class DueSet:
    """One such set. Every process asks each second, and mostly nothing is due: that is one command."""

    def __init__(self, store: Redis, key: str, *, most: int) -> None:
        """Take the set's name, and how many are taken at a time."""
        self._store = store
        self._key = key
        self._most = most
        self._ahead_seconds = 0.0
        self._asked_at = float("-inf")

    async def take(self) -> list[str]:
        """Return the first of those whose time has come, and put each off so that two rarely take one."""
        now = await self._now_ms()
        due = await ids_of(self._store.zrangebyscore(self._key, "-inf", now, start=0, num=self._most))
        if due:
            later = now + int(PATIENCE_SECONDS * 1000)
            await self._store.zadd(self._key, dict.fromkeys(due, later), xx=True)
        return due

    async def _now_ms(self) -> int:
        """Return the time by Redis's clock."""
        here = time.time()
        if not self._asked_at <= here < self._asked_at + _CLOCK_SECONDS:
            seconds, microseconds = await self._store.time()
            self._ahead_seconds = seconds + microseconds / 1e6 - here
            self._asked_at = here
        return int((here + self._ahead_seconds) * 1000)
