"""What another Responses API is sent: parameters, names and items as they are."""

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.upstreams.responses.upstream import responses_request
from shared.composer import Composer
from shared.prompt import Finished, Prompt, ReasoningDelta, Sampling
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from tests.shared.adapters.upstreams.responses.streams import HELLO, OURS


def test_sends_only_what_is_set_and_stores_nothing_there() -> None:
    assert responses_request(Prompt("m", [HELLO])) == {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": "Hello"}],
        "store": False,
        "stream": True,
    }


def test_sends_every_parameter_as_it_is() -> None:
    fields: dict[str, Any] = {
        "temperature": 0.0,
        "top_p": 0.5,
        "max_output_tokens": 16,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "top_logprobs": 1,
        "tools": [{"type": "web_search"}],
        "tool_choice": {"type": "web_search"},
        "parallel_tool_calls": False,
        "text": {"verbosity": "low"},
        "reasoning": {"effort": "low"},
        "max_tool_calls": 3,
        "prompt_cache_key": "k",
        "prompt_cache_retention": "24h",
        "prompt_cache_options": {"mode": "implicit"},
        "safety_identifier": "s",
        "user": "u",
        "service_tier": "flex",
        "truncation": "auto",
    }

    request = responses_request(Prompt("m", [HELLO], "Be brief.", Sampling(**fields)))

    assert fields.items() <= request.items()
    assert request["instructions"] == "Be brief."


def test_asks_for_sealed_reasoning_where_the_client_asks_for_reasoning() -> None:
    prompt = Prompt("m", [HELLO], sampling=Sampling(reasoning={"effort": "low"}))

    assert responses_request(prompt)["include"] == ["reasoning.encrypted_content"]


def test_asks_for_what_the_client_wants_included_and_for_nothing_twice() -> None:
    wanted = ["message.output_text.logprobs", "reasoning.encrypted_content"]
    sampling = Sampling(include=wanted)

    for each in (sampling, replace(sampling, reasoning={"effort": "low"})):
        assert responses_request(Prompt("m", [HELLO], sampling=each))["include"] == wanted


THEIRS = [
    {"type": "reasoning", "id": "rs_theirs", "summary": [], "encrypted_content": "gAAA"},
    {"type": "web_search_call", "id": "ws_theirs", "status": "completed"},
    {
        "type": "mcp_approval_request",
        "id": "mcpr_theirs",
        "name": "f",
        "arguments": "{}",
        "server_label": "s",
    },
    {"type": "compaction", "id": "cmp_theirs", "encrypted_content": "gAAA"},
    {"type": "item_reference", "id": "msg_theirs"},
]


@pytest.mark.parametrize("item", OURS, ids=lambda item: item["type"])
def test_names_that_the_provider_did_not_give_stay_here(item: JsonObject) -> None:
    [sent] = responses_request(Prompt("m", parse_items([item])))["input"]

    assert sent == {name: value for name, value in item.items() if name != "id"}


@pytest.mark.parametrize("item", THEIRS, ids=lambda item: item["type"])
def test_names_that_the_provider_gave_go_back_to_it(item: JsonObject) -> None:
    assert responses_request(Prompt("m", parse_items([item])))["input"] == [item]


def test_sends_items_word_for_word_except_reasoning_that_only_the_provider_could_look_up() -> None:
    sealed = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    searched = {"type": "web_search_call", "id": "ws_1", "status": "completed", "novelty": [1]}
    by_id = {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "Hm."}]}

    request = responses_request(Prompt("m", parse_items([sealed, searched, by_id])))

    assert request["input"] == [sealed, searched]


def test_thoughts_that_another_provider_had_are_not_looked_up_there() -> None:
    composer = Composer()
    for told in (ReasoningDelta("Hm."), ReasoningDelta("So.", item_id="rs_theirs"), Finished("stop")):
        composer.apply(told)

    [sent] = responses_request(Prompt("m", composer.output))["input"]

    assert (sent["id"], sent["content"][0]["text"]) == ("rs_theirs", "So.")
