"""Tokens of an image, by OpenAI's two published rules, from its size where a data URL shows it.

Tiles: fit into 2,048 x 2,048 pixels, shrink the short side to 768, then 170 tokens for each square of 512
pixels and 85 for the whole. Patches: one token for each square of 32 pixels, at most 1,536. Models differ
in which one they follow, so the larger counts.
"""

import struct
from base64 import b64decode
from collections.abc import Callable
from math import ceil
from typing import Any, Literal, TypeAlias

Detail: TypeAlias = Literal["low", "high", "auto", "original"]

LOW_DETAIL_TOKENS = 85
MAX_PATCHES = 1536

# In its original detail an image of unknown size counts as a little more than a 4K screen (120 x 68
# patches), and none counts as more: a file's header can claim any size.
MAX_ORIGINAL_PATCHES = 10_000

_IMAGE_PREFIX = "data:image/"
_PNG_PREFIX = "data:image/png;base64,"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def count_image(url: str | None, detail: Detail | None) -> int:
    """Return the tokens of the image at `url`; `auto` and None count as `high`.

    The size is read from a PNG data URL. Any other image counts as the largest that its detail allows.
    """
    if detail == "low":
        return LOW_DETAIL_TOKENS
    most = MAX_ORIGINAL_PATCHES if detail == "original" else MAX_PATCHES
    size = _png_size(url or "")
    if size is None:
        return most
    patches = ceil(size[0] / 32) * ceil(size[1] / 32)
    return max(_tile_tokens(*size), min(patches, most))


def is_image_guessed(url: str | None, detail: Detail | None) -> bool:
    """Return whether nothing here shows the image's size: it counts as the largest."""
    return detail != "low" and _png_size(url or "") is None


def images_of(value: Any) -> list[str]:
    """Return the images that a JSON value holds, as data URLs, in order."""
    images = list[str]()

    def put(url: str) -> str:
        images.append(url)
        return url

    with_images(value, put)
    return images


def with_images(value: Any, put: Callable[[str], str]) -> Any:
    """Return a JSON value with `put` of each of its images, which it is given as a data URL, in the image's place."""
    if isinstance(value, str):
        return put(value) if value.startswith(_IMAGE_PREFIX) else value
    if isinstance(value, list):
        return [with_images(entry, put) for entry in value]
    if not isinstance(value, dict):
        return value
    if _is_bare(value):
        named = with_images(value | {"result": _PNG_PREFIX + value["result"]}, put)
        return named | {"result": named["result"].removeprefix(_PNG_PREFIX)}
    return {name: with_images(entry, put) for name, entry in value.items()}


def _is_bare(fields: dict[str, Any]) -> bool:
    """Whether it is the one thing in which OpenAI writes an image as base64 and no URL."""
    result = fields.get("result")
    return (
        fields.get("type") == "image_generation_call"
        and isinstance(result, str)
        and not result.startswith(_IMAGE_PREFIX)
    )


def _png_size(url: str) -> tuple[int, int] | None:
    """Return width and height in pixels from the first 24 bytes of the file, or None."""
    if not url.startswith(_PNG_PREFIX):
        return None
    try:
        head = b64decode(url[len(_PNG_PREFIX) :][:32], validate=True)
    except ValueError:
        return None
    if len(head) < 24 or not head.startswith(_PNG_SIGNATURE):
        return None
    width, height = struct.unpack(">II", head[16:24])
    return (width, height) if width and height else None


def _tile_tokens(width: int, height: int) -> int:
    shrink = min(1.0, 2048 / max(width, height), 768 / min(width, height))
    tiles = ceil(width * shrink / 512) * ceil(height * shrink / 512)
    return LOW_DETAIL_TOKENS + 170 * tiles
