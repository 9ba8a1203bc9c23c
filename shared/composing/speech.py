"""Messages and reasoning under construction: items whose content comes in parts, one after another."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.ids import new_id
from shared.wire.items import ItemStatus, Phase
from shared.wire.model import JsonObject

PartKind: TypeAlias = Literal["output_text", "refusal", "reasoning_text", "summary_text"]

_TEXT_EVENTS: dict[str, str] = {
    "output_text": "response.output_text",
    "refusal": "response.refusal",
    "summary_text": "response.reasoning_summary_text",
    "reasoning_text": "response.reasoning_text",
}


@dataclass(slots=True)
class Speech:
    """A message or a reasoning item; `body` is what it says so far. Its events have no number yet.

    `is_named` says that the provider gave it its id.
    """

    body: JsonObject
    output_index: int
    is_named: bool = False
    _parts: list[JsonObject] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _logprobs: list[JsonObject] = field(default_factory=list)

    def say(
        self,
        kind: PartKind,
        text: str,
        logprobs: list[JsonObject] | None = None,
        *,
        begins_part: bool = False,
    ) -> Iterator[JsonObject]:
        """Say more of a part of this kind; another kind than the last one's begins another part."""
        yield from self._turn_to(kind, anew=begins_part)
        self._texts.append(text)
        body: JsonObject = {**self._place(), "delta": text}
        if kind == "output_text":
            body["logprobs"] = logprobs or []
            self._logprobs += logprobs or []
        yield {"type": f"{_TEXT_EVENTS[kind]}.delta", **body}

    def annotate(self, annotation: JsonObject, number: int | None = None) -> Iterator[JsonObject]:
        """Add a note to that part of the message, or where it is no text to the last."""
        if number is None or not self._is_text(number):
            yield from self._turn_to("output_text")
            number = len(self._parts) - 1
        notes = self._parts[number]["annotations"]
        place = {**self._place(), "content_index": number, "annotation_index": len(notes)}
        notes.append(annotation)
        yield {"type": "response.output_text.annotation.added", **place, "annotation": annotation}

    def end_part(self) -> Iterator[JsonObject]:
        """End the part that is being said, if any."""
        if not self._parts:
            return
        part = self._parts[-1]
        name = "refusal" if part["type"] == "refusal" else "text"
        part[name] = "".join(self._texts)
        body: JsonObject = {**self._place(), name: part[name]}
        if part["type"] == "output_text":
            part["logprobs"] = body["logprobs"] = list(self._logprobs)
        yield {"type": f"{_TEXT_EVENTS[part['type']]}.done", **body}
        yield {"type": f"{_part_event(part)}.done", **self._place(), "part": _copied(part)}

    def end(self, status: ItemStatus) -> Iterator[JsonObject]:
        """End the item: from now on `body` is all of it."""
        yield from self.end_part()
        if self.body["type"] == "message":
            self.body |= {"content": self._parts, "status": status}
            return
        self.body["summary"] = [part for part in self._parts if part["type"] == "summary_text"]
        if thoughts := [part for part in self._parts if part["type"] == "reasoning_text"]:
            self.body["content"] = thoughts
        if status == "incomplete":
            self.body["status"] = status

    def _is_text(self, number: int) -> bool:
        return number < len(self._parts) and self._parts[number]["type"] == "output_text"

    def _turn_to(self, kind: PartKind, *, anew: bool = False) -> Iterator[JsonObject]:
        if self._parts and self._parts[-1]["type"] == kind and not anew:
            return
        yield from self.end_part()
        self._texts, self._logprobs = [], []
        part = _empty_part(kind)
        self._parts.append(part)
        yield {"type": f"{_part_event(part)}.added", **self._place(), "part": _copied(part)}

    def _place(self) -> JsonObject:
        """Return where the last part stands: summaries are counted by themselves."""
        summary = self._parts[-1]["type"] == "summary_text"
        same_list = [part for part in self._parts if (part["type"] == "summary_text") == summary]
        return {
            "item_id": self.body["id"],
            "output_index": self.output_index,
            "summary_index" if summary else "content_index": len(same_list) - 1,
        }


def new_message(output_index: int, phase: Phase | None) -> Speech:
    """Return a message that has said nothing yet."""
    body: JsonObject = {
        "id": new_id("msg"),
        "type": "message",
        "status": "in_progress",
        "role": "assistant",
        "content": [],
    }
    return Speech(body if phase is None else body | {"phase": phase}, output_index)


def new_reasoning(output_index: int, item_id: str | None) -> Speech:
    """Return reasoning that has said nothing yet, under the name that the provider gave it, if any."""
    body: JsonObject = {"id": item_id or new_id("rs"), "type": "reasoning", "summary": []}
    return Speech(body, output_index, is_named=item_id is not None)


def _part_event(part: JsonObject) -> str:
    summary = part["type"] == "summary_text"
    return "response.reasoning_summary_part" if summary else "response.content_part"


def _empty_part(kind: PartKind) -> JsonObject:
    if kind == "output_text":
        return {"type": kind, "annotations": [], "logprobs": [], "text": ""}
    return {"type": kind, ("refusal" if kind == "refusal" else "text"): ""}


def _copied(part: JsonObject) -> JsonObject:
    # What was told must not change when the part grows.
    return {name: list(value) if isinstance(value, list) else value for name, value in part.items()}
