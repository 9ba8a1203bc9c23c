"""Dropping the oldest items of a window that is too large for its model."""

from collections.abc import Iterator, Sequence

from shared.window.calls import bound_together
from shared.window.entry import Entry, flatten
from shared.window.payload import SizedItem
from shared.wire.items import Compaction, Item, said_by


def truncate(entries: Sequence[Entry], max_tokens: int, *, upstream: str | None = None) -> list[SizedItem]:
    """Return what the upstream is given of the window, without its oldest items: at most `max_tokens` tokens.

    What is bound together goes together. System and developer items, tools that were added, what stands for a
    compacted part, the newest user message and what is bound to any of these always stay: where they alone are
    too much, so is the result. A window that fits is returned whole, at no more than its sum's cost.
    """
    flat = flatten(entries, upstream=upstream)
    too_much = sum(entry.tokens for entry in flat) - max_tokens
    if too_much <= 0:
        return flat
    items = [entry.item for entry in flat]
    staying = {*_standing_for_more(entries, upstream), *_said_to_stay(items)}
    dropped: set[int] = set()
    for group in bound_together(items):
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
        if said_by(item, "system", "developer") or item.type == "additional_tools":
            yield index
        if said_by(item, "user"):
            newest = index
    if newest is not None:
        yield newest
