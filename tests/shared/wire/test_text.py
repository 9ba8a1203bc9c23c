"""The words of an item, whatever shape a client gave it."""

import pytest

from shared.wire.items import parse_item
from shared.wire.model import JsonObject
from shared.wire.text import readable_json, text_of

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
