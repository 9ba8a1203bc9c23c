"""How strictly a request is read: checks that a request's models carry, and that only policing runs.

A model validated with a `Policing` context refuses what OpenAI's API refuses; validated without one, as a
worker does with what the API has stored, it skips these checks. A check returns nothing and raises
pydantic's ValidationError, so that its place in the body arrives in `loc`: plain keys and indices, never
the name of a union's branch.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import FailFast, TypeAdapter, ValidationError, ValidationInfo, WrapValidator
from pydantic_core import InitErrorDetails, PydanticCustomError

from shared.wire.model import WireModel

# The longest text that OpenAI takes in one field, in characters.
MAX_TEXT = 10_485_760

# Longer than the ids of any provider that is known: OpenAI's have up to 64 characters, those of proxies some hundred.
MAX_ID = 512


@dataclass(frozen=True, slots=True)
class Policing:
    """What the checks need to know of this server; `min_compact_threshold` is in tokens."""

    min_compact_threshold: int = 1000


Check: TypeAlias = Callable[[Any, Policing], object]
Where: TypeAlias = tuple[int | str, ...]


def shaped(check: Check) -> WrapValidator:
    """Return an annotation: where a request is policed, `check` comes before the annotated type."""

    def validate(value: Any, keep: Callable[[Any], Any], info: ValidationInfo) -> Any:
        if info.context is not None:
            check(value, info.context)
        return keep(value)

    return WrapValidator(validate)


def members_of(model: type[WireModel]) -> Check:
    """Accept an object that `model` accepts and that has no member which `model` does not name.

    As in a request as a whole, what is missing is reported first, then what nobody knows, then what is wrong.
    """
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    required = [name for name, field in fields.items() if field.is_required()]

    def check(value: Any, policing: Policing) -> None:
        require_object(value, "an object")
        for name in required:
            if name not in value:
                raise problem("missing", value, at=(name,))
        for key in value:
            if key not in fields:
                raise problem("unknown_parameter", value, at=(key,))
        model.model_validate(value, context=policing)

    return check


def any_members_of(model: type[WireModel]) -> Check:
    """Accept an object that `model` accepts, whatever else it has."""
    return lambda value, policing: model.model_validate(value, context=policing)


def any_value(_value: Any, _policing: Policing) -> None:
    """Accept everything."""


def one_of(values: Any) -> Check:
    """Accept one of the values of a Literal."""
    literal: TypeAdapter[Any] = TypeAdapter(values)
    return lambda value, _policing: literal.validate_python(value)


def tagged(key: str, shapes: Mapping[str, Check], *, at: Where | None = None) -> Check:
    """Accept an object whose `key` names one of `shapes`, and which that shape accepts.

    `at` is where an unknown name is reported, seen from the object: at `key` unless told. Told, no name and what
    is no text are reported there too, as OpenAI does: as an empty name.
    """

    def check(value: Any, policing: Policing) -> None:
        require_object(value, "an object")
        if key not in value and at is None:
            raise problem("missing", value, at=(key,))
        tag = value.get(key)
        if not isinstance(tag, str) or tag not in shapes:
            shown = tag if at is None or isinstance(tag, str) else ""
            raise unsupported_value(shown, shapes, at=(key,) if at is None else at)
        shapes[tag](value, policing)

    return check


def array_of(check: Check, expected: str, *, minimum: int = 0, maximum: int | None = None) -> Check:
    """Accept an array of what `check` accepts; the first entry that fails is the one reported."""
    # Without FailFast a million wrong entries would be a million errors, of which one is told.
    entries: TypeAdapter[list[Any]] = TypeAdapter(Annotated[list[Annotated[Any, shaped(check)]], FailFast()])

    def check_array(value: Any, policing: Policing) -> None:
        if not isinstance(value, list):
            raise wrong_type(value, expected)
        if len(value) < minimum:
            raise problem("too_short", value, limit=minimum)
        if maximum is not None and len(value) > maximum:
            raise problem("too_long", value, limit=maximum)
        entries.validate_python(value, context=policing)

    return check_array


def objects() -> Check:
    """Accept an array of objects, whatever they hold."""
    return array_of(lambda value, _policing: require_object(value, "an object"), "an array of objects")


def text_or(check: Check, kind: type, expected: str, *, maximum: int = MAX_TEXT) -> Check:
    """Accept text of up to `maximum` characters, or a value of `kind` that `check` accepts."""

    def check_either(value: Any, policing: Policing) -> None:
        if isinstance(value, kind):
            check(value, policing)
        elif not isinstance(value, str):
            raise wrong_type(value, expected)
        elif len(value) > maximum:
            raise problem("string_too_long", value, limit=maximum)

    return check_either


def bounded_text(*, minimum: int, maximum: int) -> Check:
    """Accept text of so many characters."""

    def check(value: Any, _policing: Policing) -> None:
        if not isinstance(value, str):
            raise wrong_type(value, "a string")
        if len(value) < minimum:
            raise problem("string_too_short", value, limit=minimum)
        if len(value) > maximum:
            raise problem("string_too_long", value, limit=maximum)

    return check


def at_most(maximum: int, expected: str) -> Check:
    """Accept an object with up to `maximum` properties."""

    def check(value: Any, _policing: Policing) -> None:
        require_object(value, expected)
        if len(value) > maximum:
            raise problem("too_long", value, limit=maximum)

    return check


def require_object(value: Any, expected: str) -> None:
    """Raise the error for a value that is no JSON object, `expected` being what stands there."""
    if not isinstance(value, dict):
        raise wrong_type(value, expected)


def wrong_type(value: Any, expected: str) -> ValidationError:
    """Return the error: here stands a value of another type than `expected`, such as "a string"."""
    return problem("invalid_type", value, expected=expected)


def unsupported_value(value: Any, supported: Iterable[str], *, at: Where = ()) -> ValidationError:
    """Return the error: `value` is none of the `supported` names, which are listed in their order."""
    shown = value if isinstance(value, str) else json.dumps(value)
    return problem("invalid_value", shown, at=at, supported=list(supported))


def problem(kind: str, value: Any, *, at: Where = (), **context: int | str | list[str]) -> ValidationError:
    """Return pydantic's error of one `kind`, `at` a place below the value that is being validated."""
    reason = PydanticCustomError(kind, kind, dict(context))
    return ValidationError.from_exception_data(
        "request", [InitErrorDetails(type=reason, loc=at, input=value)]
    )
