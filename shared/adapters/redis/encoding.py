"""How values become the bytes of a record's fields, and back."""

import json
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from shared.compression import compress, decompress
from shared.window.payload import SizedItem
from shared.wire.items import parse_items

Fields = Mapping[bytes, bytes]

# More than any stored body can be: the request's limit, and room for what was added to it.
MAX_BODY_BYTES = 256 * 1024 * 1024


def encode_json(value: Any) -> bytes:
    """Return a JSON value as bytes, compressed when that pays."""
    return compress(
        json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    )


def decode_json(blob: bytes) -> Any:
    """Return the JSON value behind `encode_json`."""
    return json.loads(decompress(blob, max_bytes=MAX_BODY_BYTES).decode("utf-8", "surrogatepass"))


def encode_items(items: Sequence[SizedItem]) -> bytes:
    """Return items with their sizes as bytes: two lists, so that items parse in one go."""
    value: dict[str, Any] = {
        "items": [entry.item.to_json() for entry in items],
        "tokens": [entry.tokens for entry in items],
    }
    if any(entry.pins for entry in items):
        value["pins"] = [entry.pins for entry in items]
    return encode_json(value)


def decode_items(blob: bytes | None) -> list[SizedItem]:
    """Return the items behind `encode_items`; none for a field that is not there."""
    if blob is None:
        return []
    value = decode_json(blob)
    pins = value.get("pins") or [()] * len(value["tokens"])
    return [
        SizedItem(item=item, tokens=tokens, pins=pinned)
        for item, tokens, pinned in zip(parse_items(value["items"]), value["tokens"], pins, strict=True)
    ]


def encode_item(item: SizedItem) -> bytes:
    """Return one item with its size as bytes, for `decode_each`."""
    value: dict[str, Any] = {"item": item.item.to_json(), "tokens": item.tokens}
    return encode_json(value | {"pins": item.pins} if item.pins else value)


def decode_each(blobs: Sequence[bytes]) -> list[SizedItem]:
    """Return the items behind many an `encode_item`: all parse in one go."""
    values = [decode_json(blob) for blob in blobs]
    items = parse_items([value["item"] for value in values])
    return [
        SizedItem(item=item, tokens=value["tokens"], pins=value.get("pins", ()))
        for item, value in zip(items, values, strict=True)
    ]


def text(fields: Fields, name: str, default: str = "") -> str:
    """Return a field as text."""
    return fields.get(name.encode(), default.encode()).decode()


def integer(fields: Fields, name: str) -> int:
    """Return a field as a whole number; 0 when it is not there."""
    return int(fields.get(name.encode(), b"0"))


def present(names: Sequence[str], values: Sequence[bytes | None]) -> Fields:
    """Return the fields that are there, by name, of what HMGET answered."""
    return {name.encode(): value for name, value in zip(names, values, strict=True) if value is not None}


async def answer(value: Awaitable[Any] | Any) -> Any:
    """Await a command's answer: redis-py types one as either a value or an awaitable of it."""
    return await value


async def ids_of(value: Awaitable[Any] | Any) -> list[str]:
    """Await a command that answers ids, and return them as text."""
    return [member.decode() for member in await value]
