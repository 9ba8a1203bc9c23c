"""Items of the Responses API as messages of chat completions.

What chat completions cannot express becomes labelled text. Left out are reasoning, which belongs to the provider that
made it; what is told about an item and is not in it, such as its id, status, phase, annotations and probabilities; and
encoded bytes where only text may stand.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from shared.adapters.upstreams.chat.arguments import custom_arguments, function_arguments
from shared.adapters.upstreams.chat.parts import attachments, labelled, text_only, user_content
from shared.adapters.upstreams.chat.tools import ToolTable, hosted_tools
from shared.window.calls import pairs
from shared.wire.items import (
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    Item,
    Message,
    OtherItem,
    Part,
    Reasoning,
)
from shared.wire.model import JsonObject
from shared.wire.text import readable_json

Call: TypeAlias = FunctionCall | CustomToolCall
Output: TypeAlias = FunctionCallOutput | CustomToolCallOutput

_CALLS = (FunctionCall, CustomToolCall)
_OUTPUTS = (FunctionCallOutput, CustomToolCallOutput)

_ORPHAN = "output of tool call {}, which is no longer in the conversation"


def render_messages(instructions: str | None, items: Sequence[Item], tools: ToolTable) -> list[JsonObject]:
    """Return the messages, in an order that strict providers accept.

    Consecutive calls are one assistant message, with the message before them; each call is followed by
    its output, wherever that stood; an output without a call is the user's labelled text, and a call
    without an output is answered by a sentence that says so.
    """
    messages: list[JsonObject] = []
    if instructions:
        messages.append({"role": "system", "content": instructions})
    messages.extend(_Rendering(items, tools).messages())
    return messages


class _Rendering:
    def __init__(self, items: Sequence[Item], tools: ToolTable) -> None:
        self._items = [item for item in items if not isinstance(item, Reasoning)]
        self._tools = tools
        self._outputs: defaultdict[str, deque[int]] = defaultdict(deque)
        self._paired: set[int] = set()
        self._calls = {output: self._items[call] for call, output in pairs(self._items)}
        self._position = 0
        for position, item in enumerate(self._items):
            if isinstance(item, _OUTPUTS):
                self._outputs[item.call_id].append(position)

    def messages(self) -> Iterator[JsonObject]:
        while self._position < len(self._items):
            item = self._items[self._position]
            if isinstance(item, _CALLS):
                yield from self._called({"role": "assistant", "content": None})
            else:
                self._position += 1
                yield from self._rendered(item)

    def _rendered(self, item: Item) -> Iterator[JsonObject]:
        match item:
            case Message(role="assistant"):
                yield from self._called({"role": "assistant", "content": text_only(item.content)})
            case Message(role="user"):
                yield {"role": "user", "content": user_content(item.content)}
            case Message():
                # Only OpenAI's own models know the role `developer`.
                yield {"role": "system", "content": text_only(item.content)}
                yield from _attached(f"attached to the {item.role} message", item.content)
            case FunctionCallOutput() | CustomToolCallOutput():
                yield from self._unpaired(item)
            case OtherItem(type="additional_tools"):
                yield from _hosted(item)  # the others are among the request's
            case _:
                yield {"role": "user", "content": labelled(item.type, readable_json(item.to_json()))}

    def _called(self, message: JsonObject) -> Iterator[JsonObject]:
        """Yield the assistant's message with the calls that follow it, then their outputs."""
        calls = self._next_calls()
        if calls:
            message["tool_calls"] = [self._tool_call(call) for call in calls]
        yield message
        answers = [(call, self._take_output(call)) for call in calls]
        yield from (_tool_message(call, output) for call, output in answers)
        for _, output in answers:
            if output is not None:
                yield from _attached(f"attached to the output of tool call {output.call_id}", output.output)

    def _next_calls(self) -> list[Call]:
        calls: list[Call] = []
        while self._position < len(self._items):
            item = self._items[self._position]
            if not isinstance(item, _CALLS):
                break
            calls.append(item)
            self._position += 1
        return calls

    def _take_output(self, call: Call) -> Output | None:
        waiting = self._outputs[call.call_id]
        while waiting and waiting[0] < self._position:
            waiting.popleft()  # it stood before its call and went out as an orphan
        if not waiting:
            return None
        position = waiting.popleft()
        self._paired.add(position)
        output = self._items[position]
        return output if isinstance(output, _OUTPUTS) else None

    def _unpaired(self, output: Output) -> Iterator[JsonObject]:
        """Yield an output that follows no call of a function, unless it went out with one."""
        position = self._position - 1
        if position in self._paired:
            return
        call = self._calls.get(position)
        # A call of another type, such as a shell's, stands before it as labelled text.
        label = f"output of {call.type} {output.call_id}" if call else _ORPHAN.format(output.call_id)
        yield {"role": "user", "content": labelled(label, text_only(output.output))}
        yield from _attached(f"attached to the output of {output.call_id}", output.output)

    def _tool_call(self, call: Call) -> JsonObject:
        function = {"name": self._tools.chat_name(call), "arguments": _arguments(call)}
        return {"id": call.call_id, "type": "function", "function": function}


def _hosted(item: OtherItem) -> Iterator[JsonObject]:
    if tools := hosted_tools(item):
        yield {"role": "user", "content": labelled("tools that cannot be called here", readable_json(tools))}


def _arguments(call: Call) -> str:
    return (
        function_arguments(call.arguments) if isinstance(call, FunctionCall) else custom_arguments(call.input)
    )


def _tool_message(call: Call, output: Output | None) -> JsonObject:
    content = text_only(output.output) if output else "[the output of this call is not in the conversation]"
    return {"role": "tool", "tool_call_id": call.call_id, "content": content}


def _attached(label: str, content: str | Sequence[Part]) -> Iterator[JsonObject]:
    """Yield what only a user's message can hold, such as images, as one: other roles have text alone."""
    if parts := attachments(content):
        yield {"role": "user", "content": [{"type": "text", "text": f"[{label}]"}, *parts]}
