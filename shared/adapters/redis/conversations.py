"""Conversations in Redis: what they are, what is in them, and which turn has one for itself."""

import json
import secrets
from collections.abc import Sequence

from redis.asyncio import Redis

from shared.adapters.redis.conversation_script import ConversationScript
from shared.adapters.redis.encoding import decode_each
from shared.errors import InvalidRequest
from shared.settings import Settings
from shared.turns import Turn
from shared.window.payload import SizedItem
from shared.wire.conversations import Conversation
from shared.wire.items import Item
from shared.wire.model import JsonObject
from shared.wire.wording import shown


class RedisConversations:
    """The port `Conversations` on Redis."""

    def __init__(self, store: Redis, settings: Settings) -> None:
        self._script = ConversationScript(store, settings)

    async def create(self, conversation: Conversation, tenant: str, items: Sequence[SizedItem]) -> None:
        """Store a new conversation with its first items. Raises InvalidRequest for two items with one id."""
        await self._script.run(
            "create",
            conversation.id,
            tenant,
            items=items,
            nonce=secrets.token_hex(8),
            created_at=str(conversation.created_at),
            metadata=json.dumps(conversation.metadata),
        )

    async def load(self, conversation_id: str, tenant: str) -> Conversation:
        """Return a conversation without its items. Raises NotFound."""
        return _conversation(conversation_id, await self._script.run("load", conversation_id, tenant))

    async def update(self, conversation_id: str, tenant: str, metadata: dict[str, str]) -> Conversation:
        """Set the metadata and return the conversation. Raises NotFound."""
        said = await self._script.run("update", conversation_id, tenant, metadata=json.dumps(metadata))
        return _conversation(conversation_id, said)

    async def delete(self, conversation_id: str, tenant: str) -> None:
        """Remove the conversation with all its items. Raises NotFound."""
        await self._script.run("delete", conversation_id, tenant)

    async def add(self, conversation_id: str, tenant: str, items: Sequence[SizedItem]) -> None:
        """Append items, all or none. Raises NotFound, ConversationLocked, InvalidRequest for one twice."""
        await self._script.run("add", conversation_id, tenant, items=items, nonce=secrets.token_hex(8))

    async def remove(self, conversation_id: str, tenant: str, item_id: str) -> Conversation:
        """Remove an item and return the conversation. Raises NotFound and ConversationLocked."""
        said = await self._script.run("remove", conversation_id, tenant, item=item_id)
        return _conversation(conversation_id, said)

    async def find(self, conversation_id: str, tenant: str, item_ids: Sequence[str]) -> list[Item]:
        """Return those of these items that are in the conversation. Raises NotFound for the conversation."""
        wanted = list(dict.fromkeys(item_ids))
        said = await self._script.run("find", conversation_id, tenant, wanted=wanted)
        return [entry.item for entry in decode_each(said)]

    async def window(
        self, conversation_id: str, tenant: str, *, before: int | None = None, without: Sequence[str] = ()
    ) -> list[SizedItem]:
        """Return the items in order, from the newest compaction that a turn put out. Raises NotFound."""
        edge: JsonObject = {} if before is None else {"before": before}
        said = await self._script.run("window", conversation_id, tenant, without=list(without), **edge)
        return decode_each(said)

    async def page(
        self, conversation_id: str, tenant: str, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[list[Item], bool]:
        """Return up to `limit` items after the one named, and whether there are more. Raises as the port says."""
        edge: JsonObject = {} if after is None else {"after": after}
        said = await self._script.run(
            "page", conversation_id, tenant, limit=limit, ascending=ascending, **edge
        )
        if said == [b"unknown"]:
            raise InvalidRequest(f"Item with id '{shown(after or '')}' not found.", param="after")
        return [entry.item for entry in decode_each(said[:limit])], len(said) > limit

    async def hold(self, turn: Turn) -> None:
        """Take the turn's conversation for one lease. Raises as the port says."""
        await self._script.take(turn)

    async def renew(self, turn: Turn) -> None:
        """Hold it for another lease. Raises ConversationLocked when it is no longer held."""
        await self._script.renew(turn)

    async def release(self, turn: Turn) -> None:
        """Let it go, if the turn still holds it."""
        await self._script.release(turn)


def _conversation(conversation_id: str, said: Sequence[bytes]) -> Conversation:
    created_at, metadata = said
    return Conversation(id=conversation_id, created_at=int(created_at), metadata=json.loads(metadata))
