"""The plan of a compaction: which items stay word for word, and which go into the record."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.compaction.policy import MIN_RECORD_TOKENS, Policy
from shared.window.calls import open_calls, safe_cuts
from shared.window.payload import SizedItem
from shared.wire.items import InputText, Item, Message
from shared.wire.text import text_of


@dataclass(frozen=True, slots=True)
class Plan:
    """What a compaction does with each item; both lists are in conversation order.

    `record_tokens` is what the target leaves for the record of `replaced`.
    """

    kept: list[SizedItem]
    replaced: list[Item]
    record_tokens: int


def plan_compaction(history: Sequence[SizedItem], policy: Policy) -> Plan:
    """Decide what stays of `history` under `policy`.

    System and developer items, an unanswered user message and open tool calls always stay. A call and its
    output stay together or go together. Older user messages stay newest first within their budget; the
    one at its edge is cut in the middle and stands both in `kept`, shortened, and in `replaced`, whole.
    """
    items = [entry.item for entry in history]
    kept: dict[int, SizedItem] = {index: history[index] for index in _protected(items)}
    for index in _recent(history, policy.recent_tokens, kept):
        kept[index] = history[index]
    kept |= _user_messages(history, policy.user_tokens, kept)
    kept_tokens = sum(entry.tokens for entry in kept.values())
    return Plan(
        kept=[kept[index] for index in sorted(kept)],
        replaced=[item for index, item in enumerate(items) if kept.get(index) is not history[index]],
        record_tokens=max(policy.target_tokens - kept_tokens, MIN_RECORD_TOKENS),
    )


def split_window(tokens: Sequence[int], cuts: Sequence[bool], *, tail_tokens: int) -> int:
    """Return where a window is divided into the prefix to compact and the tail that stays as it came.

    The tail is the longest one of at most `tail_tokens` tokens that parts no call from its output, and
    never empty: the newest item is always in it, whatever its size.
    """
    best, size = len(tokens), 0
    for start in range(len(tokens) - 1, -1, -1):
        size += tokens[start]
        if cuts[start] and (size <= tail_tokens or best == len(tokens)):
            best = start
        if size > tail_tokens and best < len(tokens):
            break
    return best if best < len(tokens) else 0


def _protected(items: Sequence[Item]) -> set[int]:
    dangling = open_calls(items)
    protected = {index for index, item in enumerate(items) if _always_stays(item, dangling)}
    last_user = max((index for index, item in enumerate(items) if _said_by(item, "user")), default=None)
    if last_user is not None and not any(_said_by(item, "assistant") for item in items[last_user + 1 :]):
        protected.add(last_user)
    return protected


def _always_stays(item: Item, dangling: frozenset[str]) -> bool:
    if isinstance(item, Message):
        return item.role in ("system", "developer")
    return getattr(item, "call_id", None) in dangling


def _said_by(item: Item, role: str) -> bool:
    return isinstance(item, Message) and item.role == role


def _recent(history: Sequence[SizedItem], budget: int, kept: dict[int, SizedItem]) -> range:
    cuts = safe_cuts([entry.item for entry in history])
    start, size = len(history), 0
    for index in range(len(history) - 1, -1, -1):
        size += 0 if index in kept else history[index].tokens
        if size > budget:
            break
        if cuts[index]:
            start = index
    return range(start, len(history))


def _user_messages(
    history: Sequence[SizedItem], budget: int, kept: dict[int, SizedItem]
) -> dict[int, SizedItem]:
    chosen: dict[int, SizedItem] = {}
    left = budget - sum(entry.tokens for entry in kept.values() if _said_by(entry.item, "user"))
    for index in range(len(history) - 1, -1, -1):
        entry = history[index]
        if index in kept or not _said_by(entry.item, "user"):
            continue
        if entry.tokens <= left:
            chosen[index] = entry
            left -= entry.tokens
            continue
        shortened = cut_in_the_middle(entry, left)
        if shortened is not None:
            chosen[index] = shortened
        break
    return chosen


# A message cut to less than this says too little to be worth its place.
_SHORTEST_CUT_TOKENS = 48
_CUT_MARK = "\n[… cut by compaction …]\n"


def cut_in_the_middle(entry: SizedItem, max_tokens: int) -> SizedItem | None:
    """Return the message with its middle cut out so that it fits, or None when too little would be left."""
    text = text_of(entry.item)
    if max_tokens < _SHORTEST_CUT_TOKENS or not isinstance(entry.item, Message) or not text:
        return None
    # Tokens are spread evenly enough over a text; a tenth is held back for where they are not.
    characters = int(len(text) * (max_tokens - 16) / entry.tokens * 0.9)
    half = max(characters // 2, 1)
    shortened = f"{text[:half]}{_CUT_MARK}{text[-half:]}"
    message = entry.item.changed(content=[InputText(text=shortened)])
    return SizedItem(item=message, tokens=max_tokens)
