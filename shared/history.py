"""History: the window that a turn starts from, resolved from what the client named or sent."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from shared.errors import InvalidRequest, NotFound
from shared.past import Past
from shared.ports import ConversationItems, Responses, Sealer, TokenCounter, UndoneCompactions
from shared.turns import Turn
from shared.window.counting import count_item, count_overhead
from shared.window.entry import Entry, effective
from shared.window.payload import SizedItem
from shared.wire.conversations import item_not_found
from shared.wire.items import InputText, Item, ItemReference, Message, OutputText
from shared.wire.model import JsonObject
from shared.wire.text import text_of

# A longer path is cut by writing its items down again: a window is then four round trips away, two for its last
# turn and two for all the others.
MAX_PATH = 24

# Counting fewer items than this, and so much text, is done before a thread would have started.
_COUNTED_INLINE = 4
_CHARACTERS_COUNTED_INLINE = 10_000


@dataclass(frozen=True, slots=True)
class ResolvedWindow:
    """The entries that count, the request's own items with their sizes, and how the next turn gets here.

    `earlier` are the stored items that count and come before the request's; `path` are the responses that
    they come from.
    """

    entries: list[Entry]
    fresh: list[SizedItem]
    earlier: list[SizedItem]
    path: list[str]


class History:
    """Resolves windows."""

    def __init__(
        self,
        responses: Responses,
        conversations: ConversationItems,
        compactions: UndoneCompactions,
        sealer: Sealer,
        counter: TokenCounter,
    ) -> None:
        self._past = Past(responses, conversations, compactions, sealer)
        self._responses = responses
        self._conversations = conversations
        self._counter = counter

    async def check_conversation(self, conversation_id: str | None, tenant: str) -> None:
        """Raise NotFound when a conversation is named that does not exist."""
        if conversation_id is not None:
            await self._conversations.load(conversation_id, tenant)

    async def check(
        self, request_items: Sequence[Item], previous_response_id: str | None, tenant: str
    ) -> None:
        """Raise InvalidRequest when the turn could not start: an unknown past, or a seal that is not ours.

        All of the past's responses are looked for; what is wrong inside them `check_said` finds.
        """
        await self._past.opened(_unsized(request_items), tenant)
        if previous_response_id is not None:
            await self._past.check(previous_response_id, tenant)

    async def check_said(self, turn: Turn) -> None:
        """Raise what `resolve` would, without counting anything."""
        request = turn.request
        await self._past.said(
            request.previous_response_id, request.conversation_id, turn.tenant, _unsized(turn.input)
        )

    async def dereferenced(
        self,
        items: Sequence[Item],
        tenant: str,
        *,
        previous_response_id: str | None = None,
        conversation_id: str | None = None,
    ) -> list[Item]:
        """Return the items, each reference replaced by what it refers to: any stored item of the tenant.

        What the past's window holds already is not said again. Raises NotFound for an item that is stored
        nowhere, and what `resolve` raises.
        """
        wanted = [item.id for item in items if isinstance(item, ItemReference)]
        if not wanted:
            return list(items)
        said = await self._past.said(previous_response_id, conversation_id, tenant)
        window = {entry.item.id for entry in effective(said.past)}
        stored = {entry.item.id: entry.item for entry in said.past if entry.item.id}
        left = [name for name in wanted if name not in window]
        if conversation_id is not None:
            found = await self._conversations.find(conversation_id, tenant, left)
            # Said a second time it is another item: the conversation has the first one still.
            stored |= {item.id: item.changed(id=None) for item in found if item.id}
        elsewhere = await self._responses.find_items([name for name in left if name not in stored], tenant)
        stored |= {item.id: item for item in elsewhere if item.id}
        return _replaced(items, stored, window)

    async def resolve(self, turn: Turn) -> ResolvedWindow:
        """Return the window of a turn. Raises InvalidRequest, and NotFound for its conversation."""
        fresh = with_pins(await self.size(turn.input), turn)
        request = turn.request
        said = await self._past.said(
            request.previous_response_id, request.conversation_id, turn.tenant, fresh
        )
        entries = effective([*said.past, *said.fresh])
        earlier = entries[: max(len(entries) - len(said.fresh), 0)]
        return ResolvedWindow(
            entries=entries,
            fresh=fresh,
            earlier=[entry.sized for entry in earlier],
            path=said.path,
        )

    async def given(self, response_id: str, tenant: str) -> list[Item]:
        """Return the items that a response was given, oldest first: those before its input, then its input.

        What stands before the last compaction is left out, and what was deleted. Raises NotFound.
        """
        stored = await self._responses.load(response_id, tenant)
        [own] = await self._responses.load_turns([response_id], tenant)
        earlier: list[SizedItem] = []
        with suppress(InvalidRequest, NotFound):
            if own.place is not None:
                earlier = await self._past.before(own, tenant)
            else:
                said = await self._past.said(stored.response.previous_response_id, None, tenant)
                earlier = [SizedItem(item=entry.item, tokens=entry.tokens) for entry in said.past]
        return [entry.item for entry in [*earlier, *own.input]]

    async def size(self, items: Sequence[Item]) -> list[SizedItem]:
        """Return the items with their tokens; a compaction item gets its own when it is opened."""
        if len(items) < _COUNTED_INLINE and all(_is_short(item) for item in items):
            return self._count(items)
        return await asyncio.to_thread(self._count, items)

    async def overhead(
        self, *, instructions: str | None, tools: Sequence[JsonObject], text_format: JsonObject | None
    ) -> int:
        """Return the tokens of a request that are no item's."""
        count = partial(
            count_overhead,
            instructions=instructions,
            tools=tools,
            text_format=text_format,
            count=self._counter.count,
        )
        is_short = not tools and not text_format and len(instructions or "") < _CHARACTERS_COUNTED_INLINE
        return count() if is_short else await asyncio.to_thread(count)

    def _count(self, items: Sequence[Item]) -> list[SizedItem]:
        return [SizedItem(item=item, tokens=count_item(item, self._counter.count)) for item in items]


def _unsized(items: Sequence[Item]) -> list[SizedItem]:
    return [SizedItem(item=item, tokens=0) for item in items]


def _is_short(item: Item) -> bool:
    """Whether it is a message of little text and nothing else."""
    if not isinstance(item, Message) or item.model_extra:
        return False
    parts = [] if isinstance(item.content, str) else item.content
    is_text = all(isinstance(part, (InputText, OutputText)) for part in parts)
    return is_text and len(text_of(item)) < _CHARACTERS_COUNTED_INLINE


def with_pins(items: list[SizedItem], turn: Turn) -> list[SizedItem]:
    """Return the items of a turn, of which the first carries what the turn pins: later ones find it there."""
    if not items or not turn.pins:
        return items
    return [items[0].model_copy(update={"pins": turn.pins}), *items[1:]]


def _replaced(
    items: Sequence[Item], stored: Mapping[str, Item], window: Collection[str | None]
) -> list[Item]:
    replaced: list[Item] = []
    for item in items:
        if not isinstance(item, ItemReference):
            replaced.append(item)
        elif item.id in window:
            continue
        elif item.id in stored:
            replaced.append(stored[item.id])
        else:
            raise item_not_found(item.id)
    return replaced
