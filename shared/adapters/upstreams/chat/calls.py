"""Tool calls in a chat-completions stream, put together from their parts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, field_validator

from shared.adapters.upstreams.chat.arguments import custom_input, json_object
from shared.adapters.upstreams.chat.tools import Tool, ToolTable
from shared.errors import UpstreamError
from shared.ids import new_id
from shared.prompt import CallDelta, CallStarted, ItemProduced, UpstreamEvent
from shared.wire.items import OtherItem


class CallPart(BaseModel):
    """A piece of a tool call, as servers send it."""

    class Function(BaseModel):
        """The function's name, its arguments, or a piece of these."""

        name: str | None = None
        arguments: str | None = None

        @field_validator("arguments", mode="before")
        @classmethod
        def _written(cls, arguments: object) -> object:
            return json.dumps(arguments, ensure_ascii=False) if isinstance(arguments, dict) else arguments

    index: int | None = None
    id: str | None = None
    function: Function | None = None


@dataclass(slots=True)
class _Call:
    number: int
    index: int | None
    id: str
    tool: Tool | None = None
    held: str = ""


class Calls:
    """The calls of one answer. A function's arguments pass through; a custom tool's wait for their end."""

    def __init__(self, tools: ToolTable) -> None:
        self._tools = tools
        self._calls: list[_Call] = []

    def read(self, part: CallPart) -> Iterator[UpstreamEvent]:
        """Yield what one part adds."""
        function = part.function or CallPart.Function()
        call = self._continued(part, function.name) or self._begin(part)
        if function.name and call.tool is None:
            call.tool = self._tools.called(function.name)
            yield from _started(call, call.tool)
        call.held += function.arguments or ""
        if call.held and call.tool and call.tool.kind == "function":
            yield CallDelta(call.number, call.held)
            call.held = ""

    def end(self, status: Literal["completed", "incomplete"]) -> Iterator[UpstreamEvent]:
        """Yield what was held back; `status` is that of the answer. Raises UpstreamError for a call of nothing."""
        for call in self._calls:
            if call.tool is None:
                raise UpstreamError("The model provider sent a tool call without a name.")
            if call.tool.kind == "custom":
                yield CallDelta(call.number, custom_input(call.held))
            elif call.tool.kind == "tool_search":
                yield ItemProduced(_search_call(call, status))

    def _continued(self, part: CallPart, name: str | None) -> _Call | None:
        """Return the call that the part goes on with: only a name can begin another one."""
        if known := self._by_id(part.id):
            return known
        known = self._by_index(part.index)
        if known is None and part.index is None and not name and self._calls:
            return self._calls[-1]
        return None if known and known.tool and _names_another(part, name, known.tool) else known

    def _by_id(self, call_id: str | None) -> _Call | None:
        return next((call for call in self._calls if call_id and call.id == call_id), None)

    def _by_index(self, index: int | None) -> _Call | None:
        matching = (call for call in reversed(self._calls) if index is not None and call.index == index)
        return next(matching, None)

    def _begin(self, part: CallPart) -> _Call:
        call = _Call(len(self._calls), part.index, part.id or new_id("call"))
        self._calls.append(call)
        return call


def _names_another(part: CallPart, name: str | None, tool: Tool) -> bool:
    """Whether a server that gives every call the same index begins the next one."""
    return bool(name) and (bool(part.id) or name != tool.chat_name)


def _started(call: _Call, tool: Tool) -> Iterator[UpstreamEvent]:
    if tool.kind != "tool_search":
        yield CallStarted(call.number, call.id, tool.name, tool.kind, tool.namespace)


def _search_call(call: _Call, status: str) -> OtherItem:
    arguments = json_object(call.held)
    return OtherItem.model_validate(
        {
            "type": "tool_search_call",
            "call_id": call.id,
            "execution": "client",
            "arguments": call.held if arguments is None else arguments,
            "status": status,
        }
    )
