"""The Response object shows every field, and adds up what a turn cost."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response as TheirResponse

from shared.wire.items import parse_items
from shared.wire.responses import (
    ConversationReference,
    InputTokensDetails,
    OutputTokensDetails,
    Response,
    ResponseStatus,
    Usage,
)

# Contract §4.1, without what only OpenAI's own service has.
ALWAYS = {
    "id", "object", "created_at", "status", "background", "completed_at", "error", "frequency_penalty",
    "incomplete_details", "instructions", "max_output_tokens", "max_tool_calls", "model", "output",
    "parallel_tool_calls", "presence_penalty", "previous_response_id", "prompt_cache_key",
    "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store", "temperature", "text",
    "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "usage", "user", "metadata", "conversation",
}  # fmt: skip
TOKENS = st.integers(0, 10**9)
USAGES = st.builds(
    Usage,
    input_tokens=TOKENS,
    input_tokens_details=st.builds(InputTokensDetails, cached_tokens=TOKENS, cache_write_tokens=TOKENS),
    output_tokens=TOKENS,
    output_tokens_details=st.builds(OutputTokensDetails, reasoning_tokens=TOKENS),
    total_tokens=TOKENS,
)


def a_response(status: ResponseStatus = "completed") -> Response:
    return Response(id="resp_1", created_at=1, status=status, model="m")


def test_every_field_is_on_the_wire_with_its_default() -> None:
    document = a_response().to_json()

    assert set(document) == ALWAYS
    assert document["reasoning"] == {"effort": None, "summary": None}
    assert document["text"] == {"format": {"type": "text"}, "verbosity": "medium"}
    assert (document["temperature"], document["top_p"], document["frequency_penalty"]) == (1.0, 1.0, 0.0)
    assert (document["tools"], document["metadata"], document["usage"]) == ([], {}, None)


def test_items_keep_exactly_the_fields_that_they_came_with() -> None:
    items = [
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hi"}],
        },
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "x"}},
    ]

    assert a_response().changed(output=parse_items(items)).to_json()["output"] == items


def test_what_came_in_goes_out_again() -> None:
    document = a_response().to_json() | {
        "billing": {"payer": "developer"},
        "usage": Usage(input_tokens=3, total_tokens=3).to_json(),
        "conversation": {"id": "conv_1"},
    }

    assert Response.model_validate(document).to_json() == document
    assert Response.model_validate(document).conversation == ConversationReference(id="conv_1")


def test_the_official_sdk_reads_it() -> None:
    theirs = TheirResponse.model_validate_json(json.dumps(a_response().to_json()))

    assert (theirs.id, theirs.status, theirs.output) == ("resp_1", "completed", [])


@pytest.mark.parametrize(
    ("status", "terminal"),
    [
        ("queued", False),
        ("in_progress", False),
        ("completed", True),
        ("incomplete", True),
        ("failed", True),
        ("cancelled", True),
    ],
)
def test_a_terminal_status_never_changes_again(status: ResponseStatus, terminal: bool) -> None:
    assert a_response(status).is_terminal is terminal


def test_usage_shows_all_its_fields() -> None:
    assert Usage().to_json() == {
        "input_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
    }


@given(USAGES, USAGES)
def test_the_usage_of_two_passes_is_their_sum_kind_by_kind(one: Usage, other: Usage) -> None:
    both = (one + other).to_json()

    for name in ("input_tokens", "output_tokens", "total_tokens"):
        assert both[name] == one.to_json()[name] + other.to_json()[name]
    for name in ("input_tokens_details", "output_tokens_details"):
        assert both[name] == {
            kind: count + other.to_json()[name][kind] for kind, count in one.to_json()[name].items()
        }


def test_a_sum_keeps_what_is_not_known_here() -> None:
    def used(tokens: int) -> Usage:
        ttl = {"cache_write_tokens_details": {"ttl_30m_tokens": tokens}}
        return Usage.model_validate({"input_tokens": tokens, "input_tokens_details": ttl, "cost": tokens / 2})

    total = (used(3) + Usage(input_tokens=1) + used(4)).to_json()

    assert (total["input_tokens"], total["cost"]) == (8, 3.5)
    assert total["input_tokens_details"]["cache_write_tokens_details"] == {"ttl_30m_tokens": 7}


@given(USAGES)
def test_nothing_used_adds_nothing(used: Usage) -> None:
    assert used + Usage() == Usage() + used == used
