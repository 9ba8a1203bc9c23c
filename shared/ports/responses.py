"""Ports to what clients read again: responses, conversations, idempotency keys."""

from collections.abc import Sequence
from typing import Protocol

from shared.lifecycle import JobStatus, Lease
from shared.reservations import Reservation
from shared.turns import StoredResponse, StoredTurn, Turn, TurnResult
from shared.window.payload import SizedItem
from shared.wire.conversations import Conversation
from shared.wire.items import Item


class Responses(Protocol):
    """Stored responses. What belongs to another tenant does not exist."""

    async def enqueue(self, turn: Turn) -> None:
        """Store a background response as queued and ring for it, in one step. Raises TooManyRequests.

        In the same step it takes its conversation, if it has one, until it ends, however it ends: raises
        NotFound, ConversationLocked, or InvalidRequest for an item that the conversation has already.
        """
        ...

    async def save(self, turn: Turn, result: TurnResult) -> None:
        """Store a foreground response that has ended; its conversation grows by its items in the same step.

        Raises ConversationLocked when it is to grow and another turn has taken it; nothing is stored then.
        """
        ...

    async def load_turn(self, lease: Lease) -> Turn:
        """Return the turn behind a lease. Raises LeaseLost when it is gone."""
        ...

    async def load(self, response_id: str, tenant: str) -> StoredResponse:
        """Return a response; one that was never finished comes with its output so far. Raises NotFound."""
        ...

    async def status(self, response_id: str, tenant: str) -> JobStatus:
        """Return where a response stands, and read nothing else of it. Raises NotFound."""
        ...

    async def are_stored(self, response_ids: Sequence[str]) -> bool:
        """Return whether all these responses are there, whosever they are, in one round trip."""
        ...

    async def load_turns(self, response_ids: Sequence[str], tenant: str) -> list[StoredTurn]:
        """Return the turns of all these responses, and let them live on: two round trips. Raises NotFound.

        Nothing that is not the tenant's lives any longer by it.
        """
        ...

    async def find_items(self, item_ids: Sequence[str], tenant: str) -> list[Item]:
        """Return those of these items that stored responses put out; the others are left out."""
        ...

    async def finish(self, lease: Lease, turn: Turn, result: TurnResult) -> None:
        """End a background response, once and for all. Raises LeaseLost.

        In the same step its conversation is free, and has grown by its items if it completed or is incomplete,
        and the log of its events has those that close its last item.
        """
        ...

    async def delete(self, response_id: str) -> bool:
        """Remove an ended response with all derived from it; False when it has not ended."""
        ...


class ConversationItems(Protocol):
    """The items of conversations. What belongs to another tenant does not exist."""

    async def load(self, conversation_id: str, tenant: str) -> Conversation:
        """Return a conversation without its items. Raises NotFound."""
        ...

    async def window(
        self, conversation_id: str, tenant: str, *, before: int | None = None, without: Sequence[str] = ()
    ) -> list[SizedItem]:
        """Return the items in order, from the newest compaction that a turn put out, and let them live on.

        `before` is a position: what stands there or later is left out, compactions too. At a compaction
        `without` which it is to be, the window does not begin. Raises NotFound.
        """
        ...

    async def find(self, conversation_id: str, tenant: str, item_ids: Sequence[str]) -> list[Item]:
        """Return those of these items that are in the conversation. Raises NotFound for the conversation."""
        ...


class Conversations(ConversationItems, Protocol):
    """Conversations: a turn has one for itself while it runs, and it grows by whole turns only."""

    async def create(self, conversation: Conversation, tenant: str, items: Sequence[SizedItem]) -> None:
        """Store a new conversation with its first items. Raises InvalidRequest for two items with one id."""
        ...

    async def update(self, conversation_id: str, tenant: str, metadata: dict[str, str]) -> Conversation:
        """Set the metadata and return the conversation. Raises NotFound."""
        ...

    async def delete(self, conversation_id: str, tenant: str) -> None:
        """Remove the conversation with all its items. Raises NotFound."""
        ...

    async def add(self, conversation_id: str, tenant: str, items: Sequence[SizedItem]) -> None:
        """Append items, all or none.

        Raises NotFound, ConversationLocked, or InvalidRequest for an item that is there already.
        """
        ...

    async def remove(self, conversation_id: str, tenant: str, item_id: str) -> Conversation:
        """Remove an item and return the conversation. Raises NotFound and ConversationLocked."""
        ...

    async def page(
        self, conversation_id: str, tenant: str, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[list[Item], bool]:
        """Return up to `limit` items after the one named, and whether there are more.

        Raises NotFound for the conversation, InvalidRequest for an `after` that is not in it.
        """
        ...

    async def hold(self, turn: Turn) -> None:
        """Take the turn's conversation for one lease: another turn may have it after that.

        Raises NotFound, ConversationLocked, or InvalidRequest for an item that is there already.
        """
        ...

    async def renew(self, turn: Turn) -> None:
        """Hold it for another lease. Raises ConversationLocked when it is no longer held, and NotFound."""
        ...

    async def release(self, turn: Turn) -> None:
        """Let it go, if the turn still holds it."""
        ...


class Reservations(Protocol):
    """Idempotency keys: which response each stands for."""

    async def reserve(self, wanted: Reservation, *, ttl_seconds: int = ...) -> Reservation:
        """Return `wanted` when its key was free, else the reservation that holds it."""
        ...

    async def keep(self, reservation: Reservation, *, ttl_seconds: int = ...) -> None:
        """Hold a reservation for so long from now on, a day if nothing is said, if it still holds its key."""
        ...

    async def drop(self, reservation: Reservation) -> None:
        """Free the key, if the reservation still holds it: what it was reserved for did not come about."""
        ...
