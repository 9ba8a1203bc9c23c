"""Nested calls: a call that carries others, and what came back for each of them."""

import json
from collections.abc import Mapping
from typing import Any

from shared.compaction.ledger.opening import parsed
from shared.compaction.ledger.toolwords import CALL_NAMES, NESTING, WRAPPERS
from shared.wire.model import JsonObject

_MOST = 32
# "functions.exec" is the tool "exec" in the namespace of all tools.
_NAMESPACE = "functions."


def calls_inside(arguments: JsonObject) -> list[tuple[str, JsonObject]]:
    """Return (name, arguments) of each call that a call with these arguments carries; of an ordinary call none."""
    for name, value in arguments.items():
        if name in NESTING and isinstance(value, list):
            calls = [_call(each) for each in value[:_MOST]]
            found = [call for call in calls if call is not None]
            return found if len(found) == len(calls) else []
    return []


def outputs_inside(text: str, count: int) -> list[str]:
    """Return the outputs of `count` calls that came back as one text, or none where it cannot be parted into as many."""
    if not count or text.lstrip()[:1] not in {"[", "{"}:
        return []
    value = parsed(text)
    lists = [value, *value.values()] if isinstance(value, dict) else [value]
    parts: list[Any] = next((each for each in lists if isinstance(each, list) and len(each) == count), [])
    try:
        return [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in parts]
    except RecursionError:  # read at the brink of what can be read
        return []


def _call(value: Any) -> tuple[str, JsonObject] | None:
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("function"), Mapping):
        value = value["function"]
    name = next((value[key] for key in CALL_NAMES if isinstance(value.get(key), str)), None)
    given = (value[key] for key in WRAPPERS if key in value)
    arguments = next((each for each in map(_object, given) if each is not None), None)
    return (name.removeprefix(_NAMESPACE), arguments) if name and arguments is not None else None


def _object(value: Any) -> JsonObject | None:
    if isinstance(value, str):
        value = parsed(value)
    return dict(value) if isinstance(value, Mapping) else None
