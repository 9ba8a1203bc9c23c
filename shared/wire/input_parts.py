"""What a client may send as the content of an item: the parts of what was said, answered and put out by tools."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from shared.wire.items import (
    InputAudio,
    InputFile,
    InputImage,
    InputText,
    OtherPart,
    OutputText,
    ReasoningText,
    Refusal,
    SummaryText,
)
from shared.wire.model import JsonObject, WireModel
from shared.wire.shapes import (
    MAX_TEXT,
    Check,
    Policing,
    any_members_of,
    any_value,
    array_of,
    members_of,
    objects,
    shaped,
    tagged,
    text_or,
)


class _Breakpoint(WireModel):
    mode: Literal["explicit"]
    ttl: str | None = None


_PromptCacheBreakpoint: TypeAlias = Annotated[JsonObject, shaped(members_of(_Breakpoint))]


class _InputText(InputText):
    text: str = Field(max_length=MAX_TEXT)
    prompt_cache_breakpoint: _PromptCacheBreakpoint | None = None


class _InputImage(InputImage):
    prompt_cache_breakpoint: _PromptCacheBreakpoint | None = None


class _InputFile(InputFile):
    prompt_cache_breakpoint: _PromptCacheBreakpoint | None = None


class _InputAudio(InputAudio):
    prompt_cache_breakpoint: _PromptCacheBreakpoint | None = None


_JsonObjects: TypeAlias = Annotated[Any, shaped(objects())]


class _OutputText(OutputText):
    annotations: _JsonObjects | None = None
    logprobs: _JsonObjects | None = None


_ANSWERED: dict[str, Check] = {"output_text": members_of(_OutputText), "refusal": members_of(Refusal)}

_SAID: dict[str, Check] = {
    "input_text": members_of(_InputText),
    "input_image": members_of(_InputImage),
    "input_file": members_of(_InputFile),
    # OpenAI names it to who sends a part of the assistant's; sent, it is refused there too: _KNOWN has no such part.
    "scoped_content": any_value,
    "input_audio": members_of(_InputAudio),
}

_KNOWN: dict[str, Check] = {
    "input_text": _SAID["input_text"],
    "input_image": _SAID["input_image"],
    "input_audio": _SAID["input_audio"],
    **_ANSWERED,
    "input_file": _SAID["input_file"],
    "computer_screenshot": any_members_of(OtherPart),
    "summary_text": members_of(SummaryText),
    "encrypted_content": any_members_of(OtherPart),
}

_IS_KNOWN = tagged("type", dict.fromkeys(_KNOWN, any_value))


def _parts_of(shapes: dict[str, Check]) -> Check:
    return array_of(tagged("type", shapes), "an array of objects")


def _parts_by_role(shapes: dict[str, Check]) -> Check:
    """Accept an array of the parts in `shapes`; as at OpenAI, only what no role has is reported at its type."""
    is_of_role = tagged("type", shapes, at=())

    def check(value: Any, policing: Policing) -> None:
        _IS_KNOWN(value, policing)
        is_of_role(value, policing)

    return array_of(check, "an array of objects")


def _content(parts: Check) -> Check:
    return text_or(parts, list, "one of an array of objects or string")


SaidContent: TypeAlias = Annotated[Any, shaped(_content(_parts_by_role(_SAID)))]
AnsweredContent: TypeAlias = Annotated[Any, shaped(_content(_parts_by_role(_ANSWERED)))]
ToolOutput: TypeAlias = Annotated[Any, shaped(_content(_parts_of(_KNOWN)))]
Summaries: TypeAlias = Annotated[Any, shaped(_parts_of({"summary_text": members_of(SummaryText)}))]
Thoughts: TypeAlias = Annotated[Any, shaped(_parts_of({"reasoning_text": members_of(ReasoningText)}))]
