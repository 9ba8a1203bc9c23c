"""Content parts of the Responses API as content of chat messages."""

from collections.abc import Iterable, Sequence

from shared.wire.items import (
    InputAudio,
    InputFile,
    InputImage,
    InputText,
    OutputText,
    Part,
    ReasoningText,
    Refusal,
    SummaryText,
)
from shared.wire.model import JsonObject
from shared.wire.text import readable_json


def user_content(content: str | Sequence[Part]) -> str | list[JsonObject]:
    """Return what a user message holds: text where all of it is text, else a list of parts."""
    if isinstance(content, str):
        return content
    parts = chat_parts(content)
    if all(part["type"] == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def chat_parts(parts: Sequence[Part]) -> list[JsonObject]:
    """Return the parts as those of a user message; what chat completions lack is a labelled text."""
    return [_chat_part(part) for part in parts]


def attachments(content: str | Sequence[Part]) -> list[JsonObject]:
    """Return the images, files and sounds in content that chat completions know, as parts of a user message."""
    parts = [] if isinstance(content, str) else chat_parts(content)
    return [part for part in parts if part["type"] != "text"]


def text_only(content: str | Sequence[Part]) -> str:
    """Return the content for a role that may only hold text; other parts leave a labelled trace."""
    return content if isinstance(content, str) else "\n".join(_text(part) for part in content)


def labelled(label: str, text: str) -> str:
    """Return `text` under a line that says what it is."""
    return f"[{label}]\n{text}"


def _chat_part(part: Part) -> JsonObject:
    match part:
        case InputImage(image_url=str(url)):
            # `original` is the Responses API's alone.
            detail = {"original": "high"}.get(part.detail or "", part.detail)
            return {"type": "image_url", "image_url": _given(url=url, detail=detail)}
        case InputFile() if part.file_data or part.file_id:
            file = _given(file_data=part.file_data, file_id=part.file_id, filename=part.filename)
            return {"type": "file", "file": file}
        case InputAudio():
            return {"type": "input_audio", "input_audio": part.input_audio}
        case _:
            return {"type": "text", "text": _text(part)}


def _text(part: Part) -> str:
    match part:
        case InputText() | OutputText() | SummaryText() | ReasoningText():
            return part.text
        case Refusal():
            return part.refusal
        case InputImage():
            return _trace("image", [part.file_id])
        case InputFile():
            return _trace("file", [part.filename, part.file_url, part.file_id])
        case InputAudio():
            return _trace("audio", [])
        case _:
            return labelled(part.type, readable_json(part.to_json()))


def _trace(kind: str, names: Iterable[str | None]) -> str:
    return f"[{' '.join([kind, *(name for name in names if name)])}]"


def _given(**fields: str | None) -> JsonObject:
    return {name: value for name, value in fields.items() if value is not None}
