"""Reading items: what was said, called and returned, whatever the item's type."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from shared.compaction.ledger.entries import Trust
from shared.compaction.ledger.nested import calls_inside, outputs_inside
from shared.compaction.ledger.opening import exit_code_in, parsed, strings_of, tells_failure, text_of_output
from shared.compaction.ledger.toolwords import WRAPPERS
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
    """A tool's output; `exit_code` where it has a field for it, `is_error` where another field tells a failure."""

    call_id: str
    text: str
    source: str
    exit_code: int | None = None
    is_error: bool = False


Trace: TypeAlias = Said | Called | Returned

_TRUST: dict[Role, Trust] = {
    "user": Trust.USER,
    "assistant": Trust.ASSISTANT,
    "system": Trust.SYSTEM,
    "developer": Trust.SYSTEM,
}


def read_items(items: Sequence[Item], *, seen: int) -> list[Trace]:
    """Return what the items say and do, in order. `seen` items came before them in the ledger's life.

    A call that carries others is told as those, and its output as theirs where it can be parted.
    """
    traces: list[Trace] = []
    carried: dict[str, int] = {}
    for index, item in enumerate(items):
        for trace in _read(item, getattr(item, "id", None) or f"#{seen + index}"):
            traces.extend(_apart(trace, carried))
    return traces


def _apart(trace: Trace, carried: dict[str, int]) -> list[Trace]:
    """Return the calls inside a call, or the opened outputs inside an output; `carried` counts the former by call id."""
    if isinstance(trace, Called) and (inside := calls_inside(trace.arguments)):
        carried[trace.call_id] = len(inside)
        return [
            Called(name, _place(trace.call_id, index), trace.source, arguments)
            for index, (name, arguments) in enumerate(inside)
        ]
    if isinstance(trace, Returned):
        texts = outputs_inside(trace.text, carried.get(trace.call_id, 0))
        if texts:
            each = (
                replace(trace, call_id=_place(trace.call_id, n), text=text) for n, text in enumerate(texts)
            )
            return [_opened(returned) for returned in each]
        return [_opened(trace)]
    return [trace]


def _place(call_id: str, index: int) -> str:
    return f"{call_id}/{index}"


def _read(item: Item, source: str) -> Iterator[Trace]:
    match item:
        case Message():
            yield Said(_TRUST[item.role], readable_content(item.content), source)
        case FunctionCall():
            arguments = _unwrapped(_object_in(item.arguments))
            yield Called(item.name, item.call_id, source, arguments, "" if arguments else item.arguments)
        case CustomToolCall():
            yield Called(item.name, item.call_id, source, text=item.input)
        case FunctionCallOutput() | CustomToolCallOutput():
            yield Returned(item.call_id, text_of(item), source)
        case OtherItem():
            yield from _read_other(item.to_json(), source)
        case _:
            return


def _unwrapped(arguments: JsonObject) -> JsonObject:
    """Return what a tool that passes calls on is given: its one argument may hold all of them, as an object or text."""
    if len(arguments) != 1:
        return arguments
    [(name, value)] = arguments.items()
    if name not in WRAPPERS:
        return arguments
    return (
        dict(value)
        if isinstance(value, Mapping)
        else (isinstance(value, str) and _object_in(value)) or arguments
    )


def _read_other(item: JsonObject, source: str) -> Iterator[Trace]:
    kind, call_id = str(item["type"]), str(item.get("call_id") or item.get("id") or source)
    if kind == "agent_message":
        # Another agent's words are no user's, nor our model's: of them we read what we read of a tool's.
        yield Returned(call_id, "\n".join(strings_of(item.get("content"))), source)
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
            return _object_in(value)
    return {name: item[name] for name in ("code", "queries", "query") if item.get(name)}


def _output_of_other(item: JsonObject, call_id: str, source: str) -> Returned:
    parts = [item.get(name) for name in ("output", "outputs", "error", "results")]
    is_error = item.get("status") == "failed" or bool(item.get("error"))
    return Returned(call_id, "\n".join(strings_of(parts)), source, exit_code_in(item), is_error)


def _opened(returned: Returned) -> Returned:
    """Look into output that is JSON, as coding agents send it: the text and the exit code have fields there."""
    value = parsed(returned.text) if returned.text.lstrip()[:1] in {"{", "["} else None
    if not value:
        return returned
    code = returned.exit_code if returned.exit_code is not None else exit_code_in(value)
    text = text_of_output(returned.text, value)
    return replace(returned, text=text, exit_code=code, is_error=returned.is_error or tells_failure(value))


def _object_in(text: str) -> JsonObject:
    value = parsed(text)
    return value if isinstance(value, dict) else {}
