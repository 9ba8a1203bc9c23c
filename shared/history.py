"""History: the window that a turn starts from, resolved from what the client named or sent."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from shared.errors import InvalidRequest, InvalidSeal, NotFound
from shared.lifecycle import JobStatus
from shared.ports import Responses, Sealer, TokenCounter
from shared.sealing import unseal_payload
from shared.turns import StoredTurn, Turn
from shared.window.counting import count_item
from shared.window.entry import Entry, effective
from shared.window.payload import SizedItem
from shared.wire.items import Compaction, Item

# A longer path is cut by writing its items down again: a window is then two round trips away, always.
MAX_PATH = 24

# Counting fewer items than this is done before a thread would have started.
_COUNTED_INLINE = 4


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

    def __init__(self, responses: Responses, sealer: Sealer, counter: TokenCounter) -> None:
        self._responses = responses
        self._sealer = sealer
        self._counter = counter

    async def check(
        self, request_items: Sequence[Item], previous_response_id: str | None, tenant: str
    ) -> None:
        """Raise InvalidRequest when the turn could not start: an unknown past, or a seal that is not ours."""
        for item in request_items:
            self._open(SizedItem(item=item, tokens=0), tenant)
        if previous_response_id is not None:
            await self._previous(previous_response_id, tenant)

    async def resolve(self, turn: Turn) -> ResolvedWindow:
        """Return the window of a turn. Raises InvalidRequest."""
        fresh = await self.size(turn.input)
        path: list[str] = []
        items: list[SizedItem] = []
        if turn.request.previous_response_id is not None:
            turns = await self._path_to(turn.request.previous_response_id, turn.tenant)
            path = [stored.id for stored in turns]
            items = [entry for stored in turns for entry in stored.items]
        entries = effective([self._open(entry, turn.tenant) for entry in [*items, *fresh]])
        earlier = entries[: max(len(entries) - len(fresh), 0)]
        return ResolvedWindow(
            entries=entries,
            fresh=fresh,
            earlier=[SizedItem(item=entry.item, tokens=entry.tokens) for entry in earlier],
            path=path,
        )

    async def given(self, response_id: str, tenant: str) -> list[Item]:
        """Return the items that a response was given, oldest first: those before its input, then its input.

        What stands before the last compaction is left out, and what was deleted. Raises NotFound.
        """
        stored = await self._responses.load(response_id, tenant)
        [own] = await self._responses.load_turns([response_id], tenant)
        earlier: list[StoredTurn] = []
        previous = stored.response.previous_response_id
        if previous is not None:
            with suppress(InvalidRequest):
                earlier = await self._path_to(previous, tenant)
        sized = [*(entry for turn in earlier for entry in turn.items), *own.input]
        return [entry.item for entry in sized]

    async def size(self, items: Sequence[Item]) -> list[SizedItem]:
        """Return the items with their tokens; a compaction item gets its own when it is opened."""
        if len(items) < _COUNTED_INLINE:
            return self._count(items)
        return await asyncio.to_thread(self._count, items)

    def _count(self, items: Sequence[Item]) -> list[SizedItem]:
        return [SizedItem(item=item, tokens=count_item(item, self._counter.count)) for item in items]

    def _open(self, entry: SizedItem, tenant: str) -> Entry:
        if not isinstance(entry.item, Compaction):
            return Entry(item=entry.item, tokens=entry.tokens)
        try:
            payload = unseal_payload(self._sealer, entry.item.encrypted_content, tenant=tenant)
        except InvalidSeal as error:
            raise _not_verified(entry.item) from error
        return Entry(item=entry.item, tokens=payload.tokens, payload=payload)

    async def _path_to(self, response_id: str, tenant: str) -> list[StoredTurn]:
        last = await self._previous(response_id, tenant)
        ids = [ancestor for ancestor in last.path if ancestor != last.id]
        if not ids:
            return [last]
        try:
            return [*await self._responses.load_turns(ids, tenant), last]
        except NotFound as error:
            raise _previous_not_found(response_id) from error

    async def _previous(self, response_id: str, tenant: str) -> StoredTurn:
        try:
            [turn] = await self._responses.load_turns([response_id], tenant)
        except NotFound as error:
            raise _previous_not_found(response_id) from error
        if turn.status not in (JobStatus.COMPLETED, JobStatus.INCOMPLETE):
            raise InvalidRequest(
                f"Previous response with id '{response_id}' cannot be continued: its status is not completed.",
                param="previous_response_id",
                code="previous_response_not_completed",
            )
        return turn


def _previous_not_found(response_id: str) -> InvalidRequest:
    return InvalidRequest(
        f"Previous response with id '{response_id}' not found.",
        param="previous_response_id",
        code="previous_response_not_found",
    )


def _not_verified(item: Compaction) -> InvalidRequest:
    sealed = item.encrypted_content
    name = f"for item {item.id}" if item.id else f"{sealed[:4]}...{sealed[-4:]}"
    return InvalidRequest(
        f"The encrypted content {name} could not be verified. "
        "Reason: Encrypted content could not be decrypted or parsed.",
        code="invalid_encrypted_content",
    )
