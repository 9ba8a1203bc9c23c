"""Reading items: what was said, called and returned, whatever the item's type."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from shared.compaction.ledger.entries import Trust
from shared.wire.items import (
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    Item,
    Message,
    OtherItem,
    Role,
)
from shared.wire.model import JsonObject
from shared.wire.text import readable_content, text_of


@dataclass(frozen=True, slots=True)
class Said:
    """A message's words."""

    trust: Trust
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call: named arguments, and the plain text that a free-form tool was given."""

    name: str
    call_id: str
    source: str
    arguments: JsonObject = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """A tool's output; `exit_code` where the item has a field for it."""

    call_id: str
    text: str
    source: str
    exit_code: int | None = None


Trace: TypeAlias = Said | Called | Returned

_TRUST: dict[Role, Trust] = {
    "user": Trust.USER,
    "assistant": Trust.ASSISTANT,
    "system": Trust.SYSTEM,
    "developer": Trust.SYSTEM,
}


# What a shell printed is a field of what it returned.
_STREAMS = frozenset({"output", "outputs", "stdout", "stderr", "text", "content", "result", "results"})
_SHORT_OBJECT = 400
_WRAPPERS = frozenset({"arguments", "args", "input", "params", "parameters", "kwargs", "tool_input"})


def read_items(items: Sequence[Item], *, seen: int) -> list[Trace]:
    """Return what the items say and do, in order. `seen` items came before them in the ledger's life."""
    traces: list[Trace] = []
    for index, item in enumerate(items):
        traces.extend(_read(item, getattr(item, "id", None) or f"#{seen + index}"))
    return traces


def _read(item: Item, source: str) -> Iterator[Trace]:
    match item:
        case Message():
            yield Said(_TRUST[item.role], readable_content(item.content), source)
        case FunctionCall():
            arguments = _unwrapped(_parsed(item.arguments))
            yield Called(item.name, item.call_id, source, arguments, "" if arguments else item.arguments)
        case CustomToolCall():
            yield Called(item.name, item.call_id, source, text=item.input)
        case FunctionCallOutput() | CustomToolCallOutput():
            yield _returned(item.call_id, text_of(item), source)
        case OtherItem():
            yield from _read_other(item.to_json(), source)
        case _:
            return


def _unwrapped(arguments: JsonObject) -> JsonObject:
    """Return what a tool that passes calls on is given: its one argument may hold all of them, as an object or text."""
    if len(arguments) != 1:
        return arguments
    [(name, value)] = arguments.items()
    if name not in _WRAPPERS:
        return arguments
    return (
        dict(value)
        if isinstance(value, Mapping)
        else (isinstance(value, str) and _parsed(value)) or arguments
    )


def _read_other(item: JsonObject, source: str) -> Iterator[Trace]:
    kind, call_id = str(item["type"]), str(item.get("call_id") or item.get("id") or source)
    if kind == "agent_message":
        # Another agent's words are no user's, nor our model's: of them we read what we read of a tool's.
        yield Returned(call_id, "\n".join(_strings(item.get("content"))), source)
    elif kind.endswith("_output"):
        yield _output_of_other(item, call_id, source)
    elif kind.endswith("_call"):
        yield Called(str(item.get("name") or kind), call_id, source, _arguments_of_other(item))
        if any(item.get(name) for name in ("output", "outputs", "error", "results")):
            yield _output_of_other(item, call_id, source)


def _arguments_of_other(item: JsonObject) -> JsonObject:
    for name in ("action", "operation", "arguments"):
        value = item.get(name)
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, str):
            return _parsed(value)
    return {name: item[name] for name in ("code", "queries", "query") if item.get(name)}


def _output_of_other(item: JsonObject, call_id: str, source: str) -> Returned:
    parts = [item.get(name) for name in ("output", "outputs", "error", "results")]
    text = "\n".join(_strings(parts))
    if item.get("status") == "failed":
        text = f"failed\n{text}"
    returned = _returned(call_id, text, source)
    code = _exit_code(item)
    return returned if code is None else Returned(call_id, returned.text, source, code)


def _returned(call_id: str, text: str, source: str) -> Returned:
    """Look into output that is JSON, as coding agents send it: the text and the exit code have fields there."""
    if text.lstrip()[:1] != "{":
        return Returned(call_id, text, source)
    parsed = _parsed(text)
    if not parsed:
        return Returned(call_id, text, source)
    if len(text) <= _SHORT_OBJECT and _STREAMS.isdisjoint(parsed):
        # Small enough to be quoted as it came.
        return Returned(call_id, " ".join(text.split()), source, _exit_code(parsed))
    return Returned(call_id, "\n".join(_strings(parsed)), source, _exit_code(parsed))


def _exit_code(value: Any, depth: int = 0) -> int | None:
    if isinstance(value, Mapping) and depth < 4:
        for name in ("exit_code", "exitCode", "returncode", "return_code"):
            if isinstance(value.get(name), int):
                return int(value[name])
        value = list(value.values())
    if isinstance(value, list) and depth < 4:
        codes = [code for each in value[-20:] if (code := _exit_code(each, depth + 1)) is not None]
        return next((code for code in codes if code), codes[-1] if codes else None)
    return None


def _strings(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and depth < 8:
        for name, each in value.items():
            if name == "type":
                continue
            if isinstance(each, (str, int, float)) and not isinstance(each, bool) and len(str(each)) < 120:
                yield f"{name}: {each}" if name not in {"output", "stdout", "stderr", "text"} else str(each)
            else:
                yield from _strings(each, depth + 1)
    elif isinstance(value, list) and depth < 8:
        for each in value:
            yield from _strings(each, depth + 1)


def _parsed(text: str) -> JsonObject:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
