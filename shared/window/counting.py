"""Estimating the tokens of items and of what surrounds them: text by a tokenizer, the rest by rule.

No provider publishes how it renders a request, so every rule here errs upwards: a compaction that comes
early costs little, a context that overflows costs the turn. What a provider reports as usage corrects the
estimate elsewhere.
"""

import json
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from shared.window.documents import (
    BASE64_CHARS_PER_TOKEN,
    UNKNOWN_MEDIA_TOKENS,
    count_file,
    is_file_guessed,
)
from shared.window.images import count_image, images_of, is_image_guessed, with_images
from shared.wire.items import (
    Compaction,
    CompactionTrigger,
    ConfigurationUpdate,
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    InputFile,
    InputImage,
    InputText,
    Item,
    ItemReference,
    Message,
    OtherItem,
    OtherPart,
    OutputText,
    Part,
    Reasoning,
    ReasoningText,
    Refusal,
    SummaryText,
)
from shared.wire.model import JsonObject
from shared.wire.thoughts import is_envelope

# Around an item: its role and the marks where it begins and ends. OpenAI's chat format spends 3 or 4.
ITEM_TOKENS = 4
# On top of that, the channel and recipient that a call or its output names.
CALL_TOKENS = 4
# Around each tool's definition, and around a response format.
DEFINITION_TOKENS = 8
# What introduces tools: a few words in OpenAI's formats, how to call them at length in those of open models.
TOOLS_TOKENS = 64
# What opens the model's reply.
REPLY_TOKENS = 3

# Ten tokens a second, at the lowest usual rates: 16 kbit/s of MP3, 8 kHz of 8-bit WAV.
MP3_CHARS_PER_TOKEN = 266
WAV_CHARS_PER_TOKEN = 1066


def count_item(item: Item, count: Callable[[str], int]) -> int:
    """Return the tokens that `item` takes in a model's context, estimated upwards.

    `count` counts a text. A compaction item counts 0, and so do a trigger and a reference: the caller
    counts the items that they stand for. A configuration update is no part of the context: 0 as well.
    """
    match item:
        case Compaction() | CompactionTrigger() | ConfigurationUpdate() | ItemReference():
            return 0
        case Message():
            tokens = _count_content(item.content, count)
        case OtherItem():
            tokens = _count_json(item.to_json(), count)
        case Reasoning():
            tokens = _count_reasoning(item, count)
        case _:
            tokens = CALL_TOKENS + _count_call(item, count)
    return ITEM_TOKENS + tokens + _count_unknown_fields(item, count)


def count_by_rule(item: Item) -> int:
    """Return the tokens of `item` that `count_item` takes from a rule and no tokenizer: media and thoughts.

    Of thoughts it is all: which of them a model is given again is its provider's to know.
    """
    match item:
        case Message():
            return _media_of(item.content)
        case FunctionCallOutput() | CustomToolCallOutput():
            return _media_of(item.output)
        case Reasoning():
            return count_item(item, _a_token_for_four_bytes)
        case OtherItem():
            return _images_in(item.to_json())
        case _:
            return 0


def count_guessed(item: Item) -> int:
    """Return the tokens of `item` that stand for media whose size only the provider knows."""
    match item:
        case Message():
            content = item.content
        case FunctionCallOutput() | CustomToolCallOutput():
            content = item.output
        case OtherItem():
            return _guessed_in(item.to_json())
        case _:
            return 0
    if isinstance(content, str):
        return 0
    return sum(_guessed_tokens(part) for part in content)


def count_overhead(
    *,
    instructions: str | None,
    tools: Sequence[JsonObject],
    text_format: JsonObject | None,
    count: Callable[[str], int],
) -> int:
    """Return the tokens of a request that are no item's: instructions, tools, format, the reply's opening.

    `text_format` is `text.format` of the request; plain text counts nothing.
    """
    tokens = REPLY_TOKENS
    if instructions:
        tokens += ITEM_TOKENS + count(instructions)
    if tools:
        tokens += TOOLS_TOKENS
    definitions = list(tools)
    if text_format and text_format.get("type") != "text":
        definitions.append(text_format)
    return tokens + sum(DEFINITION_TOKENS + count(_dump(definition)) for definition in definitions)


def _count_call(
    item: FunctionCall | CustomToolCall | FunctionCallOutput | CustomToolCallOutput,
    count: Callable[[str], int],
) -> int:
    match item:
        case FunctionCall():
            return count(item.namespace or "") + count(item.name) + count(item.arguments)
        case CustomToolCall():
            return count(item.namespace or "") + count(item.name) + count(item.input)
        case FunctionCallOutput() | CustomToolCallOutput():
            return _count_content(item.output, count)


def _media_of(content: str | Sequence[Part]) -> int:
    if isinstance(content, str):
        return 0
    return sum(_media_in(part) for part in content)


def _media_in(part: Part) -> int:
    return _images_in(part.to_json()) if isinstance(part, OtherPart) else _count_part(part, _nothing)


def _images_in(document: JsonObject) -> int:
    return sum(count_image(url, None) for url in images_of(document))


def _nothing(_text: str) -> int:
    return 0


def _a_token_for_four_bytes(text: str) -> int:
    # Near enough, where the exact count was taken when the item was first seen.
    return ceil(len(text.encode("utf-8", "surrogatepass")) / 4)


def _count_reasoning(item: Reasoning, count: Callable[[str], int]) -> int:
    # Sealed reasoning is the same thoughts as those in the open: the larger of the two counts.
    in_the_open = _count_content([*item.summary, *(item.content or [])], count)
    sealed = "" if is_envelope(item.encrypted_content) else item.encrypted_content
    return max(in_the_open, _base64_tokens(sealed or ""))


def _count_unknown_fields(item: Item, count: Callable[[str], int]) -> int:
    # Those of an OtherItem are its content, and counted as such.
    if isinstance(item, OtherItem) or not item.model_extra:
        return 0
    return _count_json(item.model_extra, count)


def _count_content(content: str | Sequence[Part], count: Callable[[str], int]) -> int:
    if isinstance(content, str):
        return count(content)
    # A part is joined to the one before it by a line end or a mark.
    return sum(1 + _count_part(part, count) for part in content)


def _count_part(part: Part, count: Callable[[str], int]) -> int:
    match part:
        case InputText() | OutputText() | SummaryText() | ReasoningText():
            return count(part.text)
        case Refusal():
            return count(part.refusal)
        case InputImage():
            return count_image(part.image_url, part.detail)
        case InputFile():
            return count(part.filename or "") + count_file(part)
        case InputAudio():
            return _count_audio(part.input_audio)
        case OtherPart():
            return _count_json(part.to_json(), count)


def _guessed_tokens(part: Part) -> int:
    if isinstance(part, OtherPart):
        return _guessed_in(part.to_json())
    return _count_part(part, _nothing) if _is_guessed(part) else 0


def _guessed_in(document: JsonObject) -> int:
    return sum(count_image(url, None) for url in images_of(document) if is_image_guessed(url, None))


def _is_guessed(part: Part) -> bool:
    match part:
        case InputFile():
            return is_file_guessed(part)
        case InputImage():
            return is_image_guessed(part.image_url, part.detail)
        case InputAudio():
            return not part.input_audio.get("data")
        case _:
            return False


def _count_audio(audio: JsonObject) -> int:
    clip = audio.get("data")
    if not isinstance(clip, str) or not clip:
        return UNKNOWN_MEDIA_TOKENS
    return ceil(len(clip) / (WAV_CHARS_PER_TOKEN if audio.get("format") == "wav" else MP3_CHARS_PER_TOKEN))


def _base64_tokens(text: str) -> int:
    return ceil(len(text) / BASE64_CHARS_PER_TOKEN)


def _count_json(document: JsonObject, count: Callable[[str], int]) -> int:
    # As text, the base64 of a screenshot would count for hundreds of thousands of tokens.
    return count(_dump(with_images(document, lambda _url: ""))) + _images_in(document)


def _dump(value: Any) -> str:
    # With blanks after commas and colons, as most chat templates write it, which is never fewer tokens.
    return json.dumps(value, ensure_ascii=False)
