"""Pruning: whether a history reaches its target by shorter tool outputs alone, without a record of its words."""

from collections.abc import Callable, Sequence
from typing import Any

from shared.compaction.ledger.errors import errors_of
from shared.compaction.plan import Plan, Stay, protected_items, recent_items
from shared.compaction.policy import Policy
from shared.window.counting import count_item
from shared.window.payload import SizedItem
from shared.wire.items import (
    Compaction,
    CustomToolCallOutput,
    FunctionCallOutput,
    InputText,
    Item,
    OtherItem,
    OutputText,
    Reasoning,
    said_by,
)
from shared.wire.text import text_of

# What stays of an output: its beginning, its end, and the errors between them.
_HEAD_CHARACTERS, _TAIL_CHARACTERS = 400, 800
# Calls of a provider's own tools hold what came of them.
_CALLS_WITH_OUTPUT = frozenset({"mcp_call", "code_interpreter_call", "file_search_call"})
# The members of such items, and of outputs, that hold a tool's words.
_OUTPUT_TEXTS = frozenset({"output", "result", "stdout", "stderr", "logs", "text"})
# An output that would hardly be smaller stays as it is.
_WORTH_IT = 2


def plan_pruning(
    history: Sequence[SizedItem],
    policy: Policy,
    *,
    record_tokens: int,
    count: Callable[[str], int],
    may_stay: bool = False,
) -> Plan | None:
    """Return the plan that only prunes, or None where that does not reach the target.

    The oldest reasoning and tool outputs go first, and no more of them than must. All else stays word for word:
    what is protected, what is recent, every message, every call. `record_tokens` is what the record needs for
    what it carries already; with `may_stay` nothing has to go where nothing must. An item of /responses/compact and one that a provider sealed have rules of their own.
    """
    if policy.record_tokens is not None or any(isinstance(entry.item, Compaction) for entry in history):
        return None
    room = policy.target_tokens - record_tokens
    kept: dict[int, SizedItem] = dict(enumerate(history))
    size = sum(entry.tokens for entry in history)
    for index in _prunable(history, policy):
        if size <= room:
            break
        entry = kept.pop(index)
        shorter = None if isinstance(entry.item, Reasoning) else without_middle(entry, count)
        if shorter is not None:
            kept[index] = shorter
        size -= entry.tokens - (shorter.tokens if shorter else 0)
    if size > room or not (may_stay or _changed(history, kept)):
        return None
    return Plan(
        kept=[kept[index] for index in sorted(kept)],
        replaced=_changed(history, kept),
        record_tokens=policy.target_tokens - size,
        stays=_stays(history, kept, policy),
        is_pruning=True,
    )


def without_middle(entry: SizedItem, count: Callable[[str], int]) -> SizedItem:
    """Return a tool's output with its beginning, its end and its errors, or as it is where that is no shorter."""
    item = _shortened(entry.item, entry.tokens)
    if item is None:
        return entry
    tokens = count_item(item, count)
    return SizedItem(item=item, tokens=tokens) if tokens * _WORTH_IT <= entry.tokens else entry


def _shortened(item: Item, tokens: int) -> Item | None:
    mark = f"[… pruned: this output had {tokens} tokens"
    if isinstance(item, (FunctionCallOutput, CustomToolCallOutput)):
        return item.changed(output=_ends_and_errors(text_of(item), f"{mark}{_media(item)} …]"))
    if _holds_output(item):
        return OtherItem.model_validate(_with_shorter_texts(item.to_json(), f"{mark} …]"))
    return None


def _ends_and_errors(text: str, mark: str) -> str:
    head, tail = text[:_HEAD_CHARACTERS], text[max(len(text) - _TAIL_CHARACTERS, _HEAD_CHARACTERS) :]
    errors = [line for line in errors_of(text) if line not in head and line not in tail]
    return "\n".join(part for part in (head, mark, *errors, tail) if part)


def _holds_output(item: Item) -> bool:
    return isinstance(item, OtherItem) and (item.type.endswith("_output") or item.type in _CALLS_WITH_OUTPUT)


def _with_shorter_texts(value: Any, mark: str, name: str = "") -> Any:
    match value:
        case dict():
            return {key: _with_shorter_texts(each, mark, key) for key, each in value.items()}
        case list():
            return [_with_shorter_texts(each, mark, name) for each in value]
        case str() if name in _OUTPUT_TEXTS and len(value) > _WORTH_IT * (
            _HEAD_CHARACTERS + _TAIL_CHARACTERS
        ):
            return _ends_and_errors(value, mark)
        case _:
            return value


def _media(item: FunctionCallOutput | CustomToolCallOutput) -> str:
    if isinstance(item.output, str):
        return ""
    media = sum(not isinstance(part, (InputText, OutputText)) for part in item.output)
    return f", {media} images or files among them" if media else ""


def _prunable(history: Sequence[SizedItem], policy: Policy) -> list[int]:
    """Return where what may be pruned stands, oldest first."""
    items = [entry.item for entry in history]
    whole = {*protected_items(items, policy.pinned_items), *recent_items(history, policy.recent_tokens)}
    # A provider refuses the calls of a turn that goes on without the reasoning that led to them.
    asked = max((index for index, item in enumerate(items) if said_by(item, "user")), default=0)
    return [
        index
        for index, item in enumerate(items)
        if index not in whole
        and (
            isinstance(item, (FunctionCallOutput, CustomToolCallOutput))
            or _holds_output(item)
            or (isinstance(item, Reasoning) and index < asked)
        )
    ]


def _changed(history: Sequence[SizedItem], kept: dict[int, SizedItem]) -> list[Item]:
    return [entry.item for index, entry in enumerate(history) if kept.get(index) is not entry]


def _stays(history: Sequence[SizedItem], kept: dict[int, SizedItem], policy: Policy) -> dict[int, Stay]:
    stays = protected_items([entry.item for entry in history], policy.pinned_items)
    for index in sorted(kept):
        stays.setdefault(index, Stay.FITS if kept[index] is history[index] else Stay.OUTPUT_CUT)
    return stays
