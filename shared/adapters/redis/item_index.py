"""Where an item is that a client names by its id alone: the response that put it out, or was given it.

Entries of output items are written by the script that ends the response, in the same step. Input items that came
without an id have none: the id that they were given says which response has them.
"""

from collections.abc import Sequence

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import decode_items
from shared.ids import holder_of
from shared.settings import Settings
from shared.wire.items import Item

# A client may name hundreds of thousands: Redis does other work between as many as these.
_BATCH = 1000


class ItemIndex:
    """Output items by id: an entry is the id of a response, so that a deleted one takes its items with it."""

    def __init__(self, store: Redis, settings: Settings) -> None:
        self._store = store
        self._ttl_ms = settings.response_ttl_seconds * 1000

    def keep_in(self, pipeline: Pipeline, items: Sequence[Item]) -> None:
        """Have these output items found for as long as their response, which is kept for its time again."""
        for name in entries_of(items):
            pipeline.pexpire(name, self._ttl_ms, gt=True)

    async def find(self, item_ids: Sequence[str], tenant: str) -> list[Item]:
        """Return those of these items that responses of this tenant put out or were given: two round trips."""
        wanted = set(item_ids)
        if not wanted:
            return []
        names = [keys.whereabouts(item_id) for item_id in wanted]
        pipeline = self._store.pipeline(transaction=False)
        for start in range(0, len(names), _BATCH):
            pipeline.mget(names[start : start + _BATCH])
        found = [
            response_id.decode() for batch in await pipeline.execute() for response_id in batch if response_id
        ]
        given = {holder for item_id in wanted if (holder := holder_of(item_id, "resp"))}
        for response_id in given.union(found):
            pipeline.hmget(
                keys.record(response_id), ["tenant", "output", *(["input"] if response_id in given else [])]
            )
        return [
            entry.item
            for owner, *bodies in await pipeline.execute()
            if owner == tenant.encode()
            for body in bodies
            for entry in decode_items(body)
            if entry.item.id in wanted
        ]

    async def forget(self, items: Sequence[Item]) -> None:
        """Drop what was noted of these items."""
        names = entries_of(items)
        if names:
            await self._store.delete(*names)


def entries_of(items: Sequence[Item]) -> list[str]:
    """Return the keys of the entries of these items; each is to hold the id of the response."""
    return [keys.whereabouts(item.id) for item in items if item.id]
