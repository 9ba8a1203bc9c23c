"""The bodies beside create, and what a request says of itself once it is read."""

from collections.abc import Callable
from typing import Any

import pytest
from openai.types.responses import input_token_count_params, response_compact_params, response_create_params

from api.validation.parsing import (
    parse_compact,
    parse_conversation_items,
    parse_create,
    parse_create_conversation,
    parse_input_tokens,
    parse_update_conversation,
)
from shared.errors import InvalidRequest
from shared.wire.model import WireModel
from shared.wire.requests import CompactRequest, CreateResponse, InputTokensRequest
from tests.sentences import (
    NO_INPUT,
    Refusal,
    array_too_long,
    asking,
    empty_array,
    missing,
    no_such_value,
    too_long,
    too_small,
    unknown,
    wrong_type,
)

HELLO = {"type": "message", "role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("parse", "body", "refusal"),
    [
        pytest.param(parse_compact, {}, missing("model"), id="compact-without-model"),
        pytest.param(parse_compact, {"model": 7}, wrong_type("model", "a string", "an integer"), id="compact-model-7"),
        pytest.param(parse_compact, {"model": "m"}, NO_INPUT, id="compact-nothing"),
        pytest.param(parse_compact, {"model": "m", "input": None}, NO_INPUT, id="compact-null"),
        pytest.param(parse_compact, {"model": "m", "input": []}, NO_INPUT, id="compact-empty"),
        pytest.param(parse_compact, {"model": "m", "input": [7]}, wrong_type("input[0]", "an input item", "an integer"), id="compact-item"),
        pytest.param(parse_compact, asking(prompt_cache_key="x" * 65), too_long("prompt_cache_key", 64, 65), id="compact-cache-key"),
        pytest.param(
            parse_compact, asking(prompt_cache_options={"ttl": "12h"}), no_such_value("prompt_cache_options.ttl", "12h", "'30m'"), id="compact-ttl"
        ),
        pytest.param(
            parse_compact,
            asking(service_tier="scale"),
            no_such_value("service_tier", "scale", "'auto', 'default', 'fast', 'flex', and 'priority'"),
            id="compact-tier",
        ),
        pytest.param(parse_compact, asking(hitherto={"foo": 1}), unknown("hitherto.foo"), id="compact-hitherto"),
        pytest.param(
            parse_compact,
            asking(hitherto={"compact_target_tokens": 0}),
            too_small("hitherto.compact_target_tokens", 1, 0),
            id="compact-target",
        ),
        pytest.param(parse_input_tokens, {"zzz": 1}, unknown("zzz"), id="count-key"),
        pytest.param(parse_input_tokens, {"input": 7}, wrong_type("input", "one of a string or array of input items", "an integer"), id="count-input"),
        pytest.param(parse_create_conversation, {"items": [HELLO] * 21}, array_too_long("items", 20, 21), id="conversation-21"),
        pytest.param(parse_create_conversation, {"items": [None]}, wrong_type("items[0]", "an input item", "null"), id="conversation-null"),
        pytest.param(parse_create_conversation, {"zzz": 1}, unknown("zzz"), id="conversation-key"),
        pytest.param(parse_update_conversation, {}, missing("metadata"), id="update-without-metadata"),
        pytest.param(parse_conversation_items, {}, missing("items"), id="items-missing"),
        pytest.param(parse_conversation_items, {"items": []}, empty_array("items"), id="items-empty"),
        pytest.param(parse_conversation_items, {"items": None}, wrong_type("items", "an array of input items", "an object"), id="items-null"),
    ],
)  # fmt: skip
def test_refuses_a_body_in_openais_words(parse: Callable[[Any], Any], body: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(body)

    assert (caught.value.message, caught.value.param, caught.value.code) == refusal


@pytest.mark.parametrize(
    ("parse", "body"),
    [
        pytest.param(parse_compact, {"model": None, "previous_response_id": "resp_1"}, id="compact-model-null"),
        pytest.param(parse_compact, {"model": "m", "input": None, "previous_response_id": "resp_1"}, id="compact-input-null"),
        pytest.param(parse_compact, {"model": "m", "input": [HELLO], "hitherto": {"compact_target_tokens": 1}}, id="compact"),
        pytest.param(parse_input_tokens, {}, id="count-nothing"),
        pytest.param(parse_input_tokens, {"model": "m", "input": "hi", "personality": "friendly"}, id="count"),
        pytest.param(parse_create_conversation, {}, id="conversation-empty"),
        pytest.param(parse_create_conversation, {"items": [HELLO], "metadata": {"a": "b"}}, id="conversation"),
        pytest.param(parse_update_conversation, {"metadata": None}, id="update-clears"),
        pytest.param(parse_conversation_items, {"items": [HELLO] * 20}, id="items-20"),
    ],
)  # fmt: skip
def test_reads_a_body_without_loss(parse: Callable[[Any], Any], body: Any) -> None:
    assert parse(body).to_json() == body


def test_a_compaction_ignores_what_it_has_no_use_for() -> None:
    request = parse_compact(asking(tools="anything", stream=7, zzz=None))

    assert request.to_json() == asking()


def test_a_stored_request_is_read_back_as_it_was() -> None:
    body = asking(
        input=[HELLO, {"role": "assistant", "content": "yes"}, {"type": "program", "code": "1"}],
        tools=[{"type": "function", "name": "f", "parameters": {"type": "object"}}],
        text={"format": {"type": "json_schema", "name": "n", "schema": {"x": 1}}},
        context_management=[{"type": "compaction", "compact_threshold": 2000}],
        hitherto={"compact_target_tokens": 5},
        temperature=1,
    )
    request = parse_create(body)

    assert CreateResponse.from_json(request.to_json()) == request


def test_what_was_checked_before_it_was_stored_is_not_checked_again() -> None:
    stored = asking(
        context_management=[{"type": "compaction", "compact_threshold": 1}], from_a_newer_server=1
    )

    assert CreateResponse.from_json(stored).to_json() == stored


@pytest.mark.parametrize(
    ("fields", "id_"),
    [({"conversation": "conv_1"}, "conv_1"), ({"conversation": {"id": "conv_1"}}, "conv_1"), ({}, None)],
    ids=["text", "object", "none"],
)
def test_a_conversation_is_known_by_its_id(fields: dict[str, Any], id_: str | None) -> None:
    assert parse_create(asking(**fields)).conversation_id == id_


def test_empty_text_is_no_item() -> None:
    assert parse_create(asking(input="", previous_response_id="resp_1")).input_items == []


@pytest.mark.parametrize("given", [None, False, True], ids=["null", "false", "true"])
def test_a_response_is_stored_unless_told_otherwise(given: bool | None) -> None:
    assert parse_create(asking(store=given)).is_stored is (given is not False)


@pytest.mark.parametrize(
    ("request_type", "params"),
    [
        pytest.param(CreateResponse, response_create_params.ResponseCreateParamsBase, id="create"),
        pytest.param(CompactRequest, response_compact_params.ResponseCompactParams, id="compact"),
        pytest.param(InputTokensRequest, input_token_count_params.InputTokenCountParams, id="input_tokens"),
    ],
)
def test_knows_every_field_that_the_sdk_can_send(request_type: type[WireModel], params: Any) -> None:
    assert set(params.__annotations__) - set(request_type.model_fields) == set()
