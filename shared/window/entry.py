"""The window: the entries that the model is given for a turn, each with its size."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.window.payload import Payload, SizedItem
from shared.wire.items import Item


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of the window, its tokens, and, for a compaction item, what it holds.

    `pins` are what the request pinned that brought the item.
    """

    item: Item
    tokens: int
    payload: Payload | None = None
    pins: tuple[str, ...] = ()

    @property
    def sized(self) -> SizedItem:
        """The item as it is stored."""
        return SizedItem(item=self.item, tokens=self.tokens, pins=self.pins)


def effective(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that count: from the last compaction item that supersedes what came before it."""
    for index in range(len(entries) - 1, -1, -1):
        payload = entries[index].payload
        if payload is not None and payload.supersedes:
            return list(entries[index:])
    return list(entries)


def flatten(entries: Sequence[Entry], *, upstream: str | None = None) -> list[SizedItem]:
    """Return the items that the upstream of this name is given, with their sizes.

    No compaction item of ours is among them, and one of a provider's own only if it is that upstream's.
    """
    flat: list[SizedItem] = []
    for entry in entries:
        if entry.payload is None:
            flat.append(SizedItem(item=entry.item, tokens=entry.tokens))
        else:
            flat.extend(entry.payload.given_to(upstream))
    return flat


def total_tokens(entries: Sequence[Entry]) -> int:
    """Return the size of the window in tokens, without instructions and tools."""
    return sum(entry.tokens for entry in entries)
