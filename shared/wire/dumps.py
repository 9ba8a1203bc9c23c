"""What an item carries besides the wire's members when a client dumps the SDK's object and sends it again."""

from collections.abc import Mapping
from typing import Any, Final

from shared.wire.model import JsonObject

# `model_dump()` writes what was absent as null: by Python's names, and a user's message as if a model had said it.
_NULL_IN_ITEMS: Final = frozenset({"async_", "created_by"})
_NULL_UNLESS_WRITTEN: Final = frozenset({"annotations", "logprobs"})


def without_dumped(value: Any) -> Any:
    """Return an input whose items hold nothing that only the SDK put there; anything else as it is."""
    return [_item(item) for item in value] if isinstance(value, list) else value


def _item(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    nulls = _NULL_IN_ITEMS if item.get("role") == "assistant" else _NULL_IN_ITEMS | {"phase"}
    kept = _kept(item, nulls, parsed="parsed_arguments")
    if isinstance(kept.get("content"), list):
        kept["content"] = [_part(part) for part in kept["content"]]
    return kept


def _part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    nulls = frozenset() if part.get("type") == "output_text" else _NULL_UNLESS_WRITTEN
    return _kept(part, nulls, parsed="parsed")


def _kept(members: Mapping[str, Any], nulls: frozenset[str], *, parsed: str) -> JsonObject:
    """Leave out those null members, and what the SDK's parsers made of the text or the arguments."""
    return {
        key: value
        for key, value in members.items()
        if key != parsed and (value is not None or key not in nulls)
    }
