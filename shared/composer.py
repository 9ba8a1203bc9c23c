"""The composer: turns a model's answer into output items and the events that tell of them.

It is the one owner of sequence numbers and output indices of a response. It does no I/O.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from shared.ids import new_id
from shared.prompt import (
    CallDelta,
    CallStarted,
    Finished,
    ItemProduced,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    UpstreamEvent,
)
from shared.wire.items import Compaction, Item, ItemStatus, Reasoning, parse_item
from shared.wire.model import JsonObject
from shared.wire.responses import Response


@dataclass(slots=True)
class _Open:
    """An item under construction: its JSON, and what tells its deltas apart."""

    body: JsonObject
    output_index: int
    key: str
    text: str = ""
    parts: list[JsonObject] = field(default_factory=list)


class Composer:
    """Composes one response. Each method returns the events to send, in order."""

    def __init__(self, *, first_sequence: int = 0, first_index: int = 0) -> None:
        """Start a stream, or go on with one that another attempt began."""
        self._sequence = first_sequence
        self._index = first_index
        self._open: dict[str, _Open] = {}
        self._done: dict[int, Item] = {}

    @property
    def next_sequence(self) -> int:
        """The sequence number that the next event will have."""
        return self._sequence

    @property
    def output(self) -> list[Item]:
        """The finished items, in the order of their output index."""
        return [self._done[index] for index in sorted(self._done)]

    def begin(self, response: Response) -> list[JsonObject]:
        """Say that a foreground response was created and is in progress."""
        document = response.to_json()
        return [
            self._event("response.created", response=document),
            self._event("response.in_progress", response=document),
        ]

    def proceed(self, response: Response) -> list[JsonObject]:
        """Say that a queued response is in progress."""
        return [self._event("response.in_progress", response=response.to_json())]

    def keep(self, items: Sequence[tuple[int, Item]]) -> None:
        """Take over finished items of an earlier attempt, whose events were sent already."""
        self._done.update(items)

    def abandon(self, unfinished: Mapping[int, JsonObject]) -> list[JsonObject]:
        """Close what a lost attempt left unfinished; it is no part of the output."""
        return [
            self._event("response.output_item.done", output_index=index, item=item | {"status": "incomplete"})
            for index, item in sorted(unfinished.items())
        ]

    def add_item(self, item: Item, *, compacting: bool = False) -> list[JsonObject]:
        """Say that a whole item was made; a compaction's content is in its `done` event only."""
        index = self._take_index()
        self._done[index] = item
        document = item.to_json()
        announced = document | {"encrypted_content": ""} if isinstance(item, Compaction) else document
        events = [self._event("response.output_item.added", output_index=index, item=announced)]
        if compacting:
            events.append(
                self._event("response.compaction.compacting", output_index=index, item_id=document["id"])
            )
        return [*events, self._event("response.output_item.done", output_index=index, item=document)]

    def apply(self, event: UpstreamEvent) -> list[JsonObject]:
        """Say what the model just did."""
        match event:
            case TextDelta():
                return [*self._message_part("output_text"), *self._grow_part("output_text", event.text)]
            case RefusalDelta():
                return [*self._message_part("refusal"), *self._grow_part("refusal", event.text)]
            case ReasoningDelta():
                return self._reason(event)
            case CallStarted():
                return self._start_call(event)
            case CallDelta():
                return self._grow_call(event)
            case ItemProduced():
                return self._produce(event.item)
            case Finished():
                return self._close_all("completed" if event.reason == "stop" else "incomplete")
            case _:
                assert_never(event)

    def break_off(self) -> list[JsonObject]:
        """Say that the items under construction will never be finished."""
        return self._close_all("incomplete")

    def _event(self, kind: str, **body: object) -> JsonObject:
        event = {"type": kind, "sequence_number": self._sequence, **body}
        self._sequence += 1
        return event

    def _take_index(self) -> int:
        self._index += 1
        return self._index - 1

    def _start(self, key: str, body: JsonObject) -> list[JsonObject]:
        opened = _Open(body=body, output_index=self._take_index(), key=key)
        self._open[key] = opened
        return [self._event("response.output_item.added", output_index=opened.output_index, item=dict(body))]

    # Messages and reasoning: items with content parts

    def _message_part(self, kind: str) -> list[JsonObject]:
        events: list[JsonObject] = []
        if "message" not in self._open:
            events += self._close("reasoning", "completed")
            events += self._start("message", _message_body())
        message = self._open["message"]
        if not message.parts or message.parts[-1]["type"] != kind:
            events += self._end_part(message)
            events += self._start_part(message, _empty_part(kind))
        return events

    def _reason(self, event: ReasoningDelta) -> list[JsonObject]:
        kind = "summary_text" if event.summary else "reasoning_text"
        events: list[JsonObject] = []
        if "reasoning" not in self._open:
            events += self._close("message", "completed")
            events += self._start("reasoning", {"id": new_id("rs"), "type": "reasoning", "summary": []})
        reasoning = self._open["reasoning"]
        if not reasoning.parts or reasoning.parts[-1]["type"] != kind:
            events += self._end_part(reasoning)
            events += self._start_part(reasoning, _empty_part(kind))
        return [*events, *self._grow_part(kind, event.text, key="reasoning")]

    def _start_part(self, item: _Open, part: JsonObject) -> list[JsonObject]:
        item.parts.append(part)
        item.text = ""
        name = (
            "response.reasoning_summary_part" if part["type"] == "summary_text" else "response.content_part"
        )
        return [self._event(f"{name}.added", **self._place(item), part=dict(part))]

    def _grow_part(self, kind: str, text: str, *, key: str = "message") -> list[JsonObject]:
        item = self._open[key]
        item.text += text
        body: JsonObject = {**self._place(item), "delta": text}
        if kind == "output_text":
            body["logprobs"] = []
        return [self._event(f"{_DELTA_EVENTS[kind]}.delta", **body)]

    def _end_part(self, item: _Open) -> list[JsonObject]:
        if not item.parts:
            return []
        part = item.parts[-1]
        kind = part["type"]
        field_name = "refusal" if kind == "refusal" else "text"
        part[field_name] = item.text
        body: JsonObject = {**self._place(item), field_name: item.text}
        if kind == "output_text":
            body["logprobs"] = []
        name = "response.reasoning_summary_part" if kind == "summary_text" else "response.content_part"
        return [
            self._event(f"{_DELTA_EVENTS[kind]}.done", **body),
            self._event(f"{name}.done", **self._place(item), part=dict(part)),
        ]

    def _place(self, item: _Open) -> JsonObject:
        kind = item.parts[-1]["type"]
        same_list = [
            part for part in item.parts if (part["type"] == "summary_text") == (kind == "summary_text")
        ]
        index_name = "summary_index" if kind == "summary_text" else "content_index"
        return {
            "item_id": item.body["id"],
            "output_index": item.output_index,
            index_name: len(same_list) - 1,
        }

    # Tool calls: they run side by side, and more of each may come until the answer ends

    def _start_call(self, event: CallStarted) -> list[JsonObject]:
        events = self._close_speech()
        custom = event.kind == "custom"
        body: JsonObject = {
            "id": new_id("ctc" if custom else "fc"),
            "type": "custom_tool_call" if custom else "function_call",
            "status": "in_progress",
            "call_id": event.call_id,
            "name": event.name,
            ("input" if custom else "arguments"): "",
        }
        if event.namespace is not None:
            body["namespace"] = event.namespace
        return [*events, *self._start(f"call:{event.index}", body)]

    def _grow_call(self, event: CallDelta) -> list[JsonObject]:
        call = self._open[f"call:{event.index}"]
        call.text += event.text
        return [
            self._event(
                f"{_call_event(call)}.delta",
                item_id=call.body["id"],
                output_index=call.output_index,
                delta=event.text,
            )
        ]

    def _end_call(self, call: _Open) -> list[JsonObject]:
        field_name = "input" if call.body["type"] == "custom_tool_call" else "arguments"
        call.body[field_name] = call.text
        body: JsonObject = {"item_id": call.body["id"], "output_index": call.output_index}
        body[field_name] = call.text
        if field_name == "arguments":
            body["name"] = call.body["name"]
        return [self._event(f"{_call_event(call)}.done", **body)]

    # Items that the provider made

    def _produce(self, item: Item) -> list[JsonObject]:
        if isinstance(item, Reasoning) and "reasoning" in self._open:
            return self._seal_reasoning(item)
        named = item if item.id else item.changed(id=new_id("item"))
        return [*self._close_speech(), *self.add_item(named)]

    def _seal_reasoning(self, item: Reasoning) -> list[JsonObject]:
        """Close the open reasoning as the provider sealed it; it keeps the id that it was announced by."""
        opened = self._open.pop("reasoning")
        events = self._end_part(opened)
        done = item.changed(id=opened.body["id"])
        self._done[opened.output_index] = done
        index = opened.output_index
        return [*events, self._event("response.output_item.done", output_index=index, item=done.to_json())]

    # Ends

    def _close_speech(self) -> list[JsonObject]:
        return [*self._close("message", "completed"), *self._close("reasoning", "completed")]

    def _close_all(self, status: ItemStatus) -> list[JsonObject]:
        return [event for key in list(self._open) for event in self._close(key, status)]

    def _close(self, key: str, status: ItemStatus) -> Iterator[JsonObject]:
        item = self._open.pop(key, None)
        if item is None:
            return
        if key.startswith("call:"):
            yield from self._end_call(item)
        else:
            yield from self._end_part(item)
            _fill_parts(item)
        if item.body["type"] != "reasoning" or status == "incomplete":
            item.body["status"] = status
        self._done[item.output_index] = parse_item(item.body)
        yield self._event("response.output_item.done", output_index=item.output_index, item=dict(item.body))


_DELTA_EVENTS = {
    "output_text": "response.output_text",
    "refusal": "response.refusal",
    "summary_text": "response.reasoning_summary_text",
    "reasoning_text": "response.reasoning_text",
}


def _message_body() -> JsonObject:
    return {
        "id": new_id("msg"),
        "type": "message",
        "status": "in_progress",
        "role": "assistant",
        "content": [],
    }


def _empty_part(kind: str) -> JsonObject:
    if kind == "output_text":
        return {"type": kind, "annotations": [], "logprobs": [], "text": ""}
    return {"type": kind, ("refusal" if kind == "refusal" else "text"): ""}


def _fill_parts(item: _Open) -> None:
    if item.body["type"] == "message":
        item.body["content"] = item.parts
        return
    item.body["summary"] = [part for part in item.parts if part["type"] == "summary_text"]
    content = [part for part in item.parts if part["type"] == "reasoning_text"]
    if content:
        item.body["content"] = content


def _call_event(call: _Open) -> str:
    custom = call.body["type"] == "custom_tool_call"
    return "response.custom_tool_call_input" if custom else "response.function_call_arguments"
