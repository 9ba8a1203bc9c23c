"""Another Responses API as the provider: what is sent, and its events as ours."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.upstreams.openai_client import new_client
from shared.adapters.upstreams.responses.upstream import (
    ResponsesUpstream,
    compact_request,
    responses_request,
)
from shared.composer import Composer
from shared.errors import UpstreamError
from shared.prompt import (
    AnnotationAdded,
    CallDelta,
    CallStarted,
    Finished,
    ItemProduced,
    MessageStarted,
    Prompt,
    ReasoningDelta,
    RefusalDelta,
    Sampling,
    TextDelta,
    UpstreamEvent,
)
from shared.wire.items import Message, dump_items, parse_items
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


OURS = [
    {"type": "message", "id": "msg_ours", "role": "user", "content": "Hi"},
    {"type": "message", "id": "msg_ours", "role": "assistant", "content": "Hm", "phase": "commentary"},
    {"type": "function_call", "id": "fc_ours", "call_id": "c1", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "id": "fc_ours", "call_id": "c1", "output": "x"},
    {"type": "custom_tool_call", "id": "ctc_ours", "call_id": "c2", "name": "f", "input": ""},
    {"type": "custom_tool_call_output", "id": "ctc_ours", "call_id": "c2", "output": "x"},
    {"type": "reasoning", "id": "item_ours", "summary": [], "encrypted_content": "gAAA"},
    {"type": "web_search_call", "id": "item_ours", "status": "completed"},
]
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


async def test_streams_reasoning_refusals_text_and_calls(
    upstream: ResponsesUpstream, server: ScriptedUpstream
) -> None:
    calls = (Call("lookup", '{"a"', "c1"), Call("patch", "text", "c2", custom=True))
    server.script = in_turn(Reply("Hi there", reasoning="Hm.", refusal="No.", calls=calls))

    events = await answer(upstream)

    assert events[:-1] == [
        ReasoningDelta("Hm.", item_id="rs_1"),
        RefusalDelta("No."),
        MessageStarted(),
        TextDelta("Hi "),
        TextDelta("there"),
        CallStarted(3, "c1", "lookup"),
        CallDelta(3, '{"'),
        CallDelta(3, 'a"'),
        CallStarted(4, "c2", "patch", "custom"),
        CallDelta(4, "te"),
        CallDelta(4, "xt"),
    ]


async def test_keeps_the_parts_of_a_reasoning_summary_apart(
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

    assert [(part.text, part.begins_part) for part in made] == [("First.", False), ("Second.", True)]
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
        RefusalDelta("No.", begins_part=True),
        CallStarted(2, "c1", "lookup", namespace="crm"),
        CallDelta(2, "{}"),
    ]


async def test_tells_messages_apart_by_their_phases(
    upstream: ResponsesUpstream, server: ScriptedUpstream
) -> None:
    message = {"type": "message", "role": "assistant", "content": []}
    events = (
        event("output_item.added", output_index=0, item=message | {"phase": "commentary"}),
        event("output_text.delta", output_index=0, delta="I look."),
        done(message | {"content": [{"type": "output_text", "text": "I look."}]}, 0),
        event("output_item.added", output_index=1, item=message | {"phase": "final_answer"}),
        event("output_text.delta", output_index=1, delta="Blue."),
        event("output_item.added", output_index=2, item=message | {"phase": "soliloquy"}),
        event("output_text.delta", output_index=2, delta="!"),
        completed(),
    )
    server.script = in_turn(Reply(events=events))

    assert (await answer(upstream))[:-1] == [
        MessageStarted("commentary"),
        TextDelta("I look."),
        MessageStarted("final_answer"),
        TextDelta("Blue."),
        MessageStarted(),
        TextDelta("!"),
    ]


TOKEN = {"token": "Hi", "bytes": [72, 105], "logprob": -0.5, "top_logprobs": []}
NOTE = {"type": "url_citation", "url": "https://x.example", "start_index": 0, "end_index": 2, "title": "X"}
ANNOTATED = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Hi", "annotations": [NOTE], "logprobs": [TOKEN]}],
}


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            (
                event("output_text.delta", delta="Hi", logprobs=[TOKEN]),
                event("output_text.annotation.added", annotation_index=0, annotation=NOTE),
                done(ANNOTATED),
            ),
            id="as they come",
        ),
        pytest.param(
            (
                event("output_text.delta", delta="Hi", logprobs=[TOKEN], content_index=None),
                event("output_text.annotation.added", annotation=NOTE, content_index=None),
                done(ANNOTATED),
            ),
            id="without a place",
        ),
        pytest.param(
            (event("output_text.delta", delta="Hi", logprobs=[TOKEN]), done(ANNOTATED)), id="notes at the end"
        ),
        pytest.param((done(ANNOTATED),), id="all at the end"),
    ],
)
async def test_passes_on_probabilities_and_annotations(
    upstream: ResponsesUpstream, server: ScriptedUpstream, events: tuple[JsonObject, ...]
) -> None:
    server.script = in_turn(Reply(events=(*events, completed())))

    assert (await answer(upstream))[:-1] == [TextDelta("Hi", [TOKEN]), AnnotationAdded(NOTE, 0)]


OTHER_NOTE = NOTE | {"title": "Y"}
IN_PARTS = {
    "type": "message",
    "role": "assistant",
    "content": [
        {"type": "output_text", "text": "Hi", "annotations": [NOTE]},
        {"type": "output_text", "text": "Ho", "annotations": [OTHER_NOTE]},
    ],
}
DELTAS = [
    event("output_text.delta", content_index=number, delta=text) for number, text in enumerate(["Hi", "Ho"])
]
NOTES = [
    event("output_text.annotation.added", content_index=number, annotation=note)
    for number, note in enumerate([NOTE, OTHER_NOTE])
]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param((DELTAS[0], NOTES[0], DELTAS[1], NOTES[1], done(IN_PARTS)), id="as they come"),
        pytest.param((*DELTAS, done(IN_PARTS)), id="notes at the end"),
        pytest.param((done(IN_PARTS),), id="all at the end"),
    ],
)
async def test_keeps_the_parts_of_a_message_apart_each_with_its_notes(
    upstream: ResponsesUpstream, server: ScriptedUpstream, events: tuple[JsonObject, ...]
) -> None:
    server.script = in_turn(Reply(events=(*events, completed())))
    composer = Composer()

    for each in await answer(upstream):
        composer.apply(each)

    [message] = dump_items(composer.output)
    said = [(part["text"], part["annotations"]) for part in message["content"]]
    assert said == [("Hi", [NOTE]), ("Ho", [OTHER_NOTE])]


async def test_a_calls_other_members_are_kept(upstream: ResponsesUpstream, server: ScriptedUpstream) -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
    others = {"caller": {"type": "program", "caller_id": "p1"}, "async": True}
    added = call | others | {"arguments": "", "status": "in_progress", "novelty": None}
    server.script = in_turn(
        Reply(events=(event("output_item.added", item=added), done(call | others), completed()))
    )
    composer = Composer()

    told = [told for each in await answer(upstream) for told in composer.apply(each)]

    [kept] = dump_items(composer.output)
    assert kept == call | others | {"id": kept["id"], "status": "completed"}
    assert others.items() <= told[0]["item"].items()


async def test_that_the_provider_compacted_its_own_copy_is_not_passed_on(
    upstream: ResponsesUpstream, server: ScriptedUpstream
) -> None:
    item = {"type": "compaction", "id": "cmp_theirs", "encrypted_content": "theirs"}
    added = event("output_item.added", output_index=0, item=item | {"encrypted_content": ""})
    said = event("output_text.delta", output_index=1, delta="Hi")
    server.script = in_turn(Reply(events=(added, done(item), said, completed())))

    assert (await answer(upstream))[:-1] == [TextDelta("Hi")]


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

    assert await answer(upstream) == [Finished("stop")]


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


# Compaction by the provider


def test_asks_for_a_compaction_with_the_items_and_the_instructions() -> None:
    sampling = Sampling(prompt_cache_key="k", tools=[{"type": "web_search"}])

    assert compact_request(Prompt("m", parse_items(OURS[:1]), "Be brief.", sampling)) == {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": "Hi"}],
        "instructions": "Be brief.",
        "prompt_cache_key": "k",
    }


async def test_brings_back_what_the_provider_left(
    upstream: ResponsesUpstream, server: ScriptedUpstream
) -> None:
    compacted = await upstream.compact(Prompt("m", [HELLO]))

    assert server.paths == ["/v1/responses/compact"]
    assert dump_items(compacted.items) == [
        {"type": "message", "role": "user", "content": "Hello", "id": "msg_0"},
        {"type": "compaction", "id": "cmp_theirs", "encrypted_content": "theirs:1"},
    ]
    assert compacted.usage is not None
    assert compacted.usage.input_tokens > 3


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        pytest.param(Reply(status=404), "server_error", id="no such endpoint"),
        pytest.param(
            Reply(status=400, error={"code": "context_length_exceeded"}),
            "context_length_exceeded",
            id="too long",
        ),
        pytest.param(Reply(events=(ANNOTATED,)), "server_error", id="no compaction item"),
        pytest.param(Reply(events=({"type": "compaction"},)), "server_error", id="an empty item"),
        pytest.param(Reply(cut_after=0), "server_error", id="a cut connection"),
    ],
)
async def test_a_compaction_that_fails_is_an_upstream_error(
    server: ScriptedUpstream, reply: Reply, code: str
) -> None:
    server.follow(in_turn(reply))
    async with new_client(base_url=server.base_url, api_key=None, timeout_seconds=5) as client:
        with pytest.raises(UpstreamError) as error:
            await ResponsesUpstream(client).compact(Prompt("m", [HELLO]))

    assert error.value.code == code
