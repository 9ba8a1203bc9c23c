"""Chat completions: however servers' streams differ, they become the same events."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.adapters.upstreams.chat.upstream import ChatCompletionsUpstream
from shared.adapters.upstreams.openai_client import new_client
from shared.errors import UpstreamError
from shared.prompt import (
    CallDelta,
    CallStarted,
    Finished,
    ItemProduced,
    Prompt,
    ReasoningDelta,
    RefusalDelta,
    Sampling,
    TextDelta,
    UpstreamEvent,
)
from shared.wire.items import Message
from shared.wire.model import JsonObject
from tests.scripted_upstream import Call, Reply, ScriptedUpstream, in_turn

HELLO = Message(role="user", content="Hello")
LOOKUP: JsonObject = {"type": "function", "name": "lookup", "parameters": {"type": "object"}, "strict": True}
PATCH: JsonObject = {"type": "custom", "name": "patch", "description": "Apply a patch."}
CRM: JsonObject = {"type": "namespace", "name": "crm", "description": "Customers", "tools": [LOOKUP, PATCH]}
SEARCH: JsonObject = {"type": "tool_search", "execution": "client", "parameters": {"type": "object"}}


@pytest.fixture
async def upstream(provider: ScriptedUpstream) -> AsyncIterator[ChatCompletionsUpstream]:
    async with new_client(base_url=provider.base_url, api_key=None, timeout_seconds=5) as client:
        yield ChatCompletionsUpstream(client)


async def answer(upstream: ChatCompletionsUpstream, *tools: JsonObject) -> list[UpstreamEvent]:
    prompt = Prompt("m", [HELLO], sampling=Sampling(tools=list(tools)))
    return [event async for event in upstream.stream(prompt)]


def chunk(finish_reason: str | None = None, **delta: Any) -> JsonObject:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def call_chunk(*parts: JsonObject) -> JsonObject:
    return chunk(tool_calls=list(parts))


def function(name: str | None = None, arguments: str | None = None) -> JsonObject:
    return {"name": name, "arguments": arguments}


def arguments_of(events: list[UpstreamEvent]) -> dict[str, str]:
    """Return what each called tool was given, by its name."""
    started = {event.index: event for event in events if isinstance(event, CallStarted)}
    given = dict.fromkeys((call.name for call in started.values()), "")
    for event in events:
        if isinstance(event, CallDelta):
            given[started[event.index].name] += event.text
    return given


async def test_streams_text_refusals_and_calls(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream
) -> None:
    provider.script = in_turn(
        Reply("Hi there", refusal="No.", calls=(Call("lookup", '{"id": 1}', "call_7"),))
    )

    events = await answer(upstream, LOOKUP)

    assert events[:4] == [
        RefusalDelta("No."),
        TextDelta("Hi "),
        TextDelta("there"),
        CallStarted(0, "call_7", "lookup"),
    ]
    assert arguments_of(events) == {"lookup": '{"id": 1}'}


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_streams_reasoning_by_either_name(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream, field: str
) -> None:
    provider.script = in_turn(Reply(events=(chunk(**{field: "Hm."}), chunk("stop", content="Yes."))))

    events = await answer(upstream)

    assert events[:2] == [ReasoningDelta("Hm."), TextDelta("Yes.")]


async def test_gives_a_custom_tools_input_as_plain_text(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream
) -> None:
    calls = (Call("patch", '{"input": "a\\n\\"b\\""}', "c1"), Call("crm__patch", "no JSON", "c2"))
    provider.script = in_turn(Reply(calls=calls))

    events = await answer(upstream, PATCH, CRM)

    assert CallStarted(0, "c1", "patch", "custom") in events
    assert CallStarted(1, "c2", "patch", "custom", "crm") in events
    assert CallDelta(0, 'a\n"b"') in events
    assert CallDelta(1, "no JSON") in events


async def test_gives_a_clients_tool_search_as_an_item(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream
) -> None:
    provider.script = in_turn(Reply(calls=(Call("tool_search", '{"query": "crm"}', "c1"),)))

    events = await answer(upstream, SEARCH)

    (item,) = [event.item for event in events if isinstance(event, ItemProduced)]
    assert item.to_json() == {
        "type": "tool_search_call",
        "call_id": "c1",
        "execution": "client",
        "arguments": {"query": "crm"},
        "status": "completed",
    }


@pytest.mark.parametrize(
    ("written", "finish", "arguments", "status"),
    [
        ('{"query": "cr', "length", '{"query": "cr', "incomplete"),
        ('{"query": "crm"}', "length", {"query": "crm"}, "incomplete"),
        ("crm", "tool_calls", "crm", "completed"),
        ("", "tool_calls", {}, "completed"),
    ],
    ids=["cut", "cut behind it", "no JSON", "nothing"],
)
async def test_a_clients_tool_search_that_cannot_be_read_is_given_as_it_was_written(
    upstream: ChatCompletionsUpstream,
    provider: ScriptedUpstream,
    written: str,
    finish: str,
    arguments: object,
    status: str,
) -> None:
    calls = call_chunk({"index": 0, "id": "c1", "function": function("tool_search", written)})
    provider.script = in_turn(Reply(events=(calls, chunk(finish))))

    (item,) = [
        each.item.to_json() for each in await answer(upstream, SEARCH) if isinstance(each, ItemProduced)
    ]

    assert (item["arguments"], item["status"]) == (arguments, status)


async def test_a_custom_tools_input_that_is_nested_beyond_reading_is_given_as_it_is(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream
) -> None:
    deep = '{"input": ' * 20_000
    provider.script = in_turn(Reply(calls=(Call("patch", deep, "c1"),)))

    assert CallDelta(0, deep) in await answer(upstream, PATCH)


WHOLE = '{"a": 1}'
TWO_CALLS = {"lookup": WHOLE, "find": WHOLE}
DIALECTS: dict[str, list[JsonObject]] = {
    "in pieces by index": [
        call_chunk({"index": 0, "id": "x", "function": function("lookup", "")}),
        call_chunk({"index": 0, "function": function(None, '{"a"')}),
        call_chunk({"index": 0, "function": function(None, ": 1}")}),
        call_chunk({"index": 1, "id": "y", "function": function("find", "")}),
        call_chunk({"index": 1, "function": function(None, WHOLE)}),
    ],
    "interleaved": [
        call_chunk({"index": 0, "id": "x", "function": function("lookup")}),
        call_chunk({"index": 1, "id": "y", "function": function("find")}),
        call_chunk({"index": 0, "function": function(None, WHOLE)}),
        call_chunk({"index": 1, "function": function(None, WHOLE)}),
    ],
    "all in one chunk": [
        call_chunk(
            {"index": 0, "id": "x", "function": function("lookup", WHOLE)},
            {"index": 1, "id": "y", "function": function("find", WHOLE)},
        )
    ],
    "without index": [
        call_chunk({"id": "x", "function": function("lookup", WHOLE)}),
        call_chunk({"id": "y", "function": function("find", '{"a"')}),
        call_chunk({"function": function(None, ": 1}")}),
    ],
    "id and name repeated": [
        call_chunk({"index": 0, "id": "x", "function": function("lookup", '{"a"')}),
        call_chunk({"index": 0, "id": "x", "function": function("lookup", ": 1}")}),
        call_chunk({"index": 1, "id": "y", "function": function("find", WHOLE)}),
    ],
    "every call under index 0": [
        call_chunk({"index": 0, "id": "x", "function": function("lookup", WHOLE)}),
        call_chunk({"index": 0, "id": "y", "function": function("find", WHOLE)}),
    ],
    "every call under index 0, no ids": [
        call_chunk({"index": 0, "id": "", "function": function("lookup", WHOLE)}),
        call_chunk({"index": 0, "id": "", "function": function("find", WHOLE)}),
    ],
    "another id with every piece": [
        call_chunk({"index": 0, "id": "x", "function": function("lookup", '{"a"')}),
        call_chunk({"index": 0, "id": "x2", "function": function(None, ": 1}")}),
        call_chunk({"index": 1, "id": "y", "function": function("find", WHOLE)}),
    ],
    "arguments as objects": [
        call_chunk({"index": 0, "id": "x", "function": {"name": "lookup", "arguments": {"a": 1}}}),
        call_chunk({"index": 1, "id": "y", "function": {"name": "find", "arguments": {"a": 1}}}),
    ],
    "arguments before the name": [
        call_chunk({"index": 0, "id": "x", "function": function(None, '{"a"')}),
        call_chunk({"index": 0, "function": function("lookup", ": 1}")}),
        call_chunk({"index": 1, "id": "y", "function": function("find", WHOLE)}),
    ],
}


@pytest.mark.parametrize("chunks", DIALECTS.values(), ids=DIALECTS.keys())
async def test_puts_calls_together_however_a_server_sends_them(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream, chunks: list[JsonObject]
) -> None:
    provider.script = in_turn(Reply(events=(*chunks, chunk("tool_calls"))))

    events = await answer(upstream)

    ids = [event.call_id for event in events if isinstance(event, CallStarted)]
    assert arguments_of(events) == TWO_CALLS
    assert len(set(ids)) == 2
    assert all(ids)


async def test_understands_the_older_function_call(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream
) -> None:
    parts = (chunk(function_call=function("lookup", "")), chunk(function_call=function(None, WHOLE)))
    provider.script = in_turn(Reply(events=(*parts, chunk("function_call"))))

    assert arguments_of(await answer(upstream)) == {"lookup": WHOLE}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("stop", "stop"),
        ("tool_calls", "stop"),
        ("function_call", "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
    ],
)
async def test_tells_why_the_answer_ended(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream, theirs: str, ours: str
) -> None:
    provider.script = in_turn(Reply(events=(chunk(content="Hi"), chunk(theirs))))

    finished = (await answer(upstream))[-1]

    assert isinstance(finished, Finished)
    assert finished.reason == ours


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([chunk(content="Hi")], id="no finish_reason"),
        pytest.param([chunk(content="Hi"), chunk("error")], id="finish_reason error"),
        pytest.param(
            [call_chunk({"index": 0, "function": function(None, "{}")}), chunk("stop")], id="no name"
        ),
    ],
)
async def test_an_answer_that_broke_is_a_failure(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream, chunks: list[JsonObject]
) -> None:
    provider.script = in_turn(Reply(events=tuple(chunks)))

    with pytest.raises(UpstreamError):
        await answer(upstream)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [chunk("stop") | {"usage": {}}, {"choices": [], "usage": ...}], id="in a chunk of its own"
        ),
        pytest.param([chunk("stop") | {"usage": ...}], id="in the last chunk"),
        pytest.param([chunk("stop"), {"choices": None, "usage": ...}], id="choices null"),
    ],
)
async def test_reads_usage_wherever_it_stands(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream, chunks: list[JsonObject]
) -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    sent = [part | {"usage": usage} if part.get("usage") is ... else part for part in chunks]
    provider.script = in_turn(Reply(events=tuple(sent)))

    finished = (await answer(upstream))[-1]

    assert isinstance(finished, Finished)
    assert finished.usage is not None
    assert finished.usage.to_json() == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 15,
    }


async def test_brings_back_the_probabilities_of_tokens_with_their_text(
    upstream: ChatCompletionsUpstream, provider: ScriptedUpstream
) -> None:
    def told(token: str, **fields: Any) -> JsonObject:
        return {"token": token, "logprob": -0.5, "bytes": None} | fields

    def saying(text: str | None, *tokens: JsonObject) -> JsonObject:
        choice = chunk(content=text)["choices"][0] | {"logprobs": {"content": list(tokens), "refusal": None}}
        return {"choices": [choice]}

    first = saying("Hi", told("Hi", bytes=[72, 105], top_logprobs=[told("Ho", logprob=-2.0)]))
    # A character of which each token is a part is said with its last one.
    half, whole = saying("", told("\\xf0")), saying("!", told("!"))
    provider.script = in_turn(Reply(events=(first, half, whole, chunk("stop"))))

    ours = {"bytes": [], "logprob": -0.5, "top_logprobs": []}
    assert (await answer(upstream))[:-1] == [
        TextDelta(
            "Hi",
            [
                {
                    "token": "Hi",
                    "bytes": [72, 105],
                    "logprob": -0.5,
                    "top_logprobs": [{"token": "Ho", "bytes": [], "logprob": -2.0}],
                }
            ],
        ),
        TextDelta("!", [{"token": "\\xf0"} | ours, {"token": "!"} | ours]),
    ]
