"""/responses/compact: which members count, which are passed over, and which are refused in OpenAI's words."""

from typing import Any

import pytest

from api.validation.parsing import parse_compact
from shared.errors import InvalidRequest
from tests.sentences import Refusal, missing, no_such_value, unknown

UNSUPPORTED = (
    "Unsupported parameter: 'conversation' is not supported by this server.",
    "conversation",
    "unsupported_parameter",
)
BODY: dict[str, Any] = {"model": "m", "input": "hi"}


@pytest.mark.parametrize(
    "fields",
    [
        {"model": None},
        {"instructions": "Be brief.", "prompt_cache_key": "k" * 64},
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}, "prompt_cache_retention": "24h"},
        *({"service_tier": tier} for tier in ("auto", "default", "fast", "flex", "priority", None)),
        {"image": {"context_compression": "enabled"}},
        {"hitherto": {"compact_target_tokens": 500}},
        {"input": None, "previous_response_id": "resp_1"},
        {"input": [{"role": "user", "content": "hi"}, {"type": "compaction_trigger"}]},
    ],
    ids=str,
)
def test_what_openais_schema_lists_is_accepted(fields: dict[str, Any]) -> None:
    assert parse_compact(BODY | fields).model == fields.get("model", "m")


def test_what_a_compaction_has_no_use_for_is_passed_over_whatever_it_says() -> None:
    useless = ("tools", "store", "stream", "reasoning", "text", "metadata", "context_management",
               "max_output_tokens", "parallel_tool_calls", "foo")  # fmt: skip

    assert parse_compact(BODY | dict.fromkeys(useless, 7)).to_json() == BODY


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"prompt_cache_options": {"ttl": "12h"}}, no_such_value("prompt_cache_options.ttl", "12h", "'30m'")),
        ({"prompt_cache_options": {"prewarm": True}}, unknown("prompt_cache_options.prewarm")),
        (
            {"service_tier": "scale"},
            no_such_value("service_tier", "scale", "'auto', 'default', 'fast', 'flex', and 'priority'"),
        ),
        (
            {"image": {"context_compression": "x"}},
            no_such_value("image.context_compression", "x", "'auto', 'enabled', and 'disabled'"),
        ),
        ({"conversation": "conv_1"}, UNSUPPORTED),
        ({"input": [{"type": "compaction"}]}, missing("input[0].encrypted_content")),
    ],
    ids=[
        "a time to live of create's",
        "a cache option of create's",
        "a tier of create's",
        "image",
        "conversation",
        "item",
    ],
)
def test_what_is_none_of_its_values_is_refused(fields: dict[str, Any], refusal: Refusal) -> None:
    assert refusal_of(BODY | fields) == refusal


@pytest.mark.parametrize("given", [{}, {"input": None}, {"input": ""}, {"input": []}], ids=str)
def test_there_must_be_something_to_compact(given: dict[str, Any]) -> None:
    message, param, code = refusal_of({"model": "m", **given})

    assert message.startswith('One of "input" or "previous_response_id"')
    assert (param, code) == (None, "missing_required_parameter")


def test_the_model_must_be_named() -> None:
    assert refusal_of({"input": "hi"}) == missing("model")


def refusal_of(body: object) -> Refusal:
    with pytest.raises(InvalidRequest) as caught:
        parse_compact(body)
    return caught.value.message, caught.value.param, caught.value.code
