"""Which compactions were made for a response, or for the next turn of a conversation."""

from collections.abc import Collection, Sequence

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.ahead import AheadOutcomes
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.jobs import RedisJobs
from shared.settings import Settings


class DerivedCompactions:
    """The compactions of responses, by id: noted before one is asked for, so that none can be missed.

    They hold a response's text, and go with it. What is made ahead for the next turn of a conversation is noted with
    that, too, but stays: it is given up.
    """

    def __init__(self, store: Redis, jobs: RedisJobs, settings: Settings) -> None:
        self._store = store
        self._jobs = jobs
        self._ahead = AheadOutcomes(store, jobs, settings)
        longest = settings.response_deadline_seconds + settings.response_ttl_seconds
        self._ttl_ms = int(longest * 1000)

    async def note(self, compaction_id: str, owner_id: str) -> None:
        """Note a compaction that is made, or used, for a response, or made ahead for a conversation."""
        name = keys.derived(owner_id)
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

    async def give_up(self, owner_ids: Sequence[str], *, but: Collection[str] = ()) -> None:
        """Give up what was made ahead for these and was never used, `but` these compactions."""
        pipeline = self._store.pipeline(transaction=False)
        for owner_id in owner_ids:
            pipeline.smembers(keys.derived(owner_id))
        found: list[set[bytes]] = await pipeline.execute()
        await self._ahead.give_up(sorted({each.decode() for ids in found for each in ids} - set(but)))
        for owner_id, ids in zip(owner_ids, found, strict=True):
            # Of a response they stand there until it is deleted.
            if ids and owner_id.startswith("conv_"):
                await answer(self._store.srem(keys.derived(owner_id), *ids))

    async def check_conversation(self, conversation_id: str) -> None:
        """Give up what was noted of a conversation that was deleted in the meantime."""
        if not await answer(self._store.exists(keys.record(conversation_id))):
            await self.give_up([conversation_id])

    async def _remove(self, compaction_id: str) -> None:
        await self._ahead.give_up([compaction_id])
        await self._jobs.cancel(compaction_id)
        waiters = await self._jobs.waiters(compaction_id)
        await self._jobs.delete(compaction_id)
        for waiter in waiters:
            await self._jobs.wake(waiter)
