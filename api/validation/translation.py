"""The one translation of a validation error into OpenAI's sentence, param and code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from pydantic import ValidationError

from shared.errors import InvalidRequest
from shared.wire.wording import abbreviated, listed, missing_parameter, number_word, path_of, shown, type_word

# Items are the one place where OpenAI calls null by its name.
_ITEM_LISTS = frozenset({"input", "items"})


def in_openais_words(error: ValidationError) -> InvalidRequest:
    """Return the first thing that `error` reports, as OpenAI's API would report it."""
    first = error.errors(include_url=False)[0]
    sentence = _SENTENCES.get(first["type"], _unreadable)
    return sentence(_Problem(first["loc"], first["input"], first.get("ctx", {})))


@dataclass(frozen=True, slots=True)
class _Problem:
    """One of pydantic's errors: where, what stands there, and what the rule was."""

    place: tuple[int | str, ...]
    value: Any
    context: Mapping[str, Any]

    @property
    def param(self) -> str:
        return path_of(self.place)

    @property
    def limit(self) -> Any:
        return next(iter(self.context.values()))

    def invalid(self, code: str, what: str, expected: str) -> InvalidRequest:
        return InvalidRequest(
            f"Invalid '{self.param}': {what}. Expected {expected} instead.", param=self.param, code=code
        )


_Sentence: TypeAlias = Callable[[_Problem], InvalidRequest]


def _missing(problem: _Problem) -> InvalidRequest:
    return missing_parameter(problem.param)


def _unknown(problem: _Problem) -> InvalidRequest:
    return InvalidRequest(
        f"Unknown parameter: '{problem.param}'.", param=problem.param, code="unknown_parameter"
    )


def _wrong_type(expected: str | None = None) -> _Sentence:
    def sentence(problem: _Problem) -> InvalidRequest:
        wanted = expected or problem.context["expected"]
        inside_items = len(problem.place) > 1 and problem.place[0] in _ITEM_LISTS
        # Null is no object where an object is expected: that would tell nothing.
        called_null = inside_items or wanted == "an object"
        word = type_word(problem.value, null="null" if called_null else "an object")
        return InvalidRequest(
            f"Invalid type for '{problem.param}': expected {wanted}, but got {word} instead.",
            param=problem.param,
            code="invalid_type",
        )

    return sentence


def _no_such_value(problem: _Problem) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid value: '{shown(problem.value)}'. Supported values are: {listed(problem.context['supported'])}.",
        param=problem.param,
        code="invalid_value",
    )


def _not_literal(problem: _Problem) -> InvalidRequest:
    # Pydantic lists the values of a Literal in their order, quoted: 'a', 'b' or 'c'.
    supported = problem.context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
    if isinstance(problem.value, str):
        return _no_such_value(replace(problem, context={"supported": supported}))
    names = [abbreviated(name) for name in supported]
    return _wrong_type(f"one of {listed(names, last='or')}")(problem)


def _beyond(side: str, sign: str) -> _Sentence:
    def sentence(problem: _Problem) -> InvalidRequest:
        kind = "decimal" if isinstance(problem.limit, float) else "integer"
        return problem.invalid(
            f"{kind}_{side}_{'min' if side == 'below' else 'max'}_value",
            f"{kind} {side} {'minimum' if side == 'below' else 'maximum'} value",
            f"a value {sign} {number_word(problem.limit)}, but got {number_word(problem.value)}",
        )

    return sentence


def _text_too_long(problem: _Problem) -> InvalidRequest:
    # Pydantic's place of a wrong key is that of its value and "[key]"; a key may be called so itself.
    if len(problem.place) > 2 and problem.place[-1] == "[key]":
        return _name_too_long(replace(problem, place=problem.place[:-2]))
    return problem.invalid(
        "string_above_max_length",
        "string too long",
        f"a string with maximum length {problem.limit}, but got a string with length {len(problem.value)}",
    )


def _name_too_long(problem: _Problem) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid property name in '{problem.param}': string too long. Expected a property name with maximum "
        f"length {problem.limit}, but got a property name with length {len(problem.value)} instead.",
        param=problem.param,
        code="string_above_max_length",
    )


def _text_empty(problem: _Problem) -> InvalidRequest:
    return problem.invalid(
        "empty_string",
        "empty string",
        f"a string with minimum length {problem.limit}, but got an empty string",
    )


def _text_unlike(problem: _Problem) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid '{problem.param}': string does not match pattern. "
        f"Expected a string that matches the pattern '{problem.limit}'.",
        param=problem.param,
        code="invalid_value",
    )


def _array_empty(problem: _Problem) -> InvalidRequest:
    return problem.invalid(
        "empty_array",
        "empty array",
        f"an array with minimum length {problem.limit}, but got an empty array",
    )


def _too_many(problem: _Problem) -> InvalidRequest:
    count = len(problem.value)
    if isinstance(problem.value, dict):
        return problem.invalid(
            "object_above_max_properties",
            "too many properties",
            f"an object with at most {problem.limit} properties, but got an object with {count} properties",
        )
    return problem.invalid(
        "array_above_max_length",
        "array too long",
        f"an array with maximum length {problem.limit}, but got an array with length {count}",
    )


def _unreadable(problem: _Problem) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid value for '{problem.param}'.", param=problem.param or None, code="invalid_value"
    )


_SENTENCES: dict[str, _Sentence] = {
    "missing": _missing,
    "unknown_parameter": _unknown,
    "invalid_type": _wrong_type(),
    "string_type": _wrong_type("a string"),
    "int_type": _wrong_type("an integer"),
    "float_type": _wrong_type("a decimal"),
    "bool_type": _wrong_type("a boolean"),
    "list_type": _wrong_type("an array"),
    "dict_type": _wrong_type("an object"),
    "model_type": _wrong_type("an object"),
    "invalid_value": _no_such_value,
    "literal_error": _not_literal,
    "greater_than_equal": _beyond("below", ">="),
    "less_than_equal": _beyond("above", "<="),
    "string_too_long": _text_too_long,
    "string_too_short": _text_empty,
    "string_pattern_mismatch": _text_unlike,
    "too_short": _array_empty,
    "too_long": _too_many,
}
