"""The words of an item, whatever shape a client gave it."""

import pytest

from shared.wire.items import parse_item
from shared.wire.model import JsonObject
from shared.wire.text import readable_json, readable_text, text_of

PARTS = [
    {"type": "output_text", "text": "one", "annotations": []},
    {"type": "input_image", "image_url": "https://example.org/x.png"},
    {"type": "refusal", "refusal": "two"},
    {"type": "of_tomorrow", "text": "unread"},
]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param({"role": "user", "content": "Grüße"}, "Grüße", id="message"),
        pytest.param({"role": "assistant", "content": PARTS}, "one\ntwo", id="parts"),
        pytest.param({"role": "user", "content": []}, "", id="no parts"),
        pytest.param(
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}, "{}", id="call"
        ),
        pytest.param(
            {"type": "custom_tool_call", "call_id": "a", "name": "f", "input": "x"}, "x", id="custom call"
        ),
        pytest.param({"type": "function_call_output", "call_id": "a", "output": "ok"}, "ok", id="output"),
        pytest.param(
            {"type": "custom_tool_call_output", "call_id": "a", "output": PARTS[:1]},
            "one",
            id="custom output",
        ),
        pytest.param(
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "in short"}],
                "content": [{"type": "reasoning_text", "text": "at length"}],
            },
            "in short\nat length",
            id="reasoning",
        ),
        pytest.param({"type": "web_search_call", "status": "completed"}, "", id="another provider's own"),
        pytest.param({"type": "compaction", "encrypted_content": "gAAA"}, "", id="sealed"),
    ],
)
def test_the_words_are_what_was_said_called_returned_or_thought(document: JsonObject, words: str) -> None:
    assert text_of(parse_item(document)) == words


def test_json_can_be_read_without_its_encoded_bytes() -> None:
    value = {"log": "so it was " * 900, "shot": {"png": ["A" * 5_000, "é"]}, "size": 3}

    told = readable_json(value)

    assert (
        told
        == '{"log": "'
        + "so it was " * 900
        + '", "shot": {"png": ["[5000 characters left out]", "é"]}, "size": 3}'
    )


SECRET = "data:image/png;base64," + "iVBOR" * 100


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ({"type": "input_image", "image_url": "https://x.example/a.png"}, "[image: https://x.example/a.png]"),
        ({"type": "input_image", "file_id": "file-1"}, "[image: file-1]"),
        ({"type": "input_image", "image_url": SECRET}, "[image]"),
        (
            {"type": "input_file", "filename": "contract_v7.pdf", "file_id": "file-2"},
            "[file: contract_v7.pdf, file-2]",
        ),
        ({"type": "input_file", "filename": "a\nb.pdf", "file_data": "A" * 99}, "[file: a b.pdf]"),
        ({"type": "input_file", "file_url": "https://x.example/b.pdf"}, "[file: https://x.example/b.pdf]"),
        ({"type": "input_file", "filename": "A" * 9_000}, "[file]"),
        ({"type": "input_audio", "input_audio": {"data": "A" * 99, "format": "mp3"}}, "[audio]"),
        (
            {"type": "computer_screenshot", "image_url": "DATA:image/png;base64,A", "file_id": "file-3"},
            "[computer_screenshot: file-3]",
        ),
        ({"type": "of_tomorrow", "file_id": 7}, "[of_tomorrow]"),
    ],
    ids=str,
)
def test_what_is_no_text_is_shown_by_its_name_and_never_by_its_bytes(part: JsonObject, shown: str) -> None:
    document = {"role": "user", "content": [{"type": "input_text", "text": "See:"}, part]}
    output = {"type": "function_call_output", "call_id": "c", "output": [part]}

    assert readable_text(parse_item(document)) == f"See:\n{shown}"
    assert readable_text(parse_item(output)) == shown


def test_what_is_text_is_shown_as_it_is() -> None:
    empty = {"type": "input_text", "text": ""}
    for content in ("Hi", PARTS[::2], [empty]):
        item = parse_item({"role": "user", "content": content})
        assert readable_text(item) == text_of(item)
