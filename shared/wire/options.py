"""The shapes of a request's options: text format, reasoning, prompt, moderation and other small objects."""

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from shared.wire.model import JsonObject, WireModel
from shared.wire.shapes import (
    Check,
    Policing,
    array_of,
    bounded_text,
    members_of,
    problem,
    shaped,
    tagged,
    wrong_type,
)
from shared.wire.wording import listed

# The largest integer that every reader of JSON keeps exactly.
MAX_INTEGER = 2**53 - 1


class ContextManagement(WireModel):
    """One way to keep the context small; `compact_threshold` is in tokens of rendered context.

    Of several the one with the smallest threshold holds.
    """

    type: str
    compact_threshold: int | None = Field(None, le=MAX_INTEGER)

    @field_validator("compact_threshold")
    @classmethod
    def _reaches_the_minimum(cls, threshold: int | None, info: ValidationInfo) -> int | None:
        policing: Policing | None = info.context
        if policing is None or threshold is None or threshold >= policing.min_compact_threshold:
            return threshold
        raise PydanticKnownError("greater_than_equal", {"ge": policing.min_compact_threshold})


_MOST_PINS = 64
_LONGEST_PIN = 16_384
_PIN_TEXT = bounded_text(minimum=1, maximum=_LONGEST_PIN)


def _check_pin(value: Any, policing: Policing) -> None:
    _PIN_TEXT(value, policing)
    if not value.strip():
        raise problem("string_pattern_mismatch", value, pattern=r"\S")


_PINS = array_of(_check_pin, "an array of strings", maximum=_MOST_PINS)


class HithertoOptions(WireModel):
    """What hitherto can do beyond OpenAI's API.

    `compact_target_tokens` is what a compaction leaves. `pins` are texts, and ids of items, that stay word for
    word in all compactions from then on.
    """

    compact_target_tokens: int | None = Field(None, ge=1, le=MAX_INTEGER)
    pins: Annotated[list[str], shaped(_PINS)] | None = None


class StreamOptions(WireModel):
    """How events are sent; obfuscation pads deltas so that their length tells nothing."""

    include_obfuscation: bool | None = None


class BackgroundOptions(WireModel):
    """When a background response should be ready."""

    completion_window: Literal["soonest", "2h", "8h"] | None = None
    continuation_id: str | None = None


class PromptCacheOptions(WireModel):
    """What the provider's prompt cache is asked to do."""

    mode: Literal["implicit", "explicit"] | None = None
    ttl: Literal["30m", "12h"] | None = None
    prewarm: bool | None = None
    comparison_response_id: str | None = None


class CompactCacheOptions(WireModel):
    """What the provider's prompt cache is asked to do with a compaction."""

    mode: Literal["implicit", "explicit"] | None = None
    ttl: Literal["30m"] | None = None


class PromptTemplate(WireModel):
    """A prompt that is kept at OpenAI."""

    id: str
    version: str | None = None
    variables: JsonObject | None = None


class ImageOptions(WireModel):
    """What may be done to images."""

    context_compression: Literal["auto", "enabled", "disabled"] | None = None


class AccessPrograms(WireModel):
    """Programs of OpenAI's that widen what a model answers."""

    cyber: Literal["standard", "daybreak_blue", "daybreak_red"] | None = None


class _ModerationRule(WireModel):
    mode: Literal["score", "block"] | None = None


_Rule: TypeAlias = Annotated[JsonObject, shaped(members_of(_ModerationRule))]


class _ModerationPolicy(WireModel):
    input: _Rule | None = None
    output: _Rule | None = None


class _Moderation(WireModel):
    model: str
    policy: Annotated[JsonObject, shaped(members_of(_ModerationPolicy))] | None = None


Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


def _check_effort(value: Any, _policing: Policing) -> None:
    # OpenAI's own words for what is no text; what is text is the Literal's to check.
    if isinstance(value, int) and not isinstance(value, bool):
        raise wrong_type(value, "one of 'minimal', 'low', 'medium', or 'high'")
    if not isinstance(value, str):
        raise wrong_type(value, f"one of one of {listed(get_args(Effort), last='or')} or integer")


_Effort: TypeAlias = Annotated[Effort, shaped(_check_effort)]


class _Reasoning(WireModel):
    effort: _Effort | None = None
    summary: Literal["concise", "detailed", "auto"] | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    mode: str | None = None


class _PlainFormat(WireModel):
    type: Literal["json_object", "text"]


class _JsonSchemaFormat(WireModel):
    type: Literal["json_schema"]
    name: str = Field(min_length=1, max_length=64, pattern="^[a-zA-Z0-9_-]+$")
    # Pydantic's own models have a `schema`, so the field has another name here.
    json_schema: JsonObject = Field(alias="schema")
    strict: bool | None = None
    description: str | None = None


_FORMAT = tagged(
    "type",
    {
        "json_object": members_of(_PlainFormat),
        "text": members_of(_PlainFormat),
        "json_schema": members_of(_JsonSchemaFormat),
    },
)


class _Text(WireModel):
    format: Annotated[Any, shaped(_FORMAT)] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class _EffortUpdate(WireModel):
    effort: _Effort | None = None


class _FormatUpdate(WireModel):
    format: Annotated[Any, shaped(_FORMAT)] | None = None


TEXT: Check = members_of(_Text)
REASONING: Check = members_of(_Reasoning)
MODERATION: Check = members_of(_Moderation)
EFFORT_UPDATE: Check = members_of(_EffortUpdate)
FORMAT_UPDATE: Check = members_of(_FormatUpdate)
