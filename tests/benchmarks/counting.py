"""Counting: the tokens of items, as the server counts them."""

from collections.abc import Sequence

from shared.adapters.tiktoken import TiktokenCounter
from shared.window.counting import count_item
from shared.wire.items import Item

COUNTER = TiktokenCounter()


def size_of(items: Sequence[Item]) -> int:
    """Return the tokens of the items."""
    return sum(count_item(item, COUNTER.count) for item in items)
