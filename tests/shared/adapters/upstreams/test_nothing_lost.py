"""Whatever a client sends as an item reaches the provider: each member holds a word that must arrive."""

import json
from typing import Any

import pytest

from api.intake import stored_form
from api.validation.parsing import parse_create
from shared.adapters.upstreams.chat.tools import ToolTable, offered_tools
from shared.adapters.upstreams.chat.upstream import chat_request
from shared.adapters.upstreams.responses.upstream import responses_request
from shared.prompt import Prompt
from shared.wire.items import INPUT_ITEM_TYPES

# Types with a shape of their own, below, and those that ask for something or are replaced before.
SHAPED = {
    "additional_tools", "compaction", "compaction_trigger", "configuration_update", "custom_tool_call", "custom_tool_call_output",
    "function_call", "function_call_output", "item_reference", "message", "reasoning", "tool_search_output",
}  # fmt: skip

PARTS: list[dict[str, Any]] = [
    {"type": "input_text", "text": "CANARY"},
    {"type": "input_image", "image_url": "data:image/png;base64,CANARY"},
    {"type": "input_image", "image_url": "https://x.example/CANARY"},
    {"type": "input_image", "file_id": "CANARY"},
    {"type": "input_file", "file_data": "data:application/pdf;base64,CANARY", "filename": "CANARY"},
    {"type": "input_file", "file_id": "CANARY", "filename": "CANARY"},
    {"type": "input_file", "file_url": "https://x.example/CANARY", "filename": "CANARY"},
    {"type": "input_audio", "input_audio": {"data": "CANARY", "format": "mp3"}},
    {"type": "output_text", "text": "CANARY"},
    {"type": "refusal", "refusal": "CANARY"},
    {"type": "computer_screenshot", "image_url": "https://x.example/CANARY", "file_id": "CANARY"},
    {"type": "summary_text", "text": "CANARY"},
    {"type": "encrypted_content", "encrypted_content": "CANARY"},
]
TOOL = {"type": "function", "name": "CANARY", "description": "CANARY", "parameters": {"title": "CANARY"}}
CALL = {"type": "function_call", "call_id": "CANARY", "name": "CANARY", "arguments": '{"a": "CANARY"}'}
CUSTOM = {"type": "custom_tool_call", "call_id": "c", "name": "CANARY", "input": "CANARY"}

CASES: dict[str, list[dict[str, Any]]] = {
    "user": [{"role": "user", "content": PARTS[:8]}],
    "system": [{"role": "system", "content": PARTS[:8]}],
    "developer": [{"role": "developer", "content": PARTS[:8]}],
    "assistant": [{"role": "assistant", "content": PARTS[8:10], "phase": "commentary"}],
    "call": [CALL | {"namespace": "CANARY"}],
    "output": [CUSTOM, {"type": "custom_tool_call_output", "call_id": "c", "output": PARTS}],
    "output without a call": [{"type": "function_call_output", "call_id": "CANARY", "output": PARTS}],
    "tools brought along": [{"type": "additional_tools", "role": "developer", "tools": [TOOL]}],
    "tools found": [{"type": "tool_search_output", "call_id": "s", "tools": [TOOL]}],
    **{
        kind: [{"type": kind, "id": "x", "y": {"z": ["CANARY"]}}]
        for kind in sorted(INPUT_ITEM_TYPES - SHAPED)
    },
}


def numbered(items: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], set[str]]:
    """Return the items with a word of its own in each place, and these words."""
    start, *rest = json.dumps(items).split("CANARY")
    words = [f"canary{number:03}" for number in range(len(rest))]
    return json.loads(start + "".join(word + text for word, text in zip(words, rest, strict=True))), set(
        words
    )


@pytest.mark.parametrize("items", CASES.values(), ids=CASES.keys())
def test_every_word_of_an_item_reaches_the_provider(items: list[dict[str, Any]]) -> None:
    sent, words = numbered(items)
    request = parse_create({"model": "m", "input": sent})
    prompt = Prompt("m", stored_form(request.input_items))

    chat = json.dumps(chat_request(prompt, ToolTable(offered_tools(prompt))))
    responses = json.dumps(responses_request(prompt))

    assert {word for word in words if word not in chat} == set()
    assert {word for word in words if word not in responses} == set()
