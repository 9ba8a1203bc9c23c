"""Tool calls under construction: they run side by side, and more of each may come until the answer ends."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.ids import new_id
from shared.prompt import CallStarted
from shared.wire.items import ItemStatus
from shared.wire.model import JsonObject


@dataclass(slots=True)
class Call:
    """A call of a function or of a custom tool. Its events have no number yet."""

    body: JsonObject
    output_index: int
    _texts: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing can follow: a function's arguments are one JSON object, and its end is there."""
        if self._is_custom:
            return False
        text = "".join(self._texts).strip()
        if not (text.startswith("{") and text.endswith("}")):
            return False
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
        return True

    def grow(self, text: str) -> JsonObject:
        """Add to the arguments or the input."""
        self._texts.append(text)
        return {"type": f"{self._event_name}.delta", **self._place, "delta": text}

    def end(self, status: ItemStatus) -> Iterator[JsonObject]:
        """End the call: from now on `body` is all of it."""
        name = "input" if self._is_custom else "arguments"
        self.body |= {name: "".join(self._texts), "status": status}
        event: JsonObject = {"type": f"{self._event_name}.done", **self._place, name: self.body[name]}
        yield event if self._is_custom else event | {"name": self.body["name"]}

    @property
    def _is_custom(self) -> bool:
        return bool(self.body["type"] == "custom_tool_call")

    @property
    def _event_name(self) -> str:
        return "response.custom_tool_call_input" if self._is_custom else "response.function_call_arguments"

    @property
    def _place(self) -> JsonObject:
        return {"item_id": self.body["id"], "output_index": self.output_index}


def new_call(output_index: int, started: CallStarted) -> Call:
    """Return the call that the model begins, without arguments yet."""
    custom = started.kind == "custom"
    body: JsonObject = started.members | {
        "id": new_id("ctc" if custom else "fc"),
        "type": "custom_tool_call" if custom else "function_call",
        "status": "in_progress",
        "call_id": started.call_id,
        "name": started.name,
        ("input" if custom else "arguments"): "",
    }
    return Call(body if started.namespace is None else body | {"namespace": started.namespace}, output_index)
