"""The plan of a compaction: which items stay word for word, and which go into the record."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from shared.compaction.pins import pinned_positions
from shared.compaction.policy import MIN_RECORD_TOKENS, Policy
from shared.compaction.shortening import without_middle
from shared.window.calls import bound_together, is_in_call, open_calls, safe_cuts
from shared.window.counting import count_item
from shared.window.payload import SizedItem
from shared.wire.items import (
    ConfigurationUpdate,
    InputText,
    Item,
    Message,
    OtherItem,
    Reasoning,
    said_by,
)
from shared.wire.text import readable_text


class Stay(StrEnum):
    """Why an item stays."""

    PINNED = "pinned"  # or the reasoning that led to what is
    SYSTEM_OR_DEVELOPER = "system_or_developer"  # or tools that were added
    CONFIGURATION = "configuration"
    OPEN_CALL = "open_call"  # or bound to one: made at once with it, or within the same program
    REASONING_OF_OPEN_CALL = "reasoning_of_open_call"
    UNANSWERED_USER_MESSAGE = "unanswered_user_message"  # the model has not done with it
    RECENT = "recent"
    USER_BUDGET = "user_budget"
    USER_BUDGET_EDGE = "user_budget_edge"  # as far as the budget reaches: shortened
    FITS = "fits"  # without tool outputs it is few enough tokens
    OUTPUT_CUT = "output_cut"  # a tool's output without its middle: pruned


@dataclass(frozen=True, slots=True)
class Plan:
    """What a compaction does with each item; both lists are in conversation order.

    `record_tokens` is what the target leaves for the record of `replaced`. `stays` tells by their positions in
    the history which items are in `kept`, and why. One that `is_pruning` leaves nothing to summarise.
    """

    kept: list[SizedItem]
    replaced: list[Item]
    record_tokens: int
    stays: dict[int, Stay] = field(default_factory=dict)
    is_pruning: bool = False


def plan_compaction(history: Sequence[SizedItem], policy: Policy, *, count: Callable[[str], int]) -> Plan:
    """Decide what stays of `history` under `policy`; `count` returns the tokens of a text.

    System and developer items, pinned ones, configuration updates, a user message that the model has not done
    with, and open tool calls with all that is bound to them always stay. A call and its output stay together or
    go together. Older user messages stay newest first within their budget; the one at its edge is cut in the
    middle and stands both in `kept`, shortened, and in `replaced`, whole.
    """
    items = [entry.item for entry in history]
    stays = protected_items(items, policy.pinned_items)
    kept: dict[int, SizedItem] = {index: history[index] for index in stays}
    for index in recent_items(history, policy.recent_tokens, kept):
        kept[index] = history[index]
        stays.setdefault(index, Stay.RECENT)
    kept |= _user_messages(history, policy.user_tokens, kept, count)
    for index, entry in kept.items():
        stays.setdefault(index, Stay.USER_BUDGET if entry is history[index] else Stay.USER_BUDGET_EDGE)
    kept_tokens = sum(entry.tokens for entry in kept.values())
    return Plan(
        kept=[kept[index] for index in sorted(kept)],
        replaced=[item for index, item in enumerate(items) if kept.get(index) is not history[index]],
        record_tokens=_left_for_record(policy, kept_tokens),
        stays=stays,
    )


def more_recent(plan: Plan, history: Sequence[SizedItem], spare: int) -> dict[int, SizedItem]:
    """Return the newest items that the plan does not keep, by their positions, as many as fit `spare` tokens."""
    return {
        index: history[index] for index in recent_items(history, spare, plan.stays) if index not in plan.stays
    }


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


def _left_for_record(policy: Policy, kept_tokens: int) -> int:
    left = max(policy.target_tokens - kept_tokens, MIN_RECORD_TOKENS)
    return left if policy.record_tokens is None else min(left, policy.record_tokens)


def protected_items(items: Sequence[Item], pinned: Sequence[str]) -> dict[int, Stay]:
    """Return where the items stand that always stay, `pinned` the ids of some of them, and why each does."""
    dangling = open_calls(items)
    protected = {index: stay for index, item in enumerate(items) if (stay := _always_stays(item, dangling))}
    waiting = {index for index, stay in protected.items() if stay is Stay.OPEN_CALL}
    pins = pinned_positions(items, pinned)
    bound = dict(_bound_to(items, waiting, pins))
    unanswered = _unanswered(items)
    if unanswered is not None:
        protected.setdefault(unanswered, Stay.UNANSWERED_USER_MESSAGE)
    # Last: what waits for an answer has its place at the end, pinned or not.
    protected = dict.fromkeys(pins, Stay.PINNED) | bound | protected
    # What is set holds on, and takes no room.
    updates = [index for index, item in enumerate(items) if isinstance(item, ConfigurationUpdate)]
    return protected | dict.fromkeys(updates, Stay.CONFIGURATION)


def _always_stays(item: Item, dangling: frozenset[str]) -> Stay | None:
    # Tools that were added hold from there on: without them the model could call none of them.
    if said_by(item, "system", "developer") or item.type == "additional_tools":
        return Stay.SYSTEM_OR_DEVELOPER
    is_request = isinstance(item, OtherItem) and item.type == "mcp_approval_request"
    name = item.id if is_request else getattr(item, "call_id", None)
    # Items that we only pass on may hold anything in its place.
    return Stay.OPEN_CALL if isinstance(name, str) and name in dangling else None


def _bound_to(
    items: Sequence[Item], waiting: Collection[int], pins: Collection[int]
) -> Iterator[tuple[int, Stay]]:
    """Yield all that is bound to calls that wait, and the reasoning that led to what is pinned."""
    for group in bound_together(items):
        thoughts = [index for index in group if isinstance(items[index], Reasoning)]
        if any(index in waiting for index in group):
            yield from ((index, Stay.OPEN_CALL) for index in group)
            yield from ((index, Stay.REASONING_OF_OPEN_CALL) for index in thoughts)
        elif any(index in pins for index in group):
            yield from ((index, Stay.PINNED) for index in thoughts)


def _unanswered(items: Sequence[Item]) -> int | None:
    """Return where the newest user message stands, if the model has not done with it.

    What it says before it calls a tool is no answer, nor is a commentary.
    """
    works_on = False
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if said_by(item, "user"):
            return index
        works_on = works_on or is_in_call(item)
        if not works_on and _may_answer(item):
            return None
    return None


def _may_answer(item: Item) -> bool:
    return isinstance(item, Message) and item.role == "assistant" and item.phase != "commentary"


def recent_items(history: Sequence[SizedItem], budget: int, kept: Collection[int] = ()) -> range:
    """Return where the newest items stand, as many as fit `budget` tokens beside those that are `kept` anyway."""
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
    history: Sequence[SizedItem],
    budget: int,
    kept: dict[int, SizedItem],
    count: Callable[[str], int],
) -> dict[int, SizedItem]:
    chosen: dict[int, SizedItem] = {}
    left = budget - sum(entry.tokens for entry in kept.values() if said_by(entry.item, "user"))
    for index in range(len(history) - 1, -1, -1):
        entry = history[index]
        if index in kept or not said_by(entry.item, "user"):
            continue
        if entry.tokens <= left:
            chosen[index] = entry
            left -= entry.tokens
            continue
        shortened = cut_in_the_middle(entry, left, count)
        if shortened is not None:
            chosen[index] = shortened
        break
    return chosen


# A message cut to less than this says too little to be worth its place.
_SHORTEST_CUT_TOKENS = 48
_SHORTEST_CUT_CHARACTERS = 16


def cut_in_the_middle(entry: SizedItem, max_tokens: int, count: Callable[[str], int]) -> SizedItem | None:
    """Return the message with its middle cut out and its media but named: at most `max_tokens` tokens.

    None when too little would be left.
    """
    text = readable_text(entry.item)
    if max_tokens < _SHORTEST_CUT_TOKENS or not isinstance(entry.item, Message):
        return None
    characters = len(text)
    while characters >= _SHORTEST_CUT_CHARACTERS:
        shortened = entry.item.changed(content=[InputText(text=without_middle(text, characters))])
        tokens = count_item(shortened, count)
        if tokens <= max_tokens:
            return SizedItem(item=shortened, tokens=tokens)
        # Tokens are not spread evenly: where the ends are denser than the middle, it is cut once more.
        characters = int(characters * max_tokens / tokens * 0.9)
    return None
