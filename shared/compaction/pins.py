"""Pins: texts and items that stay word for word, from compaction to compaction."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.window.calls import pairs
from shared.window.entry import Entry, flatten
from shared.wire.items import Item

_HEADING = "## Pinned, word for word"


@dataclass(frozen=True, slots=True)
class Pins:
    """What is pinned in a window: texts, which stand in the record, and the ids of items, which are kept."""

    texts: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


NO_PINS = Pins()


def pins_of(window: Sequence[Entry], given: Iterable[str] = ()) -> Pins:
    """Return all that is pinned in a window, in the order in which it was, and what is `given` besides.

    A pin that is the id of an item in the window pins that item; any other is a text.
    """
    ids = {entry.item.id for entry in flatten(window) if entry.item.id}
    texts: dict[str, None] = {}
    items: dict[str, None] = {}
    for pin, is_item in [*_pinned(window, ids), *((pin, pin in ids) for pin in given)]:
        (items if is_item else texts)[pin] = None
    return Pins(tuple(texts), tuple(items))


def pinned_positions(items: Sequence[Item], ids: Collection[str]) -> set[int]:
    """Return where the items of these ids stand, each call with its outputs, each output with its call."""
    named = {index for index, item in enumerate(items) if item.id in ids} if ids else set[int]()
    if not named:
        return named
    calls = {first for first, last in pairs(items) if first in named or last in named}
    return named | calls | {last for first, last in pairs(items) if first in calls}


def render_pins(texts: Sequence[str]) -> str:
    """Return the part of the record that holds pinned texts; empty where there are none."""
    return "\n".join([_HEADING, *(f"- {text}" for text in texts)]) if texts else ""


def _pinned(window: Sequence[Entry], ids: Collection[str]) -> Iterator[tuple[str, bool]]:
    for entry in window:
        if entry.payload is not None:
            yield from ((text, False) for text in entry.payload.pins)
            yield from ((name, True) for name in entry.payload.pinned_items)
        yield from ((pin, pin in ids) for pin in entry.pins)
