"""A Responses stream, event by event, as events of ours."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from shared.adapters.upstreams.provider_errors import failed_response
from shared.errors import UpstreamError
from shared.prompt import (
    AnnotationAdded,
    CallDelta,
    CallStarted,
    CompactedItems,
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
    Phase,
    Reasoning,
    Refusal,
    parse_item,
    parse_items,
)
from shared.wire.model import JsonObject
from shared.wire.responses import Usage
from shared.wire.text import text_of


class _Failure(BaseModel):
    code: object = None
    message: object = None


class _Incomplete(BaseModel):
    reason: str | None = None


class _Outcome(BaseModel):
    model: str | None = None
    usage: JsonObject | None = None
    error: _Failure | None = None
    incomplete_details: _Incomplete | None = None


class _Event(BaseModel):
    type: str
    output_index: int = 0
    summary_index: int = 0
    delta: object = None
    logprobs: list[JsonObject] | None = None
    annotation: JsonObject | None = None
    item: JsonObject | None = None
    response: _Outcome | None = None
    code: object = None
    message: object = None


class ResponsesAnswer:
    """The state of one stream.

    Text, refusals, reasoning and a client's calls come as deltas; an item of any other type comes whole.
    So does reasoning that the provider sealed, after its deltas: the item then stands for them.
    """

    def __init__(self) -> None:
        self._finished: Finished | None = None
        self._started: set[int] = set()
        self._streamed: set[int] = set()
        self._annotated: set[int] = set()
        self._has_message = False
        # The part of its summary that each item is at.
        self._summary_parts: dict[int, int] = {}
        # The provider's names of items that were announced, by their output index.
        self._names: dict[int, str] = {}

    def read(self, data: object) -> Iterator[UpstreamEvent]:
        """Yield what one event says. Raises ValueError when it is none, UpstreamError when it is a failure."""
        event = _Event.model_validate(data)
        match event.type.removeprefix("response."):
            case "output_item.added" if event.item:
                yield from self._start(event.output_index, event.item)
            case "output_item.done" if event.item:
                yield from self._complete(event.output_index, parse_item(event.item))
            case "completed" | "incomplete":
                self._finished = _finished(event.response or _Outcome())
            case "failed":
                failure = (event.response or _Outcome()).error or _Failure()
                raise failed_response(failure.code, failure.message)
            case "error":
                raise failed_response(event.code, event.message)
            case name:
                yield from self._delta(name, event)

    def finished(self) -> Finished:
        """Return the end of the answer. Raises UpstreamError when the stream was cut."""
        if self._finished is None:
            raise UpstreamError("The model provider's answer broke off.")
        return self._finished

    def _delta(self, name: str, event: _Event) -> Iterator[UpstreamEvent]:
        if name == "output_text.annotation.added" and event.annotation:
            self._annotated.add(event.output_index)
            yield AnnotationAdded(event.annotation)
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
                return TextDelta(text, event.logprobs or None)
            case "refusal.delta":
                return RefusalDelta(text)
            case "reasoning_text.delta":
                return ReasoningDelta(text, item_id=self._names.get(index))
            case "reasoning_summary_text.delta":
                return self._of_summary(event, text)
            case "function_call_arguments.delta" | "custom_tool_call_input.delta":
                return CallDelta(index, text)
            case _:
                return None

    def _of_summary(self, event: _Event, text: str) -> ReasoningDelta:
        index, part = event.output_index, event.summary_index
        begins = self._summary_parts.get(index, 0) < part
        self._summary_parts[index] = part
        return ReasoningDelta(text, summary=True, item_id=self._names.get(index), begins_part=begins)

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
            yield CallStarted(index, call.call_id, call.name, kind, call.namespace)

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
                if index not in self._streamed:
                    yield from _said(item)
                if index not in self._annotated:
                    yield from _notes(item)
            case Reasoning() if not item.encrypted_content:
                if index not in self._streamed and (thought := text_of(item)):
                    yield ReasoningDelta(thought, summary=not item.content, item_id=item.id)
            case _:
                yield ItemProduced(item)


def _said(message: Message) -> Iterator[UpstreamEvent]:
    for part in message.content if isinstance(message.content, list) else []:
        if isinstance(part, Refusal):
            yield RefusalDelta(part.refusal)
        elif isinstance(part, OutputText):
            yield TextDelta(part.text, part.logprobs or None)


def _notes(message: Message) -> Iterator[UpstreamEvent]:
    for part in message.content if isinstance(message.content, list) else []:
        if isinstance(part, OutputText):
            yield from (AnnotationAdded(note) for note in part.annotations or [])


class _Compacted(BaseModel):
    output: list[JsonObject]
    usage: JsonObject | None = None


def compacted_items(data: object) -> CompactedItems:
    """Return what a compaction's document says. Raises ValueError when it is none."""
    document = _Compacted.model_validate(data)
    items = parse_items(document.output)
    if not any(isinstance(item, Compaction) for item in items):
        raise ValueError("no compaction item")
    return CompactedItems(items, _usage(document.usage))


def _finished(outcome: _Outcome) -> Finished:
    usage = _usage(outcome.usage)
    match outcome.incomplete_details:
        case None:
            return Finished("stop", usage, outcome.model)
        case _Incomplete(reason="content_filter"):
            return Finished("content_filter", usage, outcome.model)
        case _:
            return Finished("length", usage, outcome.model)


def _usage(reported: JsonObject | None) -> Usage | None:
    return Usage.model_validate(_given(reported)) if reported else None


def _given(counts: JsonObject) -> JsonObject:
    """Return what was counted, details included; some servers send null for what they do not count."""
    given = {name: _given(value) if isinstance(value, dict) else value for name, value in counts.items()}
    return {name: value for name, value in given.items() if value is not None}
