"""The output so far, read back from the events that told of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.wire.model import JsonObject

_TEXT_DELTAS = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "text",
}
_CALL_DELTAS = {
    "response.function_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
}


@dataclass(slots=True)
class Partial:
    """What a stream has told: finished items by output index, unfinished ones, and where it goes on."""

    done: dict[int, JsonObject] = field(default_factory=dict)
    unfinished: dict[int, JsonObject] = field(default_factory=dict)
    next_sequence: int = 0
    next_index: int = 0
    begun: bool = False

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
        partial.unfinished[index] = dict(event["item"])
        partial.next_index = index + 1
    elif kind == "response.output_item.done":
        partial.unfinished.pop(index, None)
        partial.done[index] = event["item"]
    elif index in partial.unfinished:
        _grow(partial.unfinished[index], event)


def _grow(item: JsonObject, event: JsonObject) -> None:
    kind = event["type"]
    if kind in ("response.content_part.added", "response.reasoning_summary_part.added"):
        name = "summary" if "summary_index" in event else "content"
        item[name] = [*item.get(name, []), dict(event["part"])]
    elif kind in _TEXT_DELTAS:
        part = item["content"][event["content_index"]]
        part[_TEXT_DELTAS[kind]] += event["delta"]
        if event.get("logprobs"):
            part["logprobs"] = [*part["logprobs"], *event["logprobs"]]
    elif kind == "response.output_text.annotation.added":
        part = item["content"][event["content_index"]]
        part["annotations"] = [*part["annotations"], event["annotation"]]
    elif kind == "response.reasoning_summary_text.delta":
        item["summary"][event["summary_index"]]["text"] += event["delta"]
    elif kind in _CALL_DELTAS:
        item[_CALL_DELTAS[kind]] += event["delta"]
