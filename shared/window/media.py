"""Media in what is kept word for word: images, files and sound of few tokens and many bytes."""

from collections.abc import Sequence

from shared.window.counting import count_by_rule
from shared.window.images import images_of, with_images
from shared.window.payload import Payload, SizedItem
from shared.wire.items import (
    CustomToolCallOutput,
    FunctionCallOutput,
    InputAudio,
    InputFile,
    InputImage,
    InputText,
    Item,
    Message,
    OtherItem,
    OtherPart,
    Part,
    parse_item,
)
from shared.wire.model import JsonObject

# A client sends an item back with each request, beside what is new: well below the 16 MiB that a request may have.
MOST_MEDIA_BYTES = 6 * 1024 * 1024

# One transparent pixel, where only an image may stand.
_BLANK = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def with_less_media(payload: Payload, max_bytes: int = MOST_MEDIA_BYTES) -> Payload:
    """Return the payload with the newest media of its kept messages and outputs, `max_bytes` of them at most.

    In the place of each other one stands a text that says what was there, or one blank pixel in an item that has no
    place for texts. What is only named, by a URL or an id, has no bytes. The payload itself is returned where all
    of it fits.
    """
    left, kept = max_bytes, list[SizedItem]()
    for entry in reversed(payload.kept):
        lighter, used = _lightened(entry, left)
        left -= used
        kept.append(lighter)
    if all(lighter is entry for lighter, entry in zip(reversed(kept), payload.kept, strict=True)):
        return payload
    saved = sum(entry.tokens for entry in payload.kept) - sum(entry.tokens for entry in kept)
    return payload.model_copy(update={"kept": kept[::-1], "tokens": payload.tokens - saved})


def _lightened(entry: SizedItem, max_bytes: int) -> tuple[SizedItem, int]:
    """Return the entry with its last media, as far as they fit, and the bytes of those."""
    if isinstance(entry.item, OtherItem):
        return _blanked(entry, max_bytes)
    parts = _parts_of(entry.item)
    used, told = 0, dict[int, InputText]()
    for place in range(len(parts) - 1, -1, -1):
        size = _bytes_of(parts[place])
        if used + size <= max_bytes:
            used += size
        else:
            told[place] = InputText(text=_marker(parts[place], size))
    if not told:
        return entry, used
    lighter = _with_parts(entry.item, [told.get(place, part) for place, part in enumerate(parts)])
    # Nothing is counted here: texts are estimated upwards.
    return _resized(entry, lighter, sum(len(text.text) // 2 for text in told.values())), used


def _blanked(entry: SizedItem, max_bytes: int) -> tuple[SizedItem, int]:
    """Return the entry, with blank images where its own do not fit all together, and the bytes of its images."""
    document = entry.item.to_json()
    size = _bytes_in(document)
    if size <= max_bytes:
        return entry, size
    blanks = with_images(document, lambda url: _BLANK if len(url) > len(_BLANK) else url)
    return _resized(entry, parse_item(blanks), 0), 0


def _resized(entry: SizedItem, lighter: Item, more: int) -> SizedItem:
    tokens = entry.tokens - count_by_rule(entry.item) + count_by_rule(lighter) + more
    return entry.model_copy(update={"item": lighter, "tokens": max(tokens, 0)})


def _parts_of(item: Item) -> Sequence[Part]:
    match item:
        case Message():
            return item.content if not isinstance(item.content, str) else []
        case FunctionCallOutput() | CustomToolCallOutput():
            return item.output if not isinstance(item.output, str) else []
        case _:
            return []


def _with_parts(item: Item, parts: list[Part]) -> Item:
    return item.changed(content=parts) if isinstance(item, Message) else item.changed(output=parts)


def _bytes_of(part: Part) -> int:
    match part:
        case InputImage():
            return _in_line(part.image_url)
        case InputFile():
            return len(part.file_data or "") + _in_line(part.file_url)
        case InputAudio():
            clip = part.input_audio.get("data")
            return len(clip) if isinstance(clip, str) else 0
        case OtherPart():
            return _bytes_in(part.to_json())
        case _:
            return 0


def _bytes_in(document: JsonObject) -> int:
    return sum(len(url) for url in images_of(document))


def _in_line(url: str | None) -> int:
    return len(url) if url is not None and url.startswith("data:") else 0


def _marker(part: Part, size: int) -> str:
    name = f" {part.filename}" if isinstance(part, InputFile) and part.filename else ""
    kind = part.type.removeprefix("input_")
    return f"[{kind}{name} of {size} bytes: left out by compaction]"
