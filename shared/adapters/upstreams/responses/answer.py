"""A Responses stream, event by event, as events of ours."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, TypeAlias

from pydantic import BaseModel

from shared.adapters.upstreams.provider_errors import broken_off, failed_response
from shared.adapters.upstreams.responses.documents import Failure, Outcome, finished
from shared.prompt import (
    AnnotationAdded,
    CallDelta,
    CallStarted,
    Finished,
    ItemProduced,
    MessageStarted,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    UpstreamEvent,
)
from shared.wire.items import (
    Compaction,
    CustomToolCall,
    FunctionCall,
    Item,
    Message,
    OutputText,
    Part,
    Phase,
    Reasoning,
    Refusal,
    parse_item,
)
from shared.wire.model import JsonObject
from shared.wire.text import text_of

_List: TypeAlias = Literal["content", "summary"]

# What every call has, and is told of it by name.
_CALL_MEMBERS = frozenset({"id", "type", "status", "call_id", "name", "namespace", "arguments", "input"})


class _Event(BaseModel):
    type: str
    output_index: int = 0
    summary_index: int = 0
    content_index: int | None = None
    delta: object = None
    logprobs: list[JsonObject] | None = None
    annotation: JsonObject | None = None
    item: JsonObject | None = None
    response: Outcome | None = None
    code: object = None
    message: object = None


class ResponsesAnswer:
    """The state of one stream.

    Text, refusals, reasoning and a client's calls come as deltas; an item of any other type comes whole.
    So does reasoning that the provider sealed, after its deltas: the item then stands for them. That a
    provider compacted its own copy of the history, which is whole here, is not passed on.
    """

    def __init__(self) -> None:
        self._has_begun = False
        self._finished: Finished | None = None
        self._started: set[int] = set()
        self._streamed: set[int] = set()
        self._annotated: set[int] = set()
        self._has_message = False
        # The parts of each item that were told of, by their index there: those of a summary count by themselves.
        self._parts: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        # The provider's names of items that were announced, by their output index.
        self._names: dict[int, str] = {}

    def read(self, data: object) -> Iterator[UpstreamEvent]:
        """Yield what one event says. Raises ValueError when it is none, UpstreamError when it is a failure."""
        self._has_begun = True
        event = _Event.model_validate(data)
        match event.type.removeprefix("response."):
            case "output_item.added" if event.item:
                yield from self._start(event.output_index, event.item)
            case "output_item.done" if event.item:
                yield from self._complete(event.output_index, parse_item(event.item))
            case "completed" | "incomplete":
                self._finished = finished(event.response or Outcome())
            case "failed":
                failure = (event.response or Outcome()).error or Failure()
                raise failed_response(failure.code, failure.message)
            case "error":
                raise failed_response(event.code, event.message)
            case name:
                yield from self._delta(name, event)

    def finished(self) -> Finished:
        """Return the end of the answer. Raises UpstreamError when the stream was cut."""
        if self._finished is None:
            raise broken_off(has_begun=self._has_begun)
        return self._finished

    def _delta(self, name: str, event: _Event) -> Iterator[UpstreamEvent]:
        if name == "output_text.annotation.added" and event.annotation:
            self._annotated.add(event.output_index)
            yield AnnotationAdded(event.annotation, self._part(event.output_index, event.content_index or 0))
        if not isinstance(event.delta, str) or not event.delta:
            return
        made = self._of_delta(name, event, event.delta)
        if made:
            self._streamed.add(event.output_index)
            yield made

    def _of_delta(self, name: str, event: _Event, text: str) -> UpstreamEvent | None:
        index = event.output_index
        match name:
            case "output_text.delta":
                return TextDelta(text, event.logprobs or None, begins_part=self._begins(event, "content"))
            case "refusal.delta":
                return RefusalDelta(text, begins_part=self._begins(event, "content"))
            case "reasoning_text.delta" | "reasoning_summary_text.delta":
                kind: _List = "content" if name == "reasoning_text.delta" else "summary"
                begins = self._begins(event, kind)
                return ReasoningDelta(text, kind == "summary", self._names.get(index), begins)
            case "function_call_arguments.delta" | "custom_tool_call_input.delta":
                return CallDelta(index, text)
            case _:
                return None

    def _begins(self, event: _Event, kind: _List) -> bool:
        """Whether the event begins another part than the first of its list."""
        parts = self._parts[event.output_index, kind]
        number = (event.content_index or 0) if kind == "content" else event.summary_index
        if number in parts:
            return False
        parts.append(number)
        return len(parts) > 1

    def _part(self, index: int, number: int) -> int | None:
        """Return which part of our message that one of the provider's is; None where nothing was told of it."""
        parts = self._parts[index, "content"]
        return parts.index(number) if number in parts else None

    def _start(self, index: int, added: JsonObject) -> Iterator[UpstreamEvent]:
        match added.get("type"):
            case "function_call" | "custom_tool_call":
                yield from self._start_call(index, added)
            case "message":
                yield from self._start_message(index, added.get("phase"))
            case "reasoning" if isinstance(added.get("id"), str):
                self._names[index] = added["id"]
            case _:
                return

    def _start_message(self, index: int, phase: object) -> Iterator[UpstreamEvent]:
        if index in self._started:
            return
        self._started.add(index)
        known: Phase | None = phase if phase in ("commentary", "final_answer") else None
        if known or self._has_message:
            yield MessageStarted(known)
        self._has_message = True

    def _start_call(self, index: int, added: JsonObject) -> Iterator[UpstreamEvent]:
        # What is still empty is left out, null or "", from server to server: only the name counts yet.
        named = {key: added[key] for key in ("type", "call_id", "name", "namespace") if key in added}
        call = parse_item(named | {"arguments": "", "input": ""})
        if isinstance(call, FunctionCall | CustomToolCall) and index not in self._started:
            self._started.add(index)
            kind: Literal["function", "custom"] = "function" if isinstance(call, FunctionCall) else "custom"
            members = {
                key: value for key, value in added.items() if key not in _CALL_MEMBERS and value is not None
            }
            yield CallStarted(index, call.call_id, call.name, kind, call.namespace, members)

    def _complete(self, index: int, item: Item) -> Iterator[UpstreamEvent]:
        """Yield what the finished item says beyond its deltas: for servers that stream none, all of it."""
        match item:
            case FunctionCall() | CustomToolCall():
                yield from self._start(index, item.to_json())
                text = item.arguments if isinstance(item, FunctionCall) else item.input
                if text and index not in self._streamed:
                    yield CallDelta(index, text)
            case Message():
                yield from self._start_message(index, item.phase)
                yield from self._rest(index, item)
            case Compaction():
                return
            case Reasoning() if not item.encrypted_content:
                if index not in self._streamed and (thought := text_of(item)):
                    yield ReasoningDelta(thought, summary=not item.content, item_id=item.id)
            case _:
                yield ItemProduced(item)

    def _rest(self, index: int, message: Message) -> Iterator[UpstreamEvent]:
        """Yield the texts of a message that came without deltas, and the notes on them that came without events."""
        is_streamed, is_annotated = index in self._streamed, index in self._annotated
        for number, part in enumerate(message.content if isinstance(message.content, list) else []):
            if not is_streamed:
                yield from self._said(index, number, part)
            if not is_annotated and isinstance(part, OutputText):
                ours = self._part(index, number)
                yield from (AnnotationAdded(note, ours) for note in part.annotations or [])

    def _said(self, index: int, number: int, part: Part) -> Iterator[UpstreamEvent]:
        begins = bool(self._parts[index, "content"])
        if isinstance(part, Refusal):
            yield RefusalDelta(part.refusal, begins)
        elif isinstance(part, OutputText):
            yield TextDelta(part.text, part.logprobs or None, begins)
        else:
            return
        self._parts[index, "content"].append(number)
