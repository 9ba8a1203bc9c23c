"""OpenAI's way of naming things in errors, and the errors that need no more than a name."""

import json
from collections.abc import Iterable, Sequence

from shared.errors import InvalidRequest

# Names and values of a client's are shown up to this many characters: an error is not a place for a body.
_LONGEST_SHOWN = 100

# OpenAI writes `conversation` in full, and `previous_response_id` as `pre..._id`.
_LONGEST_WHOLE = 16

_TYPE_WORDS: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal number",
    str: "a string",
    list: "an array",
}


def missing_parameter(param: str) -> InvalidRequest:
    """Return the error for a parameter that must be given."""
    return InvalidRequest(
        f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
    )


def unknown_parameter(key: str, known: Iterable[str] = ()) -> InvalidRequest:
    """Return the error for a parameter that nobody knows, naming those of `known` that may be meant, nearest first."""
    param = path_of([key])
    near = sorted((distance, name) for name in known if (distance := edit_distance(key, name)) <= 2)
    hint = f" Did you mean {listed([name for _distance, name in near], last='or')}?" if near else ""
    return InvalidRequest(f"Unknown parameter: '{param}'.{hint}", param=param, code="unknown_parameter")


def no_such_model(model: str) -> str:
    """Return the sentence about a model that nobody has."""
    return f"The requested model '{shown(model)}' does not exist."


def wrong_body(body: object) -> InvalidRequest:
    """Return the error for a body that is no JSON object."""
    return InvalidRequest(
        f"Invalid type: expected an object, but got {type_word(body, null='null')} instead.",
        code="invalid_type",
    )


def unsupported_value(value: str, param: str, supported: Sequence[str]) -> InvalidRequest:
    """Return the error for a value that is OpenAI's but that this server has no service for."""
    return InvalidRequest(
        f"Unsupported value: '{value}' is not supported by this server. "
        f"Supported values are: {listed(supported)}.",
        param=param,
        code="unsupported_value",
    )


def unsupported_parameter(param: str) -> InvalidRequest:
    """Return the error for a parameter that is OpenAI's but that this server cannot honour."""
    return InvalidRequest(
        f"Unsupported parameter: '{param}' is not supported by this server.",
        param=param,
        code="unsupported_parameter",
    )


def path_of(place: Sequence[int | str]) -> str:
    """Return where a value stands, such as `input[0].content`."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{shown(step)}" for step in place]
    return "".join(steps).removeprefix(".")


def listed(values: Sequence[str], *, last: str = "and") -> str:
    """Return `'a', 'b', and 'c'`."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return f" {last} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {last} {quoted[-1]}"


def abbreviated(name: str) -> str:
    """Return a name as OpenAI writes it where it lists what may stand somewhere: a long one without its middle."""
    return name if len(name) <= _LONGEST_WHOLE else f"{name[:3]}...{name[-3:]}"


def shown(text: str) -> str:
    """Return text of a client's as one readable line of bounded length."""
    start = text[:_LONGEST_SHOWN]
    line = start if start.isprintable() else start.encode("unicode_escape").decode()
    return line if len(text) <= _LONGEST_SHOWN else f"{line}…"


def edit_distance(left: str, right: str) -> int:
    """Return how many characters must be added, dropped or replaced; 3 stands for every longer way."""
    if abs(len(left) - len(right)) > 2:
        return 3
    row = list(range(len(right) + 1))
    for count, letter in enumerate(left, start=1):
        above, row = row, [count]
        for column, other in enumerate(right, start=1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (letter != other)))
    return min(row[-1], 3)


def type_word(value: object, *, null: str = "an object") -> str:
    """Return what OpenAI calls the type of a JSON value; null has two names."""
    return null if value is None else _TYPE_WORDS.get(type(value), "an object")


def number_word(value: float) -> str:
    """Return a number in as few digits as say it exactly."""
    if isinstance(value, int):
        return f"{value}" if abs(value) < 10**_LONGEST_SHOWN else "a longer number"
    return f"{int(value)}" if abs(value) < 1e15 and value.is_integer() else json.dumps(value)
