"""Form bodies: `a[b][0]=c` as the JSON object that it stands for."""

import re
from typing import Any
from urllib.parse import parse_qsl

from shared.errors import InvalidRequest
from shared.wire.model import JsonObject

FORM = "application/x-www-form-urlencoded"

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PATH = re.compile(r"\[([^\[\]]*)\]")
_MAX_DEPTH = 16
_MAX_FIELDS = 10_000


def parse_form(body: bytes) -> JsonObject:
    """Return the object behind a form; every value is text. Raises InvalidRequest."""
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidRequest("We could not parse the form body of your request.") from error
    form: JsonObject = {}
    for name, value in pairs:
        _put(form, _path(name), value)
    return {name: _with_lists(value) for name, value in form.items()}


def _path(name: str) -> list[str]:
    known = _NAME.fullmatch(name)
    if known is None:
        raise InvalidRequest("We could not parse the form body of your request.")
    path = [known[1], *_PATH.findall(known[2])]
    if len(path) > _MAX_DEPTH:
        raise InvalidRequest("The form body of your request is nested too deeply.")
    return path


def _put(target: JsonObject, path: list[str], value: str) -> None:
    *parents, last = path
    for parent in parents:
        child = target.setdefault(parent or str(len(target)), {})
        if not isinstance(child, dict):
            raise InvalidRequest("The form body of your request gives one name two meanings.")
        target = child
    # Without a name it is one more entry of a list.
    name = last or str(len(target))
    if name in target:
        raise InvalidRequest("The form body of your request gives one name two meanings.")
    target[name] = value


def _with_lists(value: Any) -> Any:
    """Return objects whose names count from 0 as the lists that they are."""
    if not isinstance(value, dict):
        return value
    entries = {name: _with_lists(entry) for name, entry in value.items()}
    if list(entries) == [str(index) for index in range(len(entries))]:
        return list(entries.values())
    return entries
