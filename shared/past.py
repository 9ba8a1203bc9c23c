"""The past of a request: what was said before it, as it is stored, without what was undone since.

The past that a client names is a conversation, or the response that came last.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from shared.errors import InvalidRequest, InvalidSeal, NotFound
from shared.lifecycle import JobStatus
from shared.ports import ConversationItems, Responses, Sealer, UndoneCompactions
from shared.sealing import unseal_payload
from shared.turns import StoredTurn
from shared.window.entry import Entry
from shared.window.payload import SizedItem
from shared.window.undone import Replaced, find_gap, newest_compaction, standing
from shared.wire.items import Compaction
from shared.wire.wording import shown

# Opening less than this is done about as soon as a thread would have started.
_OPENED_INLINE_CHARS = 64 * 1024


@dataclass(frozen=True, slots=True)
class Said:
    """What was said before a request and in it, opened, and the responses that the past comes from."""

    past: list[Entry]
    fresh: list[Entry]
    path: list[str]


class Past:
    """Finds what was said before a request."""

    def __init__(
        self,
        responses: Responses,
        conversations: ConversationItems,
        compactions: UndoneCompactions,
        sealer: Sealer,
    ) -> None:
        self._responses = responses
        self._conversations = conversations
        self._compactions = compactions
        self._sealer = sealer

    async def said(
        self,
        previous_response_id: str | None,
        conversation_id: str | None,
        tenant: str,
        fresh: Sequence[SizedItem] = (),
    ) -> Said:
        """Return what was said up to now, without the items of undone compactions but with all they replaced.

        Raises InvalidRequest where a part of that is no longer there.
        """
        undone: dict[str, Replaced | None] = {}
        while True:
            past = await self._stored(previous_response_id, conversation_id, tenant, undone)
            entries = await self.opened([*past.items, *fresh], tenant)
            newest = newest_compaction(entries, undone)
            found = await self._compactions.undone([newest]) if newest else {}
            if not found:
                break
            undone |= found
        # What is gone from a conversation was taken out of it on purpose.
        gap = find_gap(entries, undone, start=len(past.items) if past.is_conversations else 0)
        if gap is not None:
            raise _replaced_is_gone(gap)
        size = len(past.items)
        return Said(standing(entries[:size], undone), standing(entries[size:], undone), past.path)

    async def previous(self, response_id: str, tenant: str) -> StoredTurn:
        """Return the turn of a response that can be continued. Raises InvalidRequest."""
        try:
            [turn] = await self._responses.load_turns([response_id], tenant)
        except NotFound as error:
            raise _previous_not_found(response_id) from error
        if turn.status not in (JobStatus.COMPLETED, JobStatus.INCOMPLETE):
            raise InvalidRequest(
                f"Previous response with id '{shown(response_id)}' cannot be continued: its status is not completed.",
                param="previous_response_id",
                code="previous_response_not_completed",
            )
        return turn

    async def check(self, response_id: str, tenant: str) -> None:
        """Raise InvalidRequest when the response, or one that its window is made of, is no longer there."""
        last = await self.previous(response_id, tenant)
        others = _others(last)
        if others and not await self._responses.are_stored(others):
            raise _previous_not_found(response_id)

    async def before(self, turn: StoredTurn, tenant: str, undone: Collection[str] = ()) -> list[SizedItem]:
        """Return the items of a turn's conversation that came before it; none for a turn of no conversation."""
        place = turn.place
        if place is None:
            return []
        return await self._conversations.window(
            place.conversation_id, tenant, before=place.position, without=sorted(undone)
        )

    async def opened(self, items: Sequence[SizedItem], tenant: str) -> list[Entry]:
        """Return items as `open` does, without holding up others where there is much to open."""
        sealed = (len(each.item.encrypted_content) for each in items if isinstance(each.item, Compaction))
        if sum(sealed) < _OPENED_INLINE_CHARS:
            return [self.open(entry, tenant) for entry in items]
        return await asyncio.to_thread(lambda: [self.open(entry, tenant) for entry in items])

    def open(self, entry: SizedItem, tenant: str) -> Entry:
        """Return an item as an entry of a window. Raises InvalidRequest for a seal that is not this tenant's."""
        if not isinstance(entry.item, Compaction):
            return Entry(item=entry.item, tokens=entry.tokens, pins=entry.pins)
        try:
            payload = unseal_payload(self._sealer, entry.item.encrypted_content, tenant=tenant)
        except InvalidSeal as error:
            raise _not_verified(entry.item) from error
        return Entry(item=entry.item, tokens=payload.tokens, payload=payload, pins=entry.pins)

    async def _stored(
        self,
        previous_response_id: str | None,
        conversation_id: str | None,
        tenant: str,
        undone: Collection[str] = (),
    ) -> "_Stored":
        """Return the stored items that come before a request's, from the newest compaction that still counts."""
        if conversation_id is not None:
            window = self._conversations.window(conversation_id, tenant, without=sorted(undone))
            return _Stored(await window, is_conversations=True)
        if previous_response_id is None:
            return _Stored([])
        turns = await self._path_to(previous_response_id, tenant)
        turns = await self._led_back(turns, tenant, undone)
        is_whole = _stands_for_all(turns[0], undone)
        try:
            before = [] if is_whole else await self.before(turns[0], tenant, undone)
        except NotFound as error:
            raise _previous_not_found(previous_response_id) from error
        items = [*before, *(entry for turn in turns for entry in turn.items)]
        return _Stored(items, [turn.id for turn in turns], is_conversations=turns[0].place is not None)

    async def _led_back(
        self, turns: list[StoredTurn], tenant: str, undone: Collection[str]
    ) -> list[StoredTurn]:
        """Return the path, led on to where it began before compactions that were undone."""
        # Opening what was sealed is not for nothing: most chains have nothing undone in them.
        while undone and (name := self._undone_in(turns[0], tenant, undone)) and turns[0].whole_path:
            first, *others = turns
            try:
                earlier = await self._responses.load_turns(first.whole_path[:-1], tenant)
            except NotFound as error:
                raise _replaced_is_gone(name) from error
            # What it wrote down again is what these said.
            turns = [*earlier, replace(first, base=[]), *others]
        return turns

    def _undone_in(self, turn: StoredTurn, tenant: str, undone: Collection[str]) -> str | None:
        opened = [self.open(entry, tenant) for entry in turn.items if isinstance(entry.item, Compaction)]
        names = [entry.payload.id for entry in opened if entry.payload]
        return next((name for name in names if name in undone), None)

    async def _path_to(self, response_id: str, tenant: str) -> list[StoredTurn]:
        last = await self.previous(response_id, tenant)
        ids = _others(last)
        if not ids:
            return [last]
        try:
            return [*await self._responses.load_turns(ids, tenant), last]
        except NotFound as error:
            raise _previous_not_found(response_id) from error


@dataclass(frozen=True, slots=True)
class _Stored:
    """Stored items, and the responses that they come from; of a conversation's its owner may take some out."""

    items: list[SizedItem]
    path: list[str] = field(default_factory=list)
    is_conversations: bool = False


def _others(turn: StoredTurn) -> list[str]:
    return [ancestor for ancestor in turn.path if ancestor != turn.id]


def _stands_for_all(turn: StoredTurn, undone: Collection[str]) -> bool:
    """Whether the turn put a compaction out, which supersedes what came before it."""
    return any(isinstance(entry.item, Compaction) and entry.item.id not in undone for entry in turn.output)


def _previous_not_found(response_id: str) -> InvalidRequest:
    return InvalidRequest(
        f"Previous response with id '{shown(response_id)}' not found.",
        param="previous_response_id",
        code="previous_response_not_found",
    )


def _replaced_is_gone(compaction_id: str) -> InvalidRequest:
    return InvalidRequest(
        f"The compaction '{compaction_id}' was undone, but not all that it replaced is there any more. "
        "Send the whole history as input, without the compaction item.",
        code="compacted_history_not_found",
    )


def _not_verified(item: Compaction) -> InvalidRequest:
    sealed = item.encrypted_content
    name = f"for item {shown(item.id)}" if item.id else f"{sealed[:4]}...{sealed[-4:]}"
    return InvalidRequest(
        f"The encrypted content {name} could not be verified. "
        "Reason: Encrypted content could not be decrypted or parsed.",
        code="invalid_encrypted_content",
    )
