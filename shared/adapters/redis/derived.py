"""Which compactions were made for a response: they hold its text, and go with it."""

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.jobs import RedisJobs
from shared.settings import Settings


class DerivedCompactions:
    """The compactions of responses, by id: noted before one is asked for, so that none can be missed."""

    def __init__(self, store: Redis, jobs: RedisJobs, settings: Settings) -> None:
        self._store = store
        self._jobs = jobs
        longest = settings.response_deadline_seconds + settings.response_ttl_seconds
        self._ttl_ms = int(longest * 1000)

    async def note(self, compaction_id: str, response_id: str) -> None:
        """Note a compaction that is made, or used, for a response."""
        name = keys.derived(response_id)
        pipeline = self._store.pipeline(transaction=True)
        pipeline.sadd(name, compaction_id)
        pipeline.pexpire(name, self._ttl_ms)
        await pipeline.execute()

    async def check(self, response_id: str) -> None:
        """Remove what was noted of a response that was deleted in the meantime."""
        if not await answer(self._store.exists(keys.record(response_id))):
            await self.remove(response_id)

    async def remove(self, response_id: str) -> None:
        """Remove the compactions of a response, running ones too; turns that wait for one go on without it."""
        for compaction_id in await answer(self._store.smembers(keys.derived(response_id))):
            await self._remove(compaction_id.decode())
        await self._store.delete(keys.derived(response_id))

    async def _remove(self, compaction_id: str) -> None:
        await self._jobs.cancel(compaction_id)
        waiters = await self._jobs.waiters(compaction_id)
        await self._jobs.delete(compaction_id)
        for waiter in waiters:
            await self._jobs.wake(waiter)
