"""OpenAI's sentences, as the validation tests expect them: message, param and code."""

from typing import Any, TypeAlias

Refusal: TypeAlias = tuple[str, str | None, str | None]

NO_INPUT: Refusal = (
    "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.",
    None,
    "missing_required_parameter",
)


def wrong_type(param: str, expected: str, got: str) -> Refusal:
    return f"Invalid type for '{param}': expected {expected}, but got {got} instead.", param, "invalid_type"


def no_such_value(param: str, value: str, supported: str) -> Refusal:
    return f"Invalid value: '{value}'. Supported values are: {supported}.", param, "invalid_value"


def missing(param: str) -> Refusal:
    return f"Missing required parameter: '{param}'.", param, "missing_required_parameter"


def unknown(param: str, hint: str = "") -> Refusal:
    return f"Unknown parameter: '{param}'.{hint}", param, "unknown_parameter"


def beyond(param: str, code: str, what: str, bound: str, got: str) -> Refusal:
    return f"Invalid '{param}': {what}. Expected a value {bound}, but got {got} instead.", param, code


def too_small(param: str, minimum: int, got: int) -> Refusal:
    what = "integer below minimum value"
    return beyond(param, "integer_below_min_value", what, f">= {minimum}", str(got))


def too_long(param: str, maximum: int, got: int) -> Refusal:
    return _bounded(
        param,
        "string_above_max_length",
        f"string too long. Expected a string with maximum length {maximum}",
        f"a string with length {got}",
    )


def empty_array(param: str) -> Refusal:
    return _bounded(
        param, "empty_array", "empty array. Expected an array with minimum length 1", "an empty array"
    )


def array_too_long(param: str, maximum: int, got: int) -> Refusal:
    return _bounded(
        param,
        "array_above_max_length",
        f"array too long. Expected an array with maximum length {maximum}",
        f"an array with length {got}",
    )


def too_many_properties(param: str, maximum: int, got: int) -> Refusal:
    what = f"too many properties. Expected an object with at most {maximum} properties"
    return _bounded(param, "object_above_max_properties", what, f"an object with {got} properties")


def _bounded(param: str, code: str, what: str, got: str) -> Refusal:
    return f"Invalid '{param}': {what}, but got {got} instead.", param, code


def asking(**fields: Any) -> dict[str, Any]:
    """The smallest valid body, with `fields`."""
    return {"model": "m", "input": "hi", **fields}
