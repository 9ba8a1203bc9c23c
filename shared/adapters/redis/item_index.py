"""Where an item is that a client names by its id alone: the response that put it out."""

from collections.abc import Sequence

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer, decode_items
from shared.settings import Settings
from shared.wire.items import Item


class ItemIndex:
    """Output items by id: an entry is the id of a response, so that a deleted one takes its items with it."""

    def __init__(self, store: Redis, settings: Settings) -> None:
        self._store = store
        self._ttl_ms = settings.response_ttl_seconds * 1000

    def note_in(self, pipeline: Pipeline, response_id: str, output: Sequence[Item]) -> None:
        """Note the output items of a response, in the transaction that stores it."""
        for item in output:
            if item.id:
                pipeline.set(keys.whereabouts(item.id), response_id, px=self._ttl_ms)

    async def find(self, item_ids: Sequence[str], tenant: str) -> list[Item]:
        """Return those of these items that responses of this tenant put out, in two round trips."""
        if not item_ids:
            return []
        names = [keys.whereabouts(item_id) for item_id in item_ids]
        found: list[bytes | None] = await answer(self._store.mget(names))
        pipeline = self._store.pipeline(transaction=False)
        for response_id in {response_id.decode() for response_id in found if response_id}:
            pipeline.hmget(keys.record(response_id), ["tenant", "output"])
        return [
            entry.item
            for owner, output in await pipeline.execute()
            if owner == tenant.encode()
            for entry in decode_items(output)
            if entry.item.id in item_ids
        ]

    async def forget(self, items: Sequence[Item]) -> None:
        """Drop what was noted of these items."""
        names = [keys.whereabouts(item.id) for item in items if item.id]
        if names:
            await self._store.delete(*names)
