"""Reading the text of items, whatever shape a client gave it."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from shared.wire.items import (
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    InputText,
    Item,
    Message,
    OutputText,
    Part,
    Reasoning,
    ReasoningText,
    Refusal,
    SummaryText,
)

# Longer strings without a space are encoded bytes; as text they would fill the context with noise.
MAX_WORD_CHARACTERS = 4096
# Any length: one that asks for a least length looks at each place of a shorter run anew.
_RUN = re.compile(r"[A-Za-z0-9+/=_-]+")


def text_of_content(content: str | Sequence[Part]) -> str:
    """Return the text in a message's or tool output's content; other parts contribute nothing."""
    if isinstance(content, str):
        return content
    return "\n".join(_texts(content))


def text_of(item: Item) -> str:
    """Return the words of an item: what was said, called, returned or thought; else empty."""
    match item:
        case Message():
            return text_of_content(item.content)
        case FunctionCall():
            return item.arguments
        case CustomToolCall():
            return item.input
        case FunctionCallOutput() | CustomToolCallOutput():
            return text_of_content(item.output)
        case Reasoning():
            return text_of_content([*item.summary, *(item.content or [])])
        case _:
            return ""


def readable_text(item: Item) -> str:
    """Return the words of an item, and in its place what names each image and file; never their bytes."""
    match item:
        case Message():
            return readable_content(item.content)
        case FunctionCallOutput() | CustomToolCallOutput():
            return readable_content(item.output)
        case _:
            return text_of(item)


def readable_content(content: str | Sequence[Part]) -> str:
    """Return the text in content, and in its place what names each image and file; never their bytes."""
    if isinstance(content, str):
        return content
    return "\n".join(each for part in content for each in (list(_texts([part])) or [_mark(part)]))


def readable_json(value: Any) -> str:
    """Return a JSON value as text, with encoded bytes replaced by how many characters they were."""
    return json.dumps(_without_blobs(value), ensure_ascii=False)


def without_encoded_bytes(text: str) -> str:
    """Return text with runs that no one writes by hand, such as base64, replaced by how long they were."""
    if len(text) <= MAX_WORD_CHARACTERS:
        return text
    return _RUN.sub(lambda run: _left_out(run[0]) if len(run[0]) > MAX_WORD_CHARACTERS else run[0], text)


def _left_out(blob: str) -> str:
    return f"[{len(blob)} characters left out]"


def _without_blobs(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_blobs(entry) for key, entry in value.items()}
        case list():
            return [_without_blobs(entry) for entry in value]
        case str() if len(value) > MAX_WORD_CHARACTERS and " " not in value[:MAX_WORD_CHARACTERS]:
            return _left_out(value)
        case _:
            return value


# What names a part that is no text, the words of its kind first.
_KINDS = {"input_image": "image", "input_file": "file", "input_audio": "audio"}
_NAMES = ("filename", "file_id", "file_url", "image_url")


def _mark(part: Part) -> str:
    fields = part.to_json()
    names = [" ".join(value.split()) for name in _NAMES if isinstance(value := fields.get(name), str)]
    shown = [name for name in names if _is_name(name)]
    kind = _KINDS.get(part.type, part.type)
    return f"[{kind}: {', '.join(shown)}]" if shown else f"[{kind}]"


def _is_name(text: str) -> bool:
    return 0 < len(text) <= MAX_WORD_CHARACTERS and not text[:5].lower().startswith("data:")


def _texts(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        match part:
            case InputText() | OutputText() | SummaryText() | ReasoningText():
                yield part.text
            case Refusal():
                yield part.refusal
            case _:
                continue
