"""Chat completions: what is sent for a prompt, and which tools can be."""

from typing import Any

import pytest

from shared.adapters.upstreams.chat.tools import ToolTable, offered_tools
from shared.adapters.upstreams.chat.upstream import ChatCompletionsUpstream, chat_request
from shared.adapters.upstreams.openai_client import new_client
from shared.errors import InvalidRequest
from shared.prompt import Prompt, Sampling
from shared.wire.items import Message, OtherItem
from shared.wire.model import JsonObject

HELLO = Message(role="user", content="Hello")
LOOKUP: JsonObject = {"type": "function", "name": "lookup", "parameters": {"type": "object"}, "strict": True}
PATCH: JsonObject = {"type": "custom", "name": "patch", "description": "Apply a patch."}
CRM: JsonObject = {"type": "namespace", "name": "crm", "description": "Customers", "tools": [LOOKUP, PATCH]}
SEARCH: JsonObject = {"type": "tool_search", "execution": "client", "parameters": {"type": "object"}}


def request_of(*, items: list[Any] | None = None, **sampling: Any) -> JsonObject:
    prompt = Prompt("m", items or [HELLO], sampling=Sampling(**sampling))
    return chat_request(prompt, ToolTable(offered_tools(prompt)))


def test_sends_only_what_is_set() -> None:
    assert request_of() == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


SCHEMA: JsonObject = {"type": "json_schema", "name": "city", "schema": {"type": "object"}, "strict": True}
CHAT_SCHEMA: JsonObject = {
    "type": "json_schema",
    "json_schema": {"name": "city", "schema": {"type": "object"}, "strict": True},
}


@pytest.mark.parametrize(
    ("sampling", "sent"),
    [
        pytest.param({"temperature": 0.0, "top_p": 0.5}, {"temperature": 0.0, "top_p": 0.5}, id="sampling"),
        pytest.param({"max_output_tokens": 16}, {"max_tokens": 16}, id="limit"),
        pytest.param({"top_logprobs": 2}, {"logprobs": True, "top_logprobs": 2}, id="logprobs"),
        pytest.param(
            {"include": ["message.output_text.logprobs"]},
            {"logprobs": True},
            id="logprobs without alternatives",
        ),
        pytest.param({"top_logprobs": 0}, {}, id="no logprobs"),
        pytest.param(
            {"reasoning": {"effort": "low", "summary": None}}, {"reasoning_effort": "low"}, id="effort"
        ),
        pytest.param({"text": {"format": {"type": "text"}}}, {}, id="plain text"),
        pytest.param({"text": {"verbosity": "low"}}, {"verbosity": "low"}, id="verbosity"),
        pytest.param(
            {"text": {"format": {"type": "json_object"}}},
            {"response_format": {"type": "json_object"}},
            id="json",
        ),
        pytest.param({"text": {"format": SCHEMA}}, {"response_format": CHAT_SCHEMA}, id="json schema"),
        pytest.param({"tool_choice": "auto", "parallel_tool_calls": True}, {}, id="choice without tools"),
    ],
)
def test_maps_each_parameter_to_chat_completions_own(sampling: JsonObject, sent: JsonObject) -> None:
    assert request_of(**sampling) == request_of() | sent


async def test_limits_tokens_by_the_name_that_openai_wants() -> None:
    async with new_client(base_url="https://api.openai.com/v1", api_key="k", timeout_seconds=1) as client:
        for_openai = ChatCompletionsUpstream(client).is_openai
    prompt = Prompt("m", [HELLO], sampling=Sampling(max_output_tokens=16))

    request = chat_request(prompt, ToolTable([]), for_openai=for_openai)

    assert request["max_completion_tokens"] == 16
    assert "max_tokens" not in request


BOOKKEEPING = {
    "prompt_cache_key": "k",
    "prompt_cache_retention": "24h",
    "safety_identifier": "s",
    "service_tier": "flex",
    "user": "u",
}


def test_sends_what_only_openai_keeps_its_books_by_to_nobody_else() -> None:
    prompt = Prompt("m", [HELLO], sampling=Sampling(**BOOKKEEPING))  # type: ignore[arg-type]  # all are text

    assert chat_request(prompt, ToolTable([])) == request_of()
    assert chat_request(prompt, ToolTable([]), for_openai=True) == request_of() | BOOKKEEPING


def test_offers_every_kind_of_tool_as_a_function() -> None:
    names = [tool["function"]["name"] for tool in request_of(tools=[LOOKUP, PATCH, CRM, SEARCH])["tools"]]

    assert names == ["lookup", "patch", "crm__lookup", "crm__patch", "tool_search"]


def test_offers_tools_that_items_brought_along() -> None:
    brought = OtherItem.model_validate({"type": "additional_tools", "role": "developer", "tools": [LOOKUP]})

    request = request_of(items=[HELLO, brought])

    assert [tool["function"]["name"] for tool in request["tools"]] == ["lookup"]
    assert len(request["messages"]) == 1


def test_tells_of_a_hosted_tool_that_an_item_brought_along_and_offers_it_not() -> None:
    brought = OtherItem.model_validate(
        {"type": "additional_tools", "tools": [{"type": "web_search"}, LOOKUP]}
    )

    request = request_of(items=[brought])

    assert [tool["function"]["name"] for tool in request["tools"]] == ["lookup"]
    [told] = request["messages"]
    assert told["content"] == '[tools that cannot be called here]\n[{"type": "web_search"}]'


def test_tells_the_grammar_that_a_custom_tools_input_must_match() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}

    (tool,) = request_of(tools=[PATCH | {"format": grammar}])["tools"]

    assert "Apply a patch." in tool["function"]["description"]
    assert "start: WORD" in tool["function"]["description"]


def test_keeps_names_apart_and_within_what_providers_allow() -> None:
    namespace = {"type": "namespace", "name": "n" * 60, "tools": [LOOKUP, PATCH]}
    plain = {"type": "function", "name": "crm__lookup"}

    names = [tool["function"]["name"] for tool in request_of(tools=[plain, CRM, namespace])["tools"]]

    assert len(set(names)) == 5
    assert max(map(len, names)) <= 64


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        pytest.param("required", "required", id="word"),
        pytest.param({"type": "function", "name": "lookup"}, "lookup", id="function"),
        pytest.param({"type": "custom", "name": "patch"}, "patch", id="custom"),
        pytest.param(
            {"type": "function", "name": "lookup", "namespace": "crm"}, "crm__lookup", id="namespace"
        ),
        pytest.param({"type": "tool_search"}, "tool_search", id="tool search"),
    ],
)
def test_passes_on_which_tool_must_be_called(choice: Any, sent: str) -> None:
    request = request_of(tools=[LOOKUP, PATCH, CRM, SEARCH], tool_choice=choice)

    named = {"type": "function", "function": {"name": sent}}
    assert request["tool_choice"] == (sent if isinstance(choice, str) else named)


def test_offers_only_the_allowed_tools() -> None:
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "patch"}]}

    request = request_of(tools=[LOOKUP, PATCH], tool_choice=choice)

    assert [tool["function"]["name"] for tool in request["tools"]] == ["patch"]
    assert request["tool_choice"] == "required"


def test_where_no_tool_is_allowed_none_is_offered() -> None:
    none: JsonObject = {"type": "allowed_tools", "tools": []}

    assert request_of(tools=[LOOKUP], tool_choice=none | {"mode": "auto"}) == request_of()
    with pytest.raises(InvalidRequest) as refusal:
        request_of(tools=[LOOKUP], tool_choice=none | {"mode": "required"})

    assert (refusal.value.param, refusal.value.code) == ("tool_choice", "invalid_value")


def test_a_tool_that_is_offered_again_keeps_its_name_and_takes_nobody_elses() -> None:
    plain = {"type": "function", "name": "crm__lookup", "description": "Plain."}
    again = OtherItem.model_validate({"type": "additional_tools", "tools": [CRM]})
    prompt = Prompt("m", [again], sampling=Sampling(tools=[plain, CRM]))
    table = ToolTable(offered_tools(prompt))

    offered = {tool["function"]["name"]: tool["function"] for tool in table.functions()}

    assert len(offered) == 3
    assert offered["crm__lookup"]["description"] == "Plain."
    assert table.called("crm__lookup").namespace is None


def test_refuses_a_choice_that_is_no_tool_of_the_request() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        request_of(tools=[LOOKUP], tool_choice={"type": "function", "name": "other"})

    assert refusal.value.param == "tool_choice"


async def test_refuses_a_hosted_tool_before_anything_is_sent() -> None:
    prompt = Prompt("m", [HELLO], sampling=Sampling(tools=[{"type": "web_search"}]))
    async with new_client(base_url="http://127.0.0.1:9", api_key=None, timeout_seconds=1) as client:
        with pytest.raises(InvalidRequest):
            await anext(ChatCompletionsUpstream(client).stream(prompt))


@pytest.mark.parametrize(
    "tools",
    [
        pytest.param(
            [{"type": "tool_search", "execution": "server"}], id="a search that finds what is all there"
        ),
        pytest.param(
            [{"type": "namespace", "name": "n", "tools": [{"type": "web_search"}]}], id="hosted tool"
        ),
    ],
)
def test_offers_nothing_that_a_model_could_not_call(tools: list[JsonObject]) -> None:
    assert "tools" not in request_of(tools=tools)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "f"}], ids=["required", "named"])
def test_a_choice_of_a_tool_where_there_is_none_is_refused_and_not_forgotten(choice: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        request_of(tool_choice=choice)

    assert (refusal.value.param, refusal.value.code) == ("tool_choice", "invalid_value")


def test_what_is_said_of_a_namespace_is_said_of_each_of_its_tools() -> None:
    offered = request_of(tools=[CRM])["tools"]

    assert [tool["function"]["description"] for tool in offered] == [
        "Customers",
        "Apply a patch.\n\nCustomers",
    ]
