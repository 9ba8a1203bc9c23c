"""Dropping the oldest items of a window that is too large for its model."""

from collections.abc import Iterator, Sequence

from shared.window.calls import pairs
from shared.window.entry import Entry, flatten
from shared.window.payload import SizedItem
from shared.wire.items import Compaction, Item, Message, Reasoning


def truncate(entries: Sequence[Entry], max_tokens: int, *, upstream: str | None = None) -> list[SizedItem]:
    """Return what the upstream is given of the window, without its oldest items: at most `max_tokens` tokens.

    A call and its outputs go together, reasoning goes with what it led to. System and developer items, what
    stands for a compacted part, and the newest user message always stay: where they alone are too much, so
    is the result.
    """
    flat = flatten(entries, upstream=upstream)
    items = [entry.item for entry in flat]
    staying = {*_standing_for_more(entries, upstream), *_said_to_stay(items)}
    too_much = sum(entry.tokens for entry in flat) - max_tokens
    dropped: set[int] = set()
    for group in _bound_together(items):
        if too_much <= 0:
            break
        if staying.isdisjoint(group):
            dropped.update(group)
            too_much -= sum(flat[index].tokens for index in group)
    return [entry for index, entry in enumerate(flat) if index not in dropped]


def _standing_for_more(entries: Sequence[Entry], upstream: str | None) -> Iterator[int]:
    """Yield the places of records and of a provider's compaction items among the flattened items."""
    place = 0
    for entry in entries:
        given = flatten([entry], upstream=upstream)
        if entry.payload is not None and entry.payload.readable_by(upstream)[0]:
            yield place
        yield from (place + at for at, each in enumerate(given) if isinstance(each.item, Compaction))
        place += len(given)


def _said_to_stay(items: Sequence[Item]) -> Iterator[int]:
    newest = None
    for index, item in enumerate(items):
        if isinstance(item, Message) and item.role in ("system", "developer"):
            yield index
        if isinstance(item, Message) and item.role == "user":
            newest = index
    if newest is not None:
        yield newest


def _bound_together(items: Sequence[Item]) -> list[list[int]]:
    """Return the places of the items in groups that are kept or dropped whole, by their oldest item."""
    leader = list(range(len(items)))
    for call, output in pairs(items):
        leader[output] = call
    for index in range(len(items) - 2, -1, -1):
        if isinstance(items[index], Reasoning):
            leader[_first(leader, index + 1)] = index
    groups: dict[int, list[int]] = {}
    for index in range(len(items)):
        groups.setdefault(_first(leader, index), []).append(index)
    return sorted(groups.values())


def _first(leader: Sequence[int], index: int) -> int:
    while leader[index] != index:
        index = leader[index]
    return index
