"""Sessions with the use cases: the same conversation, carried in each of the three ways, as a door would run it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from shared.turns import Turn, TurnResult
from shared.wire.model import JsonObject
from tests.talk import TENANT, Talk


class Way(StrEnum):
    """How a client carries its history."""

    CHAIN = "previous_response_id"
    CONVERSATION = "conversation"
    ARRAY = "input array"


class Session:
    """One conversation; each turn is stored, and then looked ahead from."""

    def __init__(self, talk: Talk, way: Way, **fields: Any) -> None:
        self.talk = talk
        self.way = way
        self._fields = fields
        self._last: str | None = None
        self._said: list[JsonObject] = []
        self._conversation = "conv_1"
        talk.conversations.items[TENANT, self._conversation] = []

    async def say(self, items: Sequence[JsonObject]) -> TurnResult:
        """Say the items, and return what the turn came to."""
        turn = self._turn(items)
        result = await self.talk.run(turn)
        assert isinstance(result, TurnResult)
        self._remember(items, result)
        await self.talk.window_compactor.compact_ahead(turn, result)
        return result

    def _turn(self, items: Sequence[JsonObject]) -> Turn:
        match self.way:
            case Way.CHAIN:
                return self.talk.turn(list(items), after=self._last, **self._fields)
            case Way.CONVERSATION:
                return self.talk.turn(list(items), conversation=self._conversation, **self._fields)
            case Way.ARRAY:
                return self.talk.turn([*self._said, *items], **self._fields)

    def _remember(self, items: Sequence[JsonObject], result: TurnResult) -> None:
        self._last = result.response.id
        kept = [*self.talk.conversations.items[TENANT, self._conversation], *result.input, *result.output]
        newest = max(
            (index for index, entry in enumerate(kept) if entry.item.type == "compaction"), default=0
        )
        # As the real store does: a window begins with the newest compaction.
        self.talk.conversations.items[TENANT, self._conversation] = kept[newest:]
        output = [item.to_json() for item in result.response.output]
        said = [*self._said, *items, *output]
        newest = max((index for index, item in enumerate(said) if item["type"] == "compaction"), default=0)
        # As OpenAI says a client may: what stands before the newest compaction item is dropped.
        self._said = said[newest:]
