"""Estimates of tokens err upwards, and what is not text counts by rule and not by its base64."""

from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.tiktoken import TiktokenCounter
from shared.window.counting import (
    CALL_TOKENS,
    DEFINITION_TOKENS,
    ITEM_TOKENS,
    REPLY_TOKENS,
    TOOLS_TOKENS,
    count_by_rule,
    count_guessed,
    count_item,
    count_overhead,
)
from shared.window.documents import MOST_PAGES, PAGE_TOKENS, UNKNOWN_MEDIA_TOKENS
from shared.window.images import MAX_PATCHES
from shared.wire.items import parse_item
from shared.wire.model import JsonObject
from shared.wire.text import text_of

TOKENS = TiktokenCounter().count
LINK = "https://example.com/a"
SCREENSHOT = "data:image/jpeg;base64," + "A" * 1_000_000


def words(text: str) -> int:
    return len(text.split())


def user(*parts: JsonObject) -> JsonObject:
    return {"role": "user", "content": list(parts)}


@pytest.mark.parametrize(
    ("item", "tokens"),
    [
        ({"role": "user", "content": "one two three"}, ITEM_TOKENS + 3),
        (
            user({"type": "input_text", "text": "one two"}, {"type": "input_text", "text": "three"}),
            ITEM_TOKENS + 5,
        ),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "no no"}]}, ITEM_TOKENS + 3),
        (user({"type": "input_image", "image_url": LINK, "detail": "low"}), ITEM_TOKENS + 1 + 85),
        (user({"type": "input_image", "image_url": SCREENSHOT}), ITEM_TOKENS + 1 + MAX_PATCHES),
        (user({"type": "input_file", "file_id": "file_1"}), ITEM_TOKENS + 1 + UNKNOWN_MEDIA_TOKENS),
        (
            user({"type": "input_file", "file_data": "YWJj" * 1000, "filename": "my report"}),
            ITEM_TOKENS + 1 + 2 + 1000,
        ),
        (
            user({"type": "input_audio", "input_audio": {"data": "A" * 26_600, "format": "mp3"}}),
            ITEM_TOKENS + 101,
        ),
        (
            user({"type": "input_audio", "input_audio": {"data": "A" * 106_600, "format": "wav"}}),
            ITEM_TOKENS + 101,
        ),
        (user({"type": "input_audio", "input_audio": {}}), ITEM_TOKENS + 1 + UNKNOWN_MEDIA_TOKENS),
        (
            {
                "type": "function_call",
                "call_id": "c",
                "name": "find",
                "arguments": '{"a": 1}',
                "namespace": "n",
            },
            ITEM_TOKENS + CALL_TOKENS + 4,
        ),
        (
            {"type": "custom_tool_call", "call_id": "c", "name": "run", "input": "ls -l"},
            ITEM_TOKENS + CALL_TOKENS + 3,
        ),
        ({"type": "function_call_output", "call_id": "c", "output": "a b c"}, ITEM_TOKENS + CALL_TOKENS + 3),
        (
            {
                "type": "custom_tool_call_output",
                "call_id": "c",
                "output": [{"type": "input_image", "image_url": SCREENSHOT}],
            },
            ITEM_TOKENS + CALL_TOKENS + 1 + MAX_PATCHES,
        ),
        (
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "a b"}],
                "content": [{"type": "reasoning_text", "text": "c d e"}],
            },
            ITEM_TOKENS + 3 + 4,
        ),
        ({"type": "reasoning", "summary": [], "encrypted_content": "A" * 4000}, ITEM_TOKENS + 1000),
        ({"type": "compaction", "encrypted_content": "A" * 4000}, 0),
        ({"type": "compaction_trigger"}, 0),
        ({"type": "item_reference", "id": "msg_1"}, 0),
    ],
    ids=[
        "text",
        "parts",
        "refusal",
        "image in low detail",
        "image of unknown size",
        "named file",
        "file",
        "mp3",
        "wav",
        "named audio",
        "function call",
        "custom tool call",
        "output",
        "image as output",
        "reasoning in the open",
        "sealed reasoning",
        "compaction",
        "trigger",
        "reference",
    ],
)
def test_every_kind_of_item_counts_by_its_rule(item: JsonObject, tokens: int) -> None:
    assert count_item(parse_item(item), words) == tokens


def encoded(file: bytes, mime: str = "") -> str:
    return (f"data:{mime};base64," if mime else "") + b64encode(file).decode()


PDF = b"%PDF-1.7\n" + b"1 0 obj\n" * 5_000
TEXT = "Grüße 数据库 ".encode() * 5_000


@pytest.mark.parametrize(
    ("file", "tokens", "is_guessed"),
    [
        pytest.param(encoded(TEXT), len(TEXT) / 3, False, id="text"),
        pytest.param(encoded(TEXT, "text/csv"), len(TEXT) / 3, False, id="text in a data URL"),
        pytest.param("no base64 at all!", 5, False, id="not encoded"),
        pytest.param(encoded(PDF), PAGE_TOKENS, True, id="PDF of a page"),
        pytest.param(encoded(PDF * 6, "application/pdf"), 5 * PAGE_TOKENS, True, id="PDF in a data URL"),
        pytest.param(encoded(PDF * 100), MOST_PAGES * PAGE_TOKENS, True, id="long PDF"),
        pytest.param(encoded(b"PK\3\4\x14\0\6\0" * 10), PAGE_TOKENS, True, id="office document"),
        pytest.param(encoded(b"\xff\xd8\xff\xe0JFIF"), PAGE_TOKENS, True, id="picture"),
        pytest.param(None, UNKNOWN_MEDIA_TOKENS, True, id="named only"),
    ],
)
def test_a_file_counts_by_its_text_or_by_its_likely_pages(
    file: str | None, tokens: float, is_guessed: bool
) -> None:
    item = parse_item(user({"type": "input_file", "file_data": file}))

    assert count_item(item, words) == pytest.approx(ITEM_TOKENS + 1 + tokens, abs=1)
    assert count_guessed(item) == pytest.approx(tokens if is_guessed else 0, abs=1)


@pytest.mark.parametrize(
    ("part", "is_guessed"),
    [
        ({"type": "input_image", "image_url": LINK}, True),
        ({"type": "input_image", "image_url": LINK, "detail": "low"}, False),
        ({"type": "input_audio", "input_audio": {}}, True),
        ({"type": "input_audio", "input_audio": {"data": "A" * 266, "format": "mp3"}}, False),
        ({"type": "input_text", "text": "one two three"}, False),
        ({"type": "computer_screenshot", "image_url": "data:image/jpeg;base64,AAAA"}, True),
    ],
    ids=["image", "image in low detail", "named audio", "audio", "text", "another part"],
)
def test_what_only_the_provider_can_size_is_a_guess(part: JsonObject, is_guessed: bool) -> None:
    output = {"type": "function_call_output", "call_id": "c", "output": [part]}

    for item in map(parse_item, (user(part), output)):
        assert (count_guessed(item) > 0) is is_guessed


def test_what_is_guessed_of_another_item_is_among_what_is_counted_by_rule() -> None:
    item = parse_item({"type": "image_generation_call", "id": "ig_1", "result": "AAAA"})

    assert 0 < count_guessed(item) == count_by_rule(item) < count_item(item, words)


def test_an_item_of_another_type_counts_as_its_json() -> None:
    item = parse_item({"type": "shell_call", "call_id": "c", "action": {"commands": ["ls -l"]}})

    assert count_item(item, TOKENS) > TOKENS('"commands":["ls -l"]')


@pytest.mark.parametrize(
    "item",
    [
        {"type": "computer_call_output", "call_id": "c", "output": {"type": "x", "image_url": SCREENSHOT}},
        {"type": "image_generation_call", "id": "ig_1", "result": "A" * 1_000_000},
        {"type": "code_interpreter_call", "outputs": [{"type": "image", "url": SCREENSHOT}]},
        user({"type": "computer_screenshot", "image_url": SCREENSHOT}),
    ],
    ids=["screenshot", "generated image", "plot", "unmodelled part"],
)
def test_an_image_in_any_item_counts_as_an_image(item: JsonObject) -> None:
    assert MAX_PATCHES < count_item(parse_item(item), TOKENS) < MAX_PATCHES + 100


def test_an_image_that_was_not_made_counts_nothing() -> None:
    assert count_item(parse_item({"type": "image_generation_call", "result": None}), TOKENS) < 30


def test_fields_that_nobody_knows_count_too() -> None:
    known = {"role": "user", "content": "hi"}

    assert (
        count_item(parse_item(known | {"note": "a b c"}), words) >= count_item(parse_item(known), words) + 3
    )


ITEMS = st.one_of(
    st.builds(lambda text: {"role": "user", "content": text}, st.text()),
    st.builds(
        lambda texts: user(*({"type": "input_text", "text": text} for text in texts)),
        st.lists(st.text(), max_size=4),
    ),
    st.builds(
        lambda name, text: {"type": "function_call", "call_id": "c", "name": name, "arguments": text},
        st.text(),
        st.text(),
    ),
    st.builds(lambda text: {"type": "function_call_output", "call_id": "c", "output": text}, st.text()),
)


@settings(deadline=None)
@given(ITEMS)
def test_an_item_never_counts_less_than_its_text(item: JsonObject) -> None:
    parsed = parse_item(item)

    assert count_item(parsed, TOKENS) >= TOKENS(text_of(parsed)) + ITEM_TOKENS


TOOL = {"type": "function", "name": "find", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    ("instructions", "tools", "text_format", "tokens"),
    [
        (None, [], None, REPLY_TOKENS),
        ("", [], {"type": "text"}, REPLY_TOKENS),
        ("be brief", [], None, REPLY_TOKENS + ITEM_TOKENS + 2),
        (None, [TOOL], None, REPLY_TOKENS + TOOLS_TOKENS + DEFINITION_TOKENS + 7),
        (None, [TOOL, TOOL], None, REPLY_TOKENS + TOOLS_TOKENS + 2 * DEFINITION_TOKENS + 14),
        (None, [], {"type": "json_schema", "name": "x"}, REPLY_TOKENS + DEFINITION_TOKENS + 4),
    ],
    ids=["nothing", "plain text", "instructions", "a tool", "two tools", "a schema"],
)
def test_what_surrounds_the_items_counts(
    instructions: str | None, tools: list[JsonObject], text_format: JsonObject | None, tokens: int
) -> None:
    counted = count_overhead(instructions=instructions, tools=tools, text_format=text_format, count=words)

    assert counted == tokens
