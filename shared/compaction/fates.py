"""Fates: what became of each item of a history in a compaction, and why; the items' words are not told again."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.compaction.ledger import Ledger
from shared.compaction.pins import pinned_positions
from shared.compaction.plan import Plan, Stay
from shared.window.payload import SizedItem
from shared.wire.items import Compaction, Item, Message
from shared.wire.text import text_of


class Fate(StrEnum):
    """What became of an item."""

    KEPT = "kept"  # word for word
    SHORTENED = "shortened"  # without its middle
    SUMMARISED = "summarised"  # by what the record says of it
    PRUNED = "pruned"  # a tool's output without its middle; one, a call or reasoning of which nothing is left
    DROPPED = "dropped"  # a message of which nothing is left


# What is left is both: shorter among the kept items, and in whole among those that the record is of.
_CUT = {Stay.USER_BUDGET_EDGE: Fate.SHORTENED, Stay.OUTPUT_CUT: Fate.PRUNED}

# Reasons of what did not stay; those of what did are the plan's.
IN_SUMMARY = "in_summary"
IN_LEDGER = "in_ledger"
BY_PROVIDER = "by_provider"
NO_FACTS = "no_facts"
SEALED_ELSEWHERE = "sealed_elsewhere"


@dataclass(frozen=True, slots=True)
class ItemFate:
    """The fate of one item, which stood at `position` in the history; `tokens` is its size there."""

    position: int
    id: str | None
    type: str
    role: str | None
    tokens: int
    fate: Fate
    reason: str


def our_fates(
    history: Sequence[SizedItem],
    plan: Plan,
    *,
    ledger: Ledger,
    seen: int,
    summarised: bool,
    recent: Collection[int] = (),
) -> list[ItemFate]:
    """Return the fate of each item where we compacted, in order: exactly one each.

    `ledger` is what the record holds of it, `seen` how many items came before these in the ledger's life,
    `summarised` whether a model read all that did not stay, and `recent` where those stand that stayed besides.
    """
    told = _told(plan.replaced, ledger, seen)
    replaced = iter(told)
    fates = []
    for position, entry in enumerate(history):
        stay = plan.stays.get(position)
        in_ledger = next(replaced) if stay in (None, *_CUT) else False
        record = IN_SUMMARY if summarised else IN_LEDGER if in_ledger else None
        stay = Stay.RECENT if position in recent else stay
        fates.append(_fate(position, entry, *_ours(entry.item, stay, record)))
    return fates


def provider_fates(
    history: Sequence[SizedItem], kept: Sequence[SizedItem], *, pinned: Sequence[str] = ()
) -> list[ItemFate]:
    """Return the fate of each item where the provider compacted and left `kept`: the rest is in its seal.

    The items whose ids are `pinned` never reached it.
    """
    left = Counter(_said(entry.item) for entry in kept)
    ours = pinned_positions([entry.item for entry in history], pinned)
    fates = []
    for position, entry in enumerate(history):
        said = _said(entry.item)
        fate = Fate.KEPT if left[said] > 0 or position in ours else Fate.SUMMARISED
        left[said] -= 1
        fates.append(_fate(position, entry, fate, Stay.PINNED if position in ours else BY_PROVIDER))
    return fates


def _told(replaced: Sequence[Item], ledger: Ledger, seen: int) -> list[bool]:
    sources = {entry.source for entry in ledger.entries}
    return [(item.id or f"#{seen + index}") in sources for index, item in enumerate(replaced)]


def _ours(item: Item, stay: Stay | None, record: str | None) -> tuple[Fate, str]:
    if isinstance(item, Compaction):
        return Fate.DROPPED, SEALED_ELSEWHERE
    if stay is not None:
        return _CUT.get(stay, Fate.KEPT), stay
    if record is not None:
        return Fate.SUMMARISED, record
    return Fate.DROPPED if isinstance(item, Message) else Fate.PRUNED, NO_FACTS


def _fate(position: int, entry: SizedItem, fate: Fate, reason: str) -> ItemFate:
    item = entry.item
    role = item.role if isinstance(item, Message) else None
    return ItemFate(position, item.id, item.type, role, entry.tokens, fate, str(reason))


def _said(item: Item) -> tuple[str, str | None, str]:
    return item.type, item.role if isinstance(item, Message) else None, text_of(item)
