"""The events of another Responses API become ours."""

import pytest

from shared.adapters.upstreams.responses.upstream import ResponsesUpstream
from shared.composer import Composer
from shared.errors import UpstreamError
from shared.prompt import (
    AnnotationAdded,
    CallDelta,
    CallStarted,
    Finished,
    ItemProduced,
    MessageStarted,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
)
from shared.wire.items import dump_items
from shared.wire.model import JsonObject
from shared.wire.responses import Usage
from tests.scripted_upstream import Call, Reply, ScriptedUpstream, in_turn
from tests.shared.adapters.upstreams.responses.streams import (
    ANNOTATED,
    NOTE,
    TOKEN,
    answer,
    completed,
    done,
    event,
)


async def test_streams_reasoning_refusals_text_and_calls(
    upstream: ResponsesUpstream, provider: ScriptedUpstream
) -> None:
    calls = (Call("lookup", '{"a"', "c1"), Call("patch", "text", "c2", custom=True))
    provider.script = in_turn(Reply("Hi there", reasoning="Hm.", refusal="No.", calls=calls))

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
    upstream: ResponsesUpstream, provider: ScriptedUpstream
) -> None:
    events = (
        event("reasoning_summary_part.added", summary_index=0),
        event("reasoning_summary_text.delta", summary_index=0, delta="First."),
        event("reasoning_summary_part.added", summary_index=1),
        event("reasoning_summary_text.delta", summary_index=1, delta="Second."),
        completed(),
    )
    provider.script = in_turn(Reply(events=events))

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
    upstream: ResponsesUpstream, provider: ScriptedUpstream, item: JsonObject
) -> None:
    provider.script = in_turn(Reply(events=(done(item), completed())))

    (produced, _) = await answer(upstream)

    assert isinstance(produced, ItemProduced)
    assert produced.item.to_json() == item


async def test_takes_everything_from_finished_items_where_no_deltas_were_streamed(
    upstream: ResponsesUpstream, provider: ScriptedUpstream
) -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    content = [
        {"type": "output_text", "text": "Hi", "annotations": []},
        {"type": "refusal", "refusal": "No."},
    ]
    message = {"type": "message", "role": "assistant", "content": content}
    call = {"type": "function_call", "call_id": "c1", "name": "lookup", "arguments": "{}", "namespace": "crm"}
    provider.script = in_turn(Reply(events=(done(thought, 0), done(message, 1), done(call, 2), completed())))

    assert (await answer(upstream))[:-1] == [
        ReasoningDelta("Hm.", summary=True),
        TextDelta("Hi"),
        RefusalDelta("No.", begins_part=True),
        CallStarted(2, "c1", "lookup", namespace="crm"),
        CallDelta(2, "{}"),
    ]


async def test_tells_messages_apart_by_their_phases(
    upstream: ResponsesUpstream, provider: ScriptedUpstream
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
    provider.script = in_turn(Reply(events=events))

    assert (await answer(upstream))[:-1] == [
        MessageStarted("commentary"),
        TextDelta("I look."),
        MessageStarted("final_answer"),
        TextDelta("Blue."),
        MessageStarted(),
        TextDelta("!"),
    ]


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
    upstream: ResponsesUpstream, provider: ScriptedUpstream, events: tuple[JsonObject, ...]
) -> None:
    provider.script = in_turn(Reply(events=(*events, completed())))

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
    upstream: ResponsesUpstream, provider: ScriptedUpstream, events: tuple[JsonObject, ...]
) -> None:
    provider.script = in_turn(Reply(events=(*events, completed())))
    composer = Composer()

    for each in await answer(upstream):
        composer.apply(each)

    [message] = dump_items(composer.output)
    said = [(part["text"], part["annotations"]) for part in message["content"]]
    assert said == [("Hi", [NOTE]), ("Ho", [OTHER_NOTE])]


async def test_a_calls_other_members_are_kept(
    upstream: ResponsesUpstream, provider: ScriptedUpstream
) -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
    others = {"caller": {"type": "program", "caller_id": "p1"}, "async": True}
    added = call | others | {"arguments": "", "status": "in_progress", "novelty": None}
    provider.script = in_turn(
        Reply(events=(event("output_item.added", item=added), done(call | others), completed()))
    )
    composer = Composer()

    told = [told for each in await answer(upstream) for told in composer.apply(each)]

    [kept] = dump_items(composer.output)
    assert kept == call | others | {"id": kept["id"], "status": "completed"}
    assert others.items() <= told[0]["item"].items()


async def test_that_the_provider_compacted_its_own_copy_is_not_passed_on(
    upstream: ResponsesUpstream, provider: ScriptedUpstream
) -> None:
    item = {"type": "compaction", "id": "cmp_theirs", "encrypted_content": "theirs"}
    added = event("output_item.added", output_index=0, item=item | {"encrypted_content": ""})
    said = event("output_text.delta", output_index=1, delta="Hi")
    provider.script = in_turn(Reply(events=(added, done(item), said, completed())))

    assert (await answer(upstream))[:-1] == [TextDelta("Hi")]


async def test_reads_usage_with_gaps(upstream: ResponsesUpstream, provider: ScriptedUpstream) -> None:
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": None},
        "output_tokens": 5,
        "output_tokens_details": None,
        "total_tokens": 15,
    }
    provider.script = in_turn(Reply(events=(completed(usage=usage),)))

    (finished,) = await answer(upstream)

    assert isinstance(finished, Finished)
    assert finished.usage == Usage(input_tokens=10, output_tokens=5, total_tokens=15)


async def test_ignores_events_that_it_does_not_know(
    upstream: ResponsesUpstream, provider: ScriptedUpstream
) -> None:
    code = event("code_interpreter_call_code.delta", delta="1 + 1")
    strange = ({"type": "keepalive"}, code, event("shell_call_output_content.delta", delta={"stdout": "x"}))
    provider.script = in_turn(Reply(events=(*strange, completed())))

    assert await answer(upstream) == [Finished("stop")]


@pytest.mark.parametrize(
    ("reason", "ours"), [("max_output_tokens", "length"), ("content_filter", "content_filter")]
)
async def test_tells_why_the_answer_is_incomplete(
    upstream: ResponsesUpstream, provider: ScriptedUpstream, reason: str, ours: str
) -> None:
    end = event("incomplete", response={"incomplete_details": {"reason": reason}})
    provider.script = in_turn(Reply(events=(end,)))

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
    upstream: ResponsesUpstream, provider: ScriptedUpstream, failure: JsonObject, code: str
) -> None:
    provider.script = in_turn(Reply(events=(event("output_text.delta", delta="Hi"), failure)))

    with pytest.raises(UpstreamError) as error:
        await answer(upstream)

    assert error.value.code == code
