"""An image counts by the published rules for its size, and for the largest where the size is unknown."""

import struct
from base64 import b64encode

import pytest

from shared.window.images import (
    MAX_ORIGINAL_PATCHES,
    MAX_PATCHES,
    Detail,
    count_image,
    images_of,
    with_images,
)


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x02\x00\x00\x00"
    return "data:image/png;base64," + b64encode(head).decode()


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        (1, 1, 255),
        (512, 512, 256),
        (513, 512, 425),
        (1024, 1024, 1024),
        (2048, 768, 1536),
        (768, 2048, 1536),
        (4096, 4096, 1536),
        (3000, 100, 765),
        (10_000, 1, 765),
    ],
    ids=["dot", "one tile", "two tiles", "square", "wide", "tall", "huge", "strip", "line"],
)
def test_a_png_counts_the_larger_of_tiles_and_patches(width: int, height: int, tokens: int) -> None:
    assert count_image(png(width, height), "high") == tokens


def test_low_detail_always_counts_the_same() -> None:
    assert count_image(png(4096, 4096), "low") == count_image(None, "low") == 85


@pytest.mark.parametrize("detail", [None, "auto"])
def test_no_detail_counts_as_high(detail: Detail | None) -> None:
    assert count_image(png(1280, 800), detail) == count_image(png(1280, 800), "high")


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://example.com/a.png",
        "data:image/jpeg;base64,/9j/4AAQ",
        "data:image/png;base64,",
        "data:image/png;base64,not base64!",
        "data:image/png;base64,é",
        "data:image/png;base64," + "A" * 100,
        png(0, 5),
    ],
    ids=["file id", "empty", "link", "jpeg", "no bytes", "junk", "not ASCII", "not a PNG", "no width"],
)
def test_an_image_of_unknown_size_counts_as_the_largest(url: str | None) -> None:
    assert count_image(url, "high") == MAX_PATCHES
    assert count_image(url, "original") == MAX_ORIGINAL_PATCHES


def test_the_original_detail_counts_every_patch_up_to_a_limit() -> None:
    assert count_image(png(3840, 2160), "original") == 120 * 68
    assert count_image(png(2**32 - 1, 2**32 - 1), "original") == MAX_ORIGINAL_PATCHES


def test_a_generated_image_may_stand_beside_others() -> None:
    item = {"type": "image_generation_call", "result": "AAAA", "seen": [png(1, 1), "data"]}

    assert images_of(item) == ["data:image/png;base64,AAAA", png(1, 1)]
    assert with_images(item, lambda _url: png(2, 2)) == item | {
        "result": png(2, 2).removeprefix("data:image/png;base64,"),
        "seen": [png(2, 2), "data"],
    }
