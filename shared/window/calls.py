"""Which items of a window belong together: calls with their outputs, reasoning with what it led to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from shared.wire.items import (
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    Item,
    OtherItem,
    Reasoning,
    said_by,
)


def open_calls(items: Sequence[Item]) -> frozenset[str]:
    """Return the call ids of calls that no later item answers; for MCP, the ids of approval requests."""
    waiting: set[str] = set()
    for item in items:
        match _role_in_call(item):
            case _Call(key):
                waiting.add(key)
            case _Output(key):
                waiting.discard(key)
            case None:
                continue
    return frozenset(waiting)


def safe_cuts(items: Sequence[Item]) -> list[bool]:
    """Return, for each place 0 to len(items), whether the window may be cut there, before item i.

    A cut is safe when it parts no two items that are bound together. Both ends are always safe. Linear in
    the number of items.
    """
    # Each bond adds one before its first forbidden place and takes it back after its last.
    steps = [0] * (len(items) + 2)
    for first, last in _bonds(items):
        steps[first + 1] += 1
        steps[last + 1] -= 1
    return [depth == 0 for depth in accumulate(steps[: len(items) + 1])]


def bound_together(items: Sequence[Item]) -> list[list[int]]:
    """Return the places of all items in groups that stay or go whole, by their oldest item.

    A call is bound to its outputs, a run of reasoning to the calls that it led to at once, or else to the one
    item that follows it, and a program to the calls from within it. A provider refuses any of these without
    the other. A call id that is used again after it was answered begins a new call; an output without a call
    before it is bound to nothing. Hardly more than linear in the number of items.
    """
    leader = list(range(len(items)))
    for first, last in _bonds(items):
        one, other = sorted((_first(leader, first), _first(leader, last)))
        leader[other] = one
    groups: dict[int, list[int]] = {}
    for index in range(len(items)):
        groups.setdefault(_first(leader, index), []).append(index)
    return list(groups.values())


def is_in_call(item: Item) -> bool:
    """Return whether the item is a call, of a client's tool or of a provider's, or what came of one."""
    return is_call(item) or _role_in_call(item) is not None


def is_call(item: Item) -> bool:
    """Return whether the item is a call, of a client's tool or of a provider's."""
    if item.type.endswith("_call"):
        return True
    return isinstance(item, OtherItem) and isinstance(_role_in_call(item), _Call)


def settled_length(items: Sequence[Item], *, newest: int) -> int:
    """Return the length of the longest prefix at whose end the window may be cut even after the next turn.

    Calls among the `newest` items at the end may still be answered: what comes then belongs to them.
    """
    waiting = open_calls(items)
    roles = enumerate(_role_in_call(item) for item in items)
    asked = [index for index, role in roles if isinstance(role, _Call) and role.key in waiting]
    end = min([index for index in asked if index >= len(items) - newest], default=len(items))
    if end == len(items) and not (items and isinstance(items[-1], Reasoning)):
        return end
    cuts = safe_cuts(items)
    return next(place for place in range(min(end, len(items) - 1), -1, -1) if cuts[place])


def pairs(items: Sequence[Item]) -> list[tuple[int, int]]:
    """Return the index of a call and of an output of it, for every output that has a call before it.

    A call id that is used again after it was answered begins a new call. A call that is sent again before that
    is the same call: its first output answers all of them.
    """
    began: dict[str, list[int]] = {}
    answered: set[str] = set()
    found = list[tuple[int, int]]()
    for index, item in enumerate(items):
        match _role_in_call(item):
            case _Call(key) if key not in began or key in answered:
                began[key] = [index]
                answered.discard(key)
            case _Call(key):
                began[key].append(index)
            case _Output(key) if key in began:
                answered.add(key)
                found.extend((call, index) for call in began[key])
                del began[key][1:]
            case _:
                continue
    return found


@dataclass(frozen=True, slots=True)
class _Call:
    """An item that asks."""

    key: str


@dataclass(frozen=True, slots=True)
class _Output:
    """An item that answers."""

    key: str


def _bonds(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    yield from pairs(items)
    yield from _from_reasoning(items)
    yield from _from_programs(items)


def _from_reasoning(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    """Yield each run of reasoning with each item after its first that belongs to it."""
    index = 0
    while index < len(items):
        first = index
        while index < len(items) and isinstance(items[index], Reasoning):
            index += 1
        if index == first:
            index += 1
            continue
        # Words between the thoughts and the calls are of the same breath.
        last = min(index, len(items) - 1)
        while index < len(items) and (
            (called := is_call(items[index])) or said_by(items[index], "assistant")
        ):
            last = index if called else last
            index += 1
        yield from ((first, place) for place in range(first + 1, last + 1))


def _from_programs(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    """Yield each program with each call from within it, and what came of the call."""
    programs: dict[str, int] = {}
    for index, item in enumerate(items):
        if item.type == "program" and isinstance(role := _role_in_call(item), _Call):
            programs[role.key] = index
        if not programs:
            continue
        caller = (item.model_extra or {}).get("caller")
        name = caller.get("caller_id") if isinstance(caller, dict) else None
        if isinstance(name, str) and name in programs:
            yield programs[name], index


def _first(leader: list[int], index: int) -> int:
    while leader[index] != index:
        # Half of the way is saved to whoever asks next: chains are as long as their windows.
        leader[index] = leader[leader[index]]
        index = leader[index]
    return index


def _role_in_call(item: Item) -> _Call | _Output | None:
    match item:
        case FunctionCall() | CustomToolCall():
            return _Call(item.call_id)
        case FunctionCallOutput() | CustomToolCallOutput():
            return _Output(item.call_id)
        case OtherItem():
            return _role_of_other(item)
        case _:
            return None


def _role_of_other(item: OtherItem) -> _Call | _Output | None:
    match item.type:
        case "mcp_approval_request":
            return _Call(item.id) if item.id else None
        case "mcp_approval_response" | "mcp_call":
            # The call that was approved belongs to the approval as much as the approval to its request.
            key = _text_field(item, "approval_request_id")
            return _Output(key) if key else None
        case "local_shell_call_output":
            # OpenAI's schema names the call in `id` here; clients also send `call_id`.
            key = _text_field(item, "call_id") or item.id
            return _Output(key) if key else None
        case kind:
            key = _text_field(item, "call_id")
            return _by_type(kind, key) if key else None


def _by_type(kind: str, key: str) -> _Call | _Output:
    return _Output(key) if kind.endswith("_output") else _Call(key)


def _text_field(item: OtherItem, name: str) -> str | None:
    value = (item.model_extra or {}).get(name)
    return value if isinstance(value, str) and value else None
