"""Opening: what tools print as JSON, as text; and what its fields say of how the call ended."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from shared.compaction.ledger.toolwords import METADATA, STREAMS

_SHORT, _DEEPEST = 400, 8
_CODES = ("exit_code", "exitCode", "returncode", "return_code")
_REFUSED = 400  # the least status of HTTP that tells a failure


def parsed(text: str) -> Any:
    """Return the JSON value in `text`, or None."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def text_of_output(text: str, value: Any) -> str:
    """Return what `text`, which holds the JSON `value`, says: what was printed, without the names of its fields.

    A small object without a field for what was printed is quoted as it came.
    """
    printed = _has_streams(value)
    if len(text) <= _SHORT and not printed:
        return " ".join(text.split())
    return "\n".join(strings_of(value)) if printed or isinstance(value, Mapping) else text


def strings_of(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts and numbers in a JSON value; what was printed comes last and alone, the rest with its name."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and depth < _DEEPEST:
        for name, each in sorted(value.items(), key=lambda field: field[0] in STREAMS):
            yield from _strings_of_field(name, each, depth, is_run=not STREAMS.isdisjoint(value))
    elif isinstance(value, list) and depth < _DEEPEST:
        for each in value:
            yield from strings_of(each, depth + 1)


def exit_code_in(value: Any, depth: int = 0) -> int | None:
    """Return the exit code in a JSON value: of several the last that tells a failure."""
    if isinstance(value, Mapping) and depth < 4:
        for name in _CODES:
            if isinstance(value.get(name), int):
                return int(value[name])
        value = list(value.values())
    if isinstance(value, list) and depth < 4:
        codes = [code for each in value[-20:] if (code := exit_code_in(each, depth + 1)) is not None]
        return next((code for code in codes if code), codes[-1] if codes else None)
    return None


def tells_failure(value: Any) -> bool:
    """Return whether a field of the JSON value, or of one in a list, says that the call failed."""
    if isinstance(value, list):
        return any(tells_failure(each) for each in value[:20] if isinstance(each, Mapping))
    if not isinstance(value, Mapping):
        return False
    status = value.get("status")
    return (
        any(value.get(name) is False for name in ("ok", "success"))
        or any(value.get(name) is True for name in ("isError", "is_error"))
        or bool(value.get("error"))
        or (isinstance(status, int) and status >= _REFUSED)
    )


def _has_streams(value: Any) -> bool:
    each = value if isinstance(value, list) else [value]
    return any(isinstance(part, Mapping) and not STREAMS.isdisjoint(part) for part in each[:20])


def _strings_of_field(name: str, value: Any, depth: int, *, is_run: bool) -> Iterator[str]:
    if name == "type" or (is_run and name in METADATA):
        return
    if isinstance(value, (str, int, float)) and not isinstance(value, bool) and len(str(value)) < 120:
        yield str(value) if name in STREAMS else f"{name}: {value}"
    else:
        yield from strings_of(value, depth + 1)
