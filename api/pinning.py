"""Pinning: whether what a request pins leaves room for anything else."""

import asyncio
from collections.abc import Sequence

from shared.compaction.pins import pinned_positions, pins_of
from shared.errors import InvalidRequest
from shared.services import Services
from shared.turns import Turn
from shared.window.entry import Entry, flatten


async def check_pins(services: Services, turn: Turn) -> None:
    """Raise InvalidRequest for the pin with which more is pinned than may be of what a compaction leaves."""
    if turn.pins:
        window = (await services.history.resolve(turn)).entries
        await asyncio.to_thread(_check, services, turn, window)


def _check(services: Services, turn: Turn, window: Sequence[Entry]) -> None:
    given = set(turn.pins)
    most = services.window_compactor.jobs.most_pinned_tokens(turn)
    before = pins_of([entry for entry in window if entry.payload is not None])
    others = [pin for entry in window for pin in entry.pins if pin not in given]
    operators = services.window_compactor.jobs.choice.pins
    pinned = [*operators, *before.texts, *before.items, *others]
    for index, pin in enumerate(turn.pins):
        pinned.append(pin)
        tokens = _tokens(services, window, pinned)
        if tokens > most:
            raise InvalidRequest(
                f"Invalid 'hitherto.pins[{index}]': too much is pinned. Expected at most {most} tokens, half of "
                f"what a compaction leaves, but with this one got {tokens} tokens instead.",
                param=f"hitherto.pins[{index}]",
                code="pins_above_max_tokens",
            )


def _tokens(services: Services, window: Sequence[Entry], pinned: Sequence[str]) -> int:
    flat = flatten(window)
    items = [entry.item for entry in flat]
    ids = {item.id for item in items if item.id}
    named = pinned_positions(items, [pin for pin in pinned if pin in ids])
    texts = dict.fromkeys(pin for pin in pinned if pin not in ids)
    return sum(flat[position].tokens for position in named) + sum(
        services.counter.count(text) for text in texts
    )
