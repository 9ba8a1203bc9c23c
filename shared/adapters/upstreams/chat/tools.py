"""Tools of the Responses API as functions of chat completions, and the way back."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from shared.prompt import Prompt
from shared.wire.items import CustomToolCall, FunctionCall, OtherItem
from shared.wire.model import JsonObject
from shared.wire.tools import CLIENT_TOOL_TYPES

MAX_NAME_LENGTH: Final = 64

ToolKind: TypeAlias = Literal["function", "custom", "tool_search"]

_NESTED: Final = frozenset({"function", "custom"})
_CUSTOM_PARAMETERS: Final[JsonObject] = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A client's tool; `chat_name` is what a chat-completions model calls it."""

    kind: ToolKind
    name: str
    namespace: str | None
    chat_name: str
    definition: JsonObject


class ToolTable:
    """The tools of one request, by either of their names."""

    def __init__(self, definitions: Iterable[JsonObject]) -> None:
        self._by_chat_name: dict[str, Tool] = {}
        self._by_name: dict[tuple[str | None, str], Tool] = {}
        for namespace, definition in _flattened(definitions):
            self._add(namespace, definition)

    def called(self, chat_name: str) -> Tool:
        """Return the tool that a model means; an invented name is a function of that name."""
        unknown = Tool("function", chat_name, None, chat_name, {})
        return self._by_chat_name.get(chat_name, unknown)

    def chat_name(self, call: FunctionCall | CustomToolCall) -> str:
        """Return the name under which a call of the history is shown to the model."""
        known = self._by_name.get((call.namespace, call.name))
        return known.chat_name if known else _flat_name(call.namespace, call.name)

    def find(self, name: str, namespace: str | None = None) -> Tool | None:
        """Return the tool that the client named, if the request has it."""
        return self._by_name.get((namespace, name))

    def functions(self) -> list[JsonObject]:
        """Return every tool as a chat-completions function."""
        return [_function(tool) for tool in self._by_chat_name.values()]

    def _add(self, namespace: str | None, definition: JsonObject) -> None:
        kind: ToolKind = definition["type"]
        name = str(definition.get("name", kind))
        known = self._by_name.get((namespace, name))
        chat_name = known.chat_name if known else self._free_name(namespace, name)
        tool = Tool(kind, name, namespace, chat_name, definition)
        # A tool that is offered again, by a later item, replaces the earlier one.
        self._by_chat_name[chat_name] = tool
        self._by_name[namespace, name] = tool

    def _free_name(self, namespace: str | None, name: str) -> str:
        flat = _flat_name(namespace, name)
        return _hashed_name(namespace, name) if flat in self._by_chat_name else flat


def offered_tools(prompt: Prompt) -> list[JsonObject]:
    """Return the request's tools and those that items of the conversation brought along."""
    tools = list(prompt.sampling.tools)
    for item in prompt.items:
        if isinstance(item, OtherItem) and item.type in {"additional_tools", "tool_search_output"}:
            tools += _brought(item)
    return tools


def hosted_tools(item: OtherItem) -> list[JsonObject]:
    """Return the tools of an item that only a service behind them could run."""
    return [tool for tool in _brought(item) if tool.get("type") not in CLIENT_TOOL_TYPES]


def _brought(item: OtherItem) -> list[JsonObject]:
    return (item.model_extra or {}).get("tools") or []


def _flattened(definitions: Iterable[JsonObject]) -> Iterable[tuple[str | None, JsonObject]]:
    for definition in definitions:
        match definition.get("type"):
            case "namespace":
                yield from _members(definition)
            # The provider is given every tool at once, so only a search by the client has a use.
            case "tool_search" if definition.get("execution") != "client":
                continue
            case "function" | "custom" | "tool_search":
                yield None, definition
            case _:
                continue  # the hosted ones of an item are told as text; the request's own were checked


def _members(namespace: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield a namespace's tools; what is said of all of them is said of each."""
    about = namespace.get("description")
    for tool in namespace.get("tools") or []:
        if tool.get("type") in _NESTED:
            said = [text for text in (tool.get("description"), about) if text]
            yield namespace["name"], tool | ({"description": "\n\n".join(said)} if said else {})


def _flat_name(namespace: str | None, name: str) -> str:
    flat = f"{namespace}__{name}" if namespace else name
    return flat if len(flat) <= MAX_NAME_LENGTH else _hashed_name(namespace, name)


def _hashed_name(namespace: str | None, name: str) -> str:
    digest = hashlib.sha256(f"{namespace}\0{name}".encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME_LENGTH - 9]}_{digest}"


def _function(tool: Tool) -> JsonObject:
    function: JsonObject = {"name": tool.chat_name}
    if description := _description(tool.definition):
        function["description"] = description
    if tool.kind == "custom":
        function["parameters"] = _CUSTOM_PARAMETERS
    elif parameters := tool.definition.get("parameters"):
        function["parameters"] = parameters
    if tool.definition.get("strict") is not None:
        function["strict"] = tool.definition["strict"]
    return {"type": "function", "function": function}


def _description(definition: JsonObject) -> str:
    description = str(definition.get("description") or "")
    syntax = definition.get("format") or {}
    if syntax.get("type") != "grammar":
        return description
    rule = f"`input` must match this {syntax.get('syntax')} grammar:\n{syntax.get('definition')}"
    return f"{description}\n\n{rule}".strip()
