"""Sizes of windows and of what is given of them, for the correction that a model's count needs."""

from collections.abc import Sequence
from dataclasses import replace

from shared.window.calibration import Size
from shared.window.counting import ITEM_TOKENS, count_by_rule, count_guessed
from shared.window.entry import Entry, flatten, total_tokens
from shared.window.payload import SizedItem


def size_of_items(items: Sequence[SizedItem], *, overhead: int = 0) -> Size:
    """Return the size of items, and of `overhead` tokens around them."""
    return Size(
        counted=sum(entry.tokens for entry in items) + overhead,
        by_rule=sum(count_by_rule(entry.item) for entry in items),
        marks=ITEM_TOKENS * len(items),
        guessed=sum(count_guessed(entry.item) for entry in items),
    )


def size_of_window(entries: Sequence[Entry], *, overhead: int = 0) -> Size:
    """Return the size of a window, and of `overhead` tokens around its items."""
    return replace(size_of_items(flatten(entries)), counted=total_tokens(entries) + overhead)
