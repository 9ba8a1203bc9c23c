"""What is kept word for word has at most so many bytes of media, the newest."""

import pytest

from shared.window.media import with_less_media
from shared.window.payload import VERSION, Payload
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from tests.strategies import sized
from tests.talk import user

URL = "data:image/png;base64," + "A" * 78


def image(url: str = URL) -> JsonObject:
    return {"type": "input_image", "image_url": url}


def message(*parts: JsonObject) -> JsonObject:
    return {"type": "message", "role": "user", "content": list(parts)}


def payload(*documents: JsonObject) -> Payload:
    kept = [sized(item) for item in parse_items(list(documents))]
    tokens = 7 + sum(entry.tokens for entry in kept)
    return Payload(
        version=VERSION, id="cmp_1", origin="automatic", kept=kept, record="x", ledger={}, tokens=tokens
    )


def contents(of: Payload) -> list[JsonObject]:
    return [part for entry in of.kept for part in entry.item.to_json().get("content", [])]


TEXT = {"type": "input_text", "text": "Look."}
SOUND = {"type": "input_audio", "input_audio": {"data": "A" * 100, "format": "mp3"}}
REPORT = {"type": "input_file", "filename": "r.pdf", "file_data": "A" * 100}


def test_the_oldest_media_give_way_to_a_text_that_names_them() -> None:
    whole = payload(message(TEXT, image()), message(REPORT, SOUND), user("And now?"), message(image()))

    lighter = with_less_media(whole, 200)

    assert contents(lighter) == [
        TEXT,
        {"type": "input_text", "text": "[image of 100 bytes: left out by compaction]"},
        {"type": "input_text", "text": "[file r.pdf of 100 bytes: left out by compaction]"},
        SOUND,
        *contents(payload(user("And now?"))),
        image(),
    ]
    assert lighter.tokens == 7 + sum(entry.tokens for entry in lighter.kept) < whole.tokens


def test_a_tools_image_gives_way_too() -> None:
    output = {"type": "function_call_output", "call_id": "a", "output": [image()]}

    [entry] = with_less_media(payload(output), 0).kept

    assert "image of 100 bytes" in str(entry.item.to_json()["output"])


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (
            {"type": "computer_call_output", "output": {"type": "computer_screenshot", "image_url": URL * 9}},
            "output",
        ),
        ({"type": "image_generation_call", "id": "ig_1", "result": "A" * 900}, "result"),
    ],
    ids=["a screenshot", "a generated image"],
)
def test_an_image_where_only_an_image_may_stand_becomes_a_blank_one(document: JsonObject, field: str) -> None:
    whole = payload(document, message(image()))

    lighter = with_less_media(whole, 800)

    blank, other = (entry.item.to_json() for entry in lighter.kept)
    assert other == message(image())
    assert blank.keys() == document.keys()
    assert 0 < len(str(blank[field])) < 250 < len(str(document[field]))
    assert lighter.tokens == 7 + sum(entry.tokens for entry in lighter.kept) < whole.tokens
    assert with_less_media(lighter, 800) is lighter
    assert with_less_media(whole, 1100) is whole


def test_an_image_in_a_part_of_an_unknown_type_gives_way_to_a_text() -> None:
    screenshot = {"type": "computer_screenshot", "image_url": URL}

    [entry] = with_less_media(payload(message(screenshot, TEXT)), 0).kept

    marker = {"type": "input_text", "text": "[computer_screenshot of 100 bytes: left out by compaction]"}
    assert contents(payload(entry.item.to_json())) == [marker, TEXT]


@pytest.mark.parametrize(
    ("document", "max_bytes"),
    [
        (message(image(), TEXT), 100),
        (message(image("https://example.org/" + "a" * 200)), 0),
        (message({"type": "input_image", "file_id": "file_1"}), 0),
        (user("A" * 500), 0),
    ],
    ids=["what fits", "a URL", "an id", "text"],
)
def test_the_rest_stays_as_it_is(document: JsonObject, max_bytes: int) -> None:
    whole = payload(document)

    assert with_less_media(whole, max_bytes) is whole
