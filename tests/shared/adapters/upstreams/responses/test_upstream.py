"""Another Responses API as the provider: what is sent, and its events as ours."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from shared.adapters.upstreams.openai_client import new_client
from shared.adapters.upstreams.responses.upstream import ResponsesUpstream, responses_request
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
from shared.wire.items import Message, parse_items
from shared.wire.model import JsonObject
from shared.wire.responses import Usage
from tests.scripted_upstream import Call, Reply, ScriptedUpstream, in_turn

HELLO = Message(role="user", content="Hello")


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as scripted:
        yield scripted


@pytest.fixture
async def upstream(server: ScriptedUpstream) -> AsyncIterator[ResponsesUpstream]:
    server.follow()
    async with new_client(base_url=server.base_url, api_key=None, timeout_seconds=5) as client:
        yield ResponsesUpstream(client)


async def answer(upstream: ResponsesUpstream) -> list[UpstreamEvent]:
    return [event async for event in upstream.stream(Prompt("m", [HELLO]))]


def event(name: str, **fields: Any) -> JsonObject:
    return {"type": f"response.{name}"} | fields


def done(item: JsonObject, index: int = 0) -> JsonObject:
    return event("output_item.done", output_index=index, item=item)


def completed(**response: Any) -> JsonObject:
    return event("completed", response={"model": "m", "status": "completed"} | response)


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
    }

    request = responses_request(Prompt("m", [HELLO], "Be brief.", Sampling(**fields)))

    assert fields.items() <= request.items()
    assert request["instructions"] == "Be brief."


def test_asks_for_sealed_reasoning_where_the_client_asks_for_reasoning() -> None:
    prompt = Prompt("m", [HELLO], sampling=Sampling(reasoning={"effort": "low"}))

    assert responses_request(prompt)["include"] == ["reasoning.encrypted_content"]


def test_sends_items_word_for_word_except_reasoning_that_only_the_provider_could_look_up() -> None:
    sealed = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    searched = {"type": "web_search_call", "id": "ws_1", "status": "completed", "novelty": [1]}
    by_id = {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "Hm."}]}

    request = responses_request(Prompt("m", parse_items([sealed, searched, by_id])))

    assert request["input"] == [sealed, searched]


async def test_streams_reasoning_refusals_text_and_calls(
    upstream: ResponsesUpstream, server: ScriptedUpstream
) -> None:
    calls = (Call("lookup", '{"a"', "c1"), Call("patch", "text", "c2", custom=True))
    server.script = in_turn(Reply("Hi there", reasoning="Hm.", refusal="No.", calls=calls))

    events = await answer(upstream)

    assert events[:-1] == [
        ReasoningDelta("Hm."),
        RefusalDelta("No."),
        TextDelta("Hi "),
        TextDelta("there"),
        CallStarted(3, "c1", "lookup"),
        CallDelta(3, '{"'),
        CallDelta(3, 'a"'),
        CallStarted(4, "c2", "patch", "custom"),
        CallDelta(4, "te"),
        CallDelta(4, "xt"),
    ]


async def test_joins_the_parts_of_a_reasoning_summary(
    upstream: ResponsesUpstream, server: ScriptedUpstream
) -> None:
    events = (
        event("reasoning_summary_part.added", summary_index=0),
        event("reasoning_summary_text.delta", summary_index=0, delta="First."),
        event("reasoning_summary_part.added", summary_index=1),
        event("reasoning_summary_text.delta", summary_index=1, delta="Second."),
        completed(),
    )
    server.script = in_turn(Reply(events=events))

    made = [part for part in await answer(upstream) if isinstance(part, ReasoningDelta)]

    assert "".join(part.text for part in made) == "First.\n\nSecond."
    assert all(part.summary for part in made)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({"type": "web_search_call", "id": "ws_1", "novelty": [1]}, id="hosted tool"),
        pytest.param(
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
            id="sealed reasoning",
        ),
    ],
)
async def test_passes_on_whole_what_is_the_providers_own(
    upstream: ResponsesUpstream, server: ScriptedUpstream, item: JsonObject
) -> None:
    server.script = in_turn(Reply(events=(done(item), completed())))

    (produced, _) = await answer(upstream)

    assert isinstance(produced, ItemProduced)
    assert produced.item.to_json() == item


async def test_takes_everything_from_finished_items_where_no_deltas_were_streamed(
    upstream: ResponsesUpstream, server: ScriptedUpstream
) -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    content = [
        {"type": "output_text", "text": "Hi", "annotations": []},
        {"type": "refusal", "refusal": "No."},
    ]
    message = {"type": "message", "role": "assistant", "content": content}
    call = {"type": "function_call", "call_id": "c1", "name": "lookup", "arguments": "{}", "namespace": "crm"}
    server.script = in_turn(Reply(events=(done(thought, 0), done(message, 1), done(call, 2), completed())))

    assert (await answer(upstream))[:-1] == [
        ReasoningDelta("Hm.", summary=True),
        TextDelta("Hi"),
        RefusalDelta("No."),
        CallStarted(2, "c1", "lookup", namespace="crm"),
        CallDelta(2, "{}"),
    ]


async def test_reads_usage_with_gaps(upstream: ResponsesUpstream, server: ScriptedUpstream) -> None:
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": None},
        "output_tokens": 5,
        "output_tokens_details": None,
        "total_tokens": 15,
    }
    server.script = in_turn(Reply(events=(completed(usage=usage),)))

    (finished,) = await answer(upstream)

    assert isinstance(finished, Finished)
    assert finished.usage == Usage(input_tokens=10, output_tokens=5, total_tokens=15)


async def test_ignores_events_that_it_does_not_know(
    upstream: ResponsesUpstream, server: ScriptedUpstream
) -> None:
    code = event("code_interpreter_call_code.delta", delta="1 + 1")
    strange = ({"type": "keepalive"}, code, event("shell_call_output_content.delta", delta={"stdout": "x"}))
    server.script = in_turn(Reply(events=(*strange, completed())))

    assert await answer(upstream) == [Finished("stop", None, "m")]


@pytest.mark.parametrize(
    ("reason", "ours"), [("max_output_tokens", "length"), ("content_filter", "content_filter")]
)
async def test_tells_why_the_answer_is_incomplete(
    upstream: ResponsesUpstream, server: ScriptedUpstream, reason: str, ours: str
) -> None:
    end = event("incomplete", response={"incomplete_details": {"reason": reason}})
    server.script = in_turn(Reply(events=(end,)))

    (finished,) = await answer(upstream)

    assert isinstance(finished, Finished)
    assert finished.reason == ours


FAILED = event("failed", response={"error": {"code": "context_length_exceeded", "message": "Too long."}})
NESTED = {"type": "error", "error": {"code": "insufficient_quota", "message": "No money."}}
FLAT = {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down."}


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        pytest.param(FAILED, "context_length_exceeded", id="response.failed"),
        pytest.param(event("failed"), "server_error", id="response.failed without a reason"),
        pytest.param(NESTED, "insufficient_quota", id="nested error"),
        pytest.param(FLAT, "rate_limit_exceeded", id="flat error"),
    ],
)
async def test_a_failure_inside_the_stream_is_an_upstream_error(
    upstream: ResponsesUpstream, server: ScriptedUpstream, failure: JsonObject, code: str
) -> None:
    server.script = in_turn(Reply(events=(event("output_text.delta", delta="Hi"), failure)))

    with pytest.raises(UpstreamError) as error:
        await answer(upstream)

    assert error.value.code == code
