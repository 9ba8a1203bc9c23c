"""Calling conversations.lua: alone, or as a step of a transaction that also changes a response."""

import json
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import encode_item
from shared.adapters.redis.scripts import read_script
from shared.errors import ConversationLocked
from shared.settings import Settings
from shared.turns import Turn, TurnResult
from shared.window.payload import SizedItem
from shared.wire.conversations import conversation_not_found, duplicate_item
from shared.wire.items import Compaction

SCRIPT = read_script("clock", "conversations")


class ConversationScript:
    """The operations of conversations.lua. Each is one atomic step."""

    def __init__(self, store: Redis, settings: Settings) -> None:
        self._script = store.register_script(SCRIPT)
        self._ttl_ms = settings.response_ttl_seconds * 1000
        self._deadline_ms = int(settings.response_deadline_seconds * 1000)
        self._lease_ms = int(settings.lease_seconds * 1000)

    async def run(
        self,
        operation: str,
        conversation_id: str,
        tenant: str,
        *,
        items: Sequence[SizedItem] = (),
        **given: Any,
    ) -> list[bytes]:
        """Run an operation and return what it says after `ok`.

        Raises NotFound, ConversationLocked, or InvalidRequest for an item that is there already.
        """
        if not conversation_id.startswith("conv_"):  # the id of some other object of the tenant's
            raise conversation_not_found(conversation_id)
        answer = await self._call(operation, conversation_id, tenant, items=items, **given)
        return accepted(answer, conversation_id, param="items")

    async def take(self, turn: Turn) -> None:
        """Hold the turn's conversation for one lease. Raises as `run` does."""
        accepted(await self._lock(turn, lease_ms=self._lease_ms), _conversation_of(turn))

    async def renew(self, turn: Turn) -> None:
        """Hold it for another lease. Raises ConversationLocked."""
        holder = keys.record(turn.id)
        await self.run("renew", _conversation_of(turn), turn.tenant, holder=holder, lease_ms=self._lease_ms)

    async def release(self, turn: Turn) -> None:
        """Let it go, if the turn holds it."""
        await self._call("release", _conversation_of(turn), turn.tenant, holder=keys.record(turn.id))

    async def take_in(self, pipeline: Pipeline, turn: Turn) -> None:
        """Take the turn's conversation in a transaction that records the turn: the record holds it from then."""
        await self._lock(turn, lease_ms=0, client=pipeline)

    async def settle_in(self, pipeline: Pipeline, turn: Turn, result: TurnResult) -> None:
        """Append what a turn came to, and let its conversation go, in the transaction that ends the turn."""
        grows = result.response.status in ("completed", "incomplete")
        output = [entry.item for entry in result.output]
        await self._call(
            "settle",
            _conversation_of(turn),
            turn.tenant,
            items=[*result.input, *result.output] if grows else [],
            # What a turn puts out stands for all before it; what a client brings is looked into when it is read.
            windows=[item.id for item in output if isinstance(item, Compaction)],
            holder=keys.record(turn.id),
            client=pipeline,
        )

    async def _lock(self, turn: Turn, *, lease_ms: int, client: Pipeline | None = None) -> Any:
        return await self._call(
            "lock",
            _conversation_of(turn),
            turn.tenant,
            holder=keys.record(turn.id),
            lease_ms=lease_ms,
            brings=[item.id for item in turn.input],
            # It must not expire under a turn that runs as long as it may.
            ttl_ms=self._ttl_ms + self._deadline_ms,
            client=client,
        )

    async def _call(
        self,
        operation: str,
        conversation_id: str,
        tenant: str,
        *,
        items: Sequence[SizedItem] = (),
        client: Pipeline | None = None,
        **given: Any,
    ) -> Any:
        arguments = {"tenant": tenant, "ttl_ms": self._ttl_ms, "windows": []} | given
        pairs = [part for entry in items for part in (entry.item.id or "", encode_item(entry))]
        return await self._script(
            keys=keys.conversation(conversation_id),
            args=[operation, json.dumps(arguments), *pairs],
            client=client,
        )


def accepted(answer: Sequence[bytes], conversation_id: str, *, param: str = "input") -> list[bytes]:
    """Return what an operation says after `ok`. Raises what it was refused for."""
    outcome, *said = answer
    match outcome:
        case b"ok":
            return said
        case b"missing":
            raise conversation_not_found(conversation_id)
        case b"locked":
            raise ConversationLocked
        case b"duplicate":
            raise duplicate_item(said[0].decode(), param)
        case _:
            raise ValueError(f"The script answered {outcome!r}.")


def _conversation_of(turn: Turn) -> str:
    if turn.request.conversation_id is None:
        raise ValueError("The turn belongs to no conversation.")
    return turn.request.conversation_id
