"""The composer: turns a model's answer into output items and the events that tell of them.

It is the one owner of sequence numbers and output indices of a response. It does no I/O.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, assert_never

from shared.composing.call import Call, new_call
from shared.composing.hosted import progress
from shared.composing.speech import PartKind, Speech, new_message, new_reasoning
from shared.ids import new_id
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
from shared.wire.items import Compaction, Item, ItemStatus, Phase, Reasoning, parse_item
from shared.wire.model import JsonObject
from shared.wire.responses import Response
from shared.wire.thoughts import enclosed_thoughts

_SpeechEvent: TypeAlias = MessageStarted | TextDelta | AnnotationAdded | RefusalDelta | ReasoningDelta


class Composer:
    """Composes one response. Each method returns the events to send, in order."""

    def __init__(
        self, *, first_sequence: int = 0, first_index: int = 0, encloses_thoughts: bool = False
    ) -> None:
        """Start a stream, or go on with one that another attempt began.

        `encloses_thoughts` says that the client asked for reasoning's `encrypted_content`.
        """
        self._sequence = first_sequence
        self._index = first_index
        self._encloses_thoughts = encloses_thoughts
        self._message: Speech | None = None
        self._reasoning: Speech | None = None
        self._calls: dict[int, Call] = {}
        # Of the message that the model begins next.
        self._phase: Phase | None = None
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
        created: JsonObject = {"type": "response.created", "response": document}
        return self._numbered([created, {"type": "response.in_progress", "response": document}])

    def proceed(self, response: Response) -> list[JsonObject]:
        """Say that a queued response is in progress."""
        return self._numbered([{"type": "response.in_progress", "response": response.to_json()}])

    def keep(self, items: Sequence[tuple[int, Item]]) -> None:
        """Take over finished items of an earlier attempt, whose events were sent already."""
        self._done.update(items)

    def abandon(self, unfinished: Mapping[int, JsonObject]) -> list[JsonObject]:
        """Close what a lost attempt left unfinished; it is no part of the output."""
        return self._numbered(
            _item_done(index, item | {"status": "incomplete"}) for index, item in sorted(unfinished.items())
        )

    def add_item(self, item: Item, *, compacting: bool = False) -> list[JsonObject]:
        """Say that a whole item was made; a compaction's content is in its `done` event only."""
        return self._numbered(self._add_item(item, compacting=compacting))

    def apply(self, event: UpstreamEvent) -> list[JsonObject]:
        """Say what the model just did."""
        return self._numbered(self._told(event))

    def _numbered(self, events: Iterable[JsonObject]) -> list[JsonObject]:
        first = self._sequence
        numbered: list[JsonObject] = [
            {"type": event["type"], "sequence_number": first + number} | event
            for number, event in enumerate(events)
        ]
        self._sequence += len(numbered)
        return numbered

    def _take_index(self) -> int:
        self._index += 1
        return self._index - 1

    def _add_item(self, item: Item, *, compacting: bool = False) -> Iterator[JsonObject]:
        index = self._take_index()
        self._done[index] = item
        document = item.to_json()
        yield _item_added(index, _announced(item))
        if compacting:
            place = {"output_index": index, "item_id": document["id"]}
            yield {"type": "response.compaction.compacting", **place}
        yield from progress(document, index)
        yield _item_done(index, document)

    def _told(self, event: UpstreamEvent) -> Iterator[JsonObject]:
        match event:
            case CallStarted():
                yield from self._close_speech()
                yield from self._close_whole_calls()
                call = new_call(self._take_index(), event)
                self._calls[event.index] = call
                yield _item_added(call.output_index, dict(call.body))
            case CallDelta():
                # To a call that was whole nothing can come but white space.
                if growing := self._calls.get(event.index):
                    yield growing.grow(event.text)
            case ItemProduced():
                yield from self._produce(event.item)
            case Finished():
                yield from self._close_all("completed" if event.reason == "stop" else "incomplete")
            case _:
                yield from self._speak(event)

    def _speak(self, event: _SpeechEvent) -> Iterator[JsonObject]:
        match event:
            case MessageStarted():
                yield from self._close_message()
                self._phase = event.phase
            case TextDelta():
                message = yield from self._open_message()
                yield from message.say(
                    "output_text", event.text, event.logprobs, begins_part=event.begins_part
                )
            case AnnotationAdded():
                message = yield from self._open_message()
                yield from message.annotate(event.annotation, event.part)
            case RefusalDelta():
                message = yield from self._open_message()
                yield from message.say("refusal", event.text, begins_part=event.begins_part)
            case ReasoningDelta():
                reasoning = yield from self._open_reasoning(event.item_id)
                kind: PartKind = "summary_text" if event.summary else "reasoning_text"
                yield from reasoning.say(kind, event.text, begins_part=event.begins_part)
            case _:
                assert_never(event)

    def _open_message(self) -> Generator[JsonObject, None, Speech]:
        """Return the message that the model is writing, once it was told that it began."""
        if self._message is None:
            yield from self._close_reasoning()
            self._message = new_message(self._take_index(), self._phase)
            self._phase = None
            yield _item_added(self._message.output_index, dict(self._message.body))
        return self._message

    def _open_reasoning(self, item_id: str | None) -> Generator[JsonObject, None, Speech]:
        if self._reasoning is not None and item_id not in (None, self._reasoning.body["id"]):
            yield from self._close_reasoning()
        if self._reasoning is None:
            yield from self._close_message()
            self._reasoning = new_reasoning(self._take_index(), item_id)
            yield _item_added(self._reasoning.output_index, dict(self._reasoning.body))
        return self._reasoning

    def _produce(self, item: Item) -> Iterator[JsonObject]:
        opened = self._reasoning
        if isinstance(item, Reasoning) and opened is not None and not _is_another(item, opened):
            yield from self._seal_reasoning(item, opened)
            return
        yield from self._close_speech()
        yield from self._add_item(item if item.id else item.changed(id=new_id("item")))

    def _seal_reasoning(self, item: Reasoning, opened: Speech) -> Iterator[JsonObject]:
        """Close the open reasoning as the provider sealed it; it keeps the id that it was announced by."""
        self._reasoning = None
        yield from opened.end_part()
        done = item.changed(id=opened.body["id"])
        self._done[opened.output_index] = done
        yield _item_done(opened.output_index, done.to_json())

    def _close_speech(self) -> Iterator[JsonObject]:
        yield from self._close_message()
        yield from self._close_reasoning()

    def _close_message(self) -> Iterator[JsonObject]:
        message, self._message = self._message, None
        if message is not None:
            yield from self._close(message, "completed")

    def _close_reasoning(self) -> Iterator[JsonObject]:
        reasoning, self._reasoning = self._reasoning, None
        if reasoning is not None:
            yield from self._close(reasoning, "completed")

    def _close_whole_calls(self) -> Iterator[JsonObject]:
        """Let a client begin with the calls that are there while the model is at the next one."""
        whole = [index for index, call in self._calls.items() if call.is_whole]
        for index in whole:
            yield from self._close(self._calls.pop(index), "completed")

    def _close_all(self, status: ItemStatus) -> Iterator[JsonObject]:
        speech = [each for each in (self._message, self._reasoning) if each is not None]
        under_construction: list[Speech | Call] = [*speech, *self._calls.values()]
        self._message, self._reasoning, self._calls = None, None, {}
        for each in sorted(under_construction, key=lambda one: one.output_index):
            yield from self._close(each, status)

    def _close(self, item: Speech | Call, status: ItemStatus) -> Iterator[JsonObject]:
        yield from item.end(status)
        body = dict(item.body)
        if self._encloses_thoughts and body["type"] == "reasoning":
            body = enclosed_thoughts(body)
        self._done[item.output_index] = parse_item(body)
        yield _item_done(item.output_index, body)


def _is_another(item: Reasoning, opened: Speech) -> bool:
    """Whether the provider gave what is open a name, and not this one."""
    return opened.is_named and item.id not in (None, opened.body["id"])


def _announced(item: Item) -> JsonObject:
    """Return a whole item as it is told of before it is done."""
    document = item.to_json()
    if isinstance(item, Compaction):
        return document | {"encrypted_content": ""}
    return document | {"status": "in_progress"} if document.get("status") == "completed" else document


def _item_added(index: int, item: JsonObject) -> JsonObject:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def _item_done(index: int, item: JsonObject) -> JsonObject:
    return {"type": "response.output_item.done", "output_index": index, "item": item}
