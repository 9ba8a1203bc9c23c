"""The output so far, read back from the events that told of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from io import StringIO

from shared.wire.model import JsonObject

_PARTS_ADDED = {
    "response.content_part.added": "content",
    "response.reasoning_summary_part.added": "summary",
}
# What of which part each of these goes on with …
_TEXT_DELTAS = {
    "response.output_text.delta": ("content", "text"),
    "response.refusal.delta": ("content", "refusal"),
    "response.reasoning_text.delta": ("content", "text"),
    "response.reasoning_summary_text.delta": ("summary", "text"),
}
# … or of the item itself.
_CALL_DELTAS = {
    "response.function_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
}


class _Growing:
    """An item that is not finished. Adding to it costs no more than what is added, however much there is."""

    def __init__(self, item: JsonObject) -> None:
        self._item = item
        self._parts: dict[str, list[JsonObject]] = {
            name: [_with_own_lists(part) for part in item[name]]
            for name in ("content", "summary")
            if name in item
        }
        # What is to follow the string at a place: in a part, or in the item itself.
        self._texts: dict[tuple[str, int, str], StringIO] = {}

    def add(self, event: JsonObject) -> None:
        kind = event["type"]
        if kind in _PARTS_ADDED:
            self._parts.setdefault(_PARTS_ADDED[kind], []).append(_with_own_lists(event["part"]))
        elif kind in _TEXT_DELTAS:
            where, name = _TEXT_DELTAS[kind]
            index = event["summary_index" if where == "summary" else "content_index"]
            self._write(where, index, name, event["delta"])
            if event.get("logprobs"):
                self._parts[where][index]["logprobs"].extend(event["logprobs"])
        elif kind == "response.output_text.annotation.added":
            self._parts["content"][event["content_index"]]["annotations"].append(event["annotation"])
        elif kind in _CALL_DELTAS:
            self._write("", 0, _CALL_DELTAS[kind], event["delta"])

    def read(self) -> JsonObject:
        """Return the item as far as it was told."""
        item = self._item | {
            name: [_with_own_lists(part) for part in parts] for name, parts in self._parts.items()
        }
        for (where, index, name), text in self._texts.items():
            holder = item[where][index] if where else item
            holder[name] += text.getvalue()
        return item

    def _write(self, where: str, index: int, name: str, delta: str) -> None:
        self._texts.setdefault((where, index, name), StringIO()).write(delta)


@dataclass(slots=True)
class Partial:
    """What a stream has told: finished items by output index, those that grow, and where it goes on."""

    done: dict[int, JsonObject] = field(default_factory=dict)
    growing: dict[int, _Growing] = field(default_factory=dict)
    next_sequence: int = 0
    next_index: int = 0
    begun: bool = False

    @property
    def unfinished(self) -> dict[int, JsonObject]:
        """Unfinished items as far as they were told, by output index."""
        return {index: item.read() for index, item in self.growing.items()}

    @property
    def items(self) -> list[JsonObject]:
        """Finished items, and unfinished ones as `incomplete`, by output index."""
        both = self.done | {
            index: item | {"status": "incomplete"}
            for index, item in self.unfinished.items()
            if item["type"] != "compaction"  # half a compaction is none
        }
        return [both[index] for index in sorted(both)]

    def add(self, event: JsonObject) -> None:
        """Take in the next event of the stream; the event stays as it is."""
        self.next_sequence = event["sequence_number"] + 1
        _fold_event(self, event)


def fold(events: Iterable[JsonObject]) -> Partial:
    """Return what the events of one response add up to."""
    partial = Partial()
    for event in events:
        partial.add(event)
    return partial


def _fold_event(partial: Partial, event: JsonObject) -> None:
    kind, index = event["type"], event.get("output_index", -1)
    if kind == "response.in_progress":
        partial.begun = True
    elif kind == "response.output_item.added":
        partial.growing[index] = _Growing(event["item"])
        partial.next_index = index + 1
    elif kind == "response.output_item.done":
        partial.growing.pop(index, None)
        partial.done[index] = event["item"]
    elif index in partial.growing:
        partial.growing[index].add(event)


def _with_own_lists(part: JsonObject) -> JsonObject:
    return {name: [*value] if isinstance(value, list) else value for name, value in part.items()}
