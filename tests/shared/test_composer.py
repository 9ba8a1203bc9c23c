"""What a model does becomes the events of the contract, in its order and with its numbers."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.composer import Composer
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
    UpstreamEvent,
)
from shared.wire.items import Compaction, dump_items, parse_item
from shared.wire.model import JsonObject
from shared.wire.responses import Response
from tests.strategies import answers

STOP = Finished("stop")
HEAD = Response(id="resp_1", created_at=1, status="in_progress", model="m")


def composed(*events: UpstreamEvent, composer: Composer | None = None) -> list[JsonObject]:
    composer = composer or Composer()
    return [told for event in events for told in composer.apply(event)]


def outline(events: Sequence[JsonObject]) -> list[str]:
    """Each event in a line: its type, the output index, and what it says."""
    return [
        " ".join(
            [
                event["type"].removeprefix("response."),
                *(
                    str(event[name])
                    for name in ("output_index", "content_index", "summary_index")
                    if name in event
                ),
                *(
                    repr(event[name])
                    for name in ("delta", "text", "refusal", "arguments", "input")
                    if name in event
                ),
                *([event["item"].get("status", "-")] if "item" in event else []),
            ]
        )
        for event in events
    ]


ORDERS = [
    pytest.param(
        [TextDelta("Hi "), TextDelta("there"), STOP],
        [
            "output_item.added 0 in_progress",
            "content_part.added 0 0",
            "output_text.delta 0 0 'Hi '",
            "output_text.delta 0 0 'there'",
            "output_text.done 0 0 'Hi there'",
            "content_part.done 0 0",
            "output_item.done 0 completed",
        ],
        id="text",
    ),
    pytest.param(
        [RefusalDelta("I "), RefusalDelta("won't."), STOP],
        [
            "output_item.added 0 in_progress",
            "content_part.added 0 0",
            "refusal.delta 0 0 'I '",
            'refusal.delta 0 0 "won\'t."',
            'refusal.done 0 0 "I won\'t."',
            "content_part.done 0 0",
            "output_item.done 0 completed",
        ],
        id="refusal",
    ),
    pytest.param(
        [TextDelta("Well."), RefusalDelta("No."), STOP],
        [
            "output_item.added 0 in_progress",
            "content_part.added 0 0",
            "output_text.delta 0 0 'Well.'",
            "output_text.done 0 0 'Well.'",
            "content_part.done 0 0",
            "content_part.added 0 1",
            "refusal.delta 0 1 'No.'",
            "refusal.done 0 1 'No.'",
            "content_part.done 0 1",
            "output_item.done 0 completed",
        ],
        id="text, then a refusal in the same message",
    ),
    pytest.param(
        [CallStarted(0, "c1", "look"), CallDelta(0, '{"a"'), CallDelta(0, ":1}"), STOP],
        [
            "output_item.added 0 in_progress",
            "function_call_arguments.delta 0 '{\"a\"'",
            "function_call_arguments.delta 0 ':1}'",
            "function_call_arguments.done 0 '{\"a\":1}'",
            "output_item.done 0 completed",
        ],
        id="function call",
    ),
    pytest.param(
        [
            CallStarted(0, "c1", "look"),
            CallStarted(1, "c2", "look"),
            CallDelta(1, "2"),
            CallDelta(0, "1"),
            STOP,
        ],
        [
            "output_item.added 0 in_progress",
            "output_item.added 1 in_progress",
            "function_call_arguments.delta 1 '2'",
            "function_call_arguments.delta 0 '1'",
            "function_call_arguments.done 0 '1'",
            "output_item.done 0 completed",
            "function_call_arguments.done 1 '2'",
            "output_item.done 1 completed",
        ],
        id="parallel calls with interleaved deltas",
    ),
    pytest.param(
        [
            CallStarted(0, "c1", "look"),
            CallDelta(0, '{"a":1}'),
            CallStarted(1, "c2", "look"),
            CallDelta(0, " "),
            CallDelta(1, '{"b":'),
            Finished("length"),
        ],
        [
            "output_item.added 0 in_progress",
            "function_call_arguments.delta 0 '{\"a\":1}'",
            "function_call_arguments.done 0 '{\"a\":1}'",
            "output_item.done 0 completed",
            "output_item.added 1 in_progress",
            "function_call_arguments.delta 1 '{\"b\":'",
            "function_call_arguments.done 1 '{\"b\":'",
            "output_item.done 1 incomplete",
        ],
        id="parallel calls one after the other, cut in the second",
    ),
    pytest.param(
        [ReasoningDelta("A", summary=True), ReasoningDelta("B", summary=True, begins_part=True), STOP],
        [
            "output_item.added 0 -",
            "reasoning_summary_part.added 0 0",
            "reasoning_summary_text.delta 0 0 'A'",
            "reasoning_summary_text.done 0 0 'A'",
            "reasoning_summary_part.done 0 0",
            "reasoning_summary_part.added 0 1",
            "reasoning_summary_text.delta 0 1 'B'",
            "reasoning_summary_text.done 0 1 'B'",
            "reasoning_summary_part.done 0 1",
            "output_item.done 0 -",
        ],
        id="a summary in two parts",
    ),
    pytest.param(
        [CallStarted(0, "c1", "patch", "custom"), CallDelta(0, "*** "), CallDelta(0, "x"), STOP],
        [
            "output_item.added 0 in_progress",
            "custom_tool_call_input.delta 0 '*** '",
            "custom_tool_call_input.delta 0 'x'",
            "custom_tool_call_input.done 0 '*** x'",
            "output_item.done 0 completed",
        ],
        id="custom tool",
    ),
    pytest.param(
        [ReasoningDelta("Hm.", summary=True), TextDelta("Yes"), STOP],
        [
            "output_item.added 0 -",
            "reasoning_summary_part.added 0 0",
            "reasoning_summary_text.delta 0 0 'Hm.'",
            "reasoning_summary_text.done 0 0 'Hm.'",
            "reasoning_summary_part.done 0 0",
            "output_item.done 0 -",
            "output_item.added 1 in_progress",
            "content_part.added 1 0",
            "output_text.delta 1 0 'Yes'",
            "output_text.done 1 0 'Yes'",
            "content_part.done 1 0",
            "output_item.done 1 completed",
        ],
        id="reasoning summary, then text",
    ),
    pytest.param(
        [ReasoningDelta("a"), ReasoningDelta("b"), ReasoningDelta("In short", summary=True), STOP],
        [
            "output_item.added 0 -",
            "content_part.added 0 0",
            "reasoning_text.delta 0 0 'a'",
            "reasoning_text.delta 0 0 'b'",
            "reasoning_text.done 0 0 'ab'",
            "content_part.done 0 0",
            "reasoning_summary_part.added 0 0",
            "reasoning_summary_text.delta 0 0 'In short'",
            "reasoning_summary_text.done 0 0 'In short'",
            "reasoning_summary_part.done 0 0",
            "output_item.done 0 -",
        ],
        id="raw reasoning and its summary, each counted by itself",
    ),
    pytest.param(
        [TextDelta("I look."), CallStarted(0, "c1", "look"), CallDelta(0, "{}"), STOP],
        [
            "output_item.added 0 in_progress",
            "content_part.added 0 0",
            "output_text.delta 0 0 'I look.'",
            "output_text.done 0 0 'I look.'",
            "content_part.done 0 0",
            "output_item.done 0 completed",
            "output_item.added 1 in_progress",
            "function_call_arguments.delta 1 '{}'",
            "function_call_arguments.done 1 '{}'",
            "output_item.done 1 completed",
        ],
        id="text, then a call",
    ),
    pytest.param(
        [CallStarted(0, "c1", "look"), TextDelta("Wait"), CallDelta(0, "{}"), STOP],
        [
            "output_item.added 0 in_progress",
            "output_item.added 1 in_progress",
            "content_part.added 1 0",
            "output_text.delta 1 0 'Wait'",
            "function_call_arguments.delta 0 '{}'",
            "function_call_arguments.done 0 '{}'",
            "output_item.done 0 completed",
            "output_text.done 1 0 'Wait'",
            "content_part.done 1 0",
            "output_item.done 1 completed",
        ],
        id="text in the middle of a call",
    ),
    pytest.param(
        [TextDelta("This is"), Finished("length")],
        [
            "output_item.added 0 in_progress",
            "content_part.added 0 0",
            "output_text.delta 0 0 'This is'",
            "output_text.done 0 0 'This is'",
            "content_part.done 0 0",
            "output_item.done 0 incomplete",
        ],
        id="cut by the limit of tokens",
    ),
    pytest.param(
        [ReasoningDelta("Hm"), Finished("content_filter")],
        [
            "output_item.added 0 -",
            "content_part.added 0 0",
            "reasoning_text.delta 0 0 'Hm'",
            "reasoning_text.done 0 0 'Hm'",
            "content_part.done 0 0",
            "output_item.done 0 incomplete",
        ],
        id="cut by a filter",
    ),
    pytest.param([STOP], [], id="nothing at all"),
]


@pytest.mark.parametrize(("answer", "told"), ORDERS)
def test_events_come_in_the_order_of_the_contract(answer: list[UpstreamEvent], told: list[str]) -> None:
    assert outline(composed(*answer)) == told


def test_the_first_events_of_a_foreground_response_say_that_it_is_in_progress() -> None:
    events = Composer().begin(HEAD)

    assert [event["type"] for event in events] == ["response.created", "response.in_progress"]
    assert [event["sequence_number"] for event in events] == [0, 1]
    assert events[0]["response"] == HEAD.to_json()


def test_an_automatic_compaction_is_told_with_its_content_at_the_end_only() -> None:
    composer = Composer(first_sequence=2)
    item = Compaction(id="cmp_1", encrypted_content="gAAA")

    assert composer.add_item(item) == [
        {
            "type": "response.output_item.added",
            "sequence_number": 2,
            "output_index": 0,
            "item": {"type": "compaction", "id": "cmp_1", "encrypted_content": ""},
        },
        {
            "type": "response.output_item.done",
            "sequence_number": 3,
            "output_index": 0,
            "item": {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAA"},
        },
    ]
    assert outline(composer.apply(TextDelta("Hi")))[0] == "output_item.added 1 in_progress"


def test_a_compaction_that_a_trigger_asked_for_is_told_as_compacting() -> None:
    events = Composer().add_item(Compaction(id="cmp_1", encrypted_content="gAAA"), compacting=True)

    assert outline(events) == ["output_item.added 0 -", "compaction.compacting 0", "output_item.done 0 -"]
    assert events[1] == {
        "type": "response.compaction.compacting",
        "sequence_number": 1,
        "output_index": 0,
        "item_id": "cmp_1",
    }


def test_the_documents_of_a_text_answer_are_those_of_the_contract() -> None:
    added, part, delta, text_done, part_done, done = composed(TextDelta("Hi"), STOP)
    name = added["item"]["id"]
    place = {"item_id": name, "output_index": 0, "content_index": 0}
    whole = {"type": "output_text", "annotations": [], "logprobs": [], "text": "Hi"}
    message = {"id": name, "type": "message", "role": "assistant"}

    assert name.startswith("msg_")
    assert added["item"] == message | {"status": "in_progress", "content": []}
    assert part == {
        "type": "response.content_part.added",
        "sequence_number": 1,
        **place,
        "part": whole | {"text": ""},
    }
    assert delta == {
        "type": "response.output_text.delta",
        "sequence_number": 2,
        **place,
        "delta": "Hi",
        "logprobs": [],
    }
    assert text_done == {
        "type": "response.output_text.done",
        "sequence_number": 3,
        **place,
        "text": "Hi",
        "logprobs": [],
    }
    assert part_done == {
        "type": "response.content_part.done",
        "sequence_number": 4,
        **place,
        "part": whole,
    }
    assert done["item"] == message | {"status": "completed", "content": [whole]}


def test_the_documents_of_a_call_are_those_of_the_contract() -> None:
    added, delta, arguments_done, done = composed(
        CallStarted(0, "call_1", "look", namespace="crm"), CallDelta(0, "{}"), STOP
    )
    name = added["item"]["id"]

    assert name.startswith("fc_")
    assert added["item"] == {
        "id": name,
        "type": "function_call",
        "status": "in_progress",
        "call_id": "call_1",
        "name": "look",
        "namespace": "crm",
        "arguments": "",
    }
    assert delta["item_id"] == name
    assert arguments_done["name"] == "look"
    assert done["item"] == added["item"] | {"status": "completed", "arguments": "{}"}


def test_a_custom_call_has_an_input_and_no_arguments() -> None:
    events = composed(CallStarted(0, "call_1", "patch", "custom"), STOP)

    assert events[0]["item"]["id"].startswith("ctc_")
    assert events[-1]["item"]["type"] == "custom_tool_call"
    assert events[-1]["item"]["input"] == ""
    assert "arguments" not in events[-1]["item"]


@pytest.mark.parametrize(
    ("item", "stages"),
    [
        ({"type": "file_search_call", "status": "completed"}, ["in_progress", "searching", "completed"]),
        ({"type": "image_generation_call", "status": "failed"}, ["in_progress", "generating"]),
        ({"type": "code_interpreter_call", "status": "incomplete"}, ["in_progress", "interpreting"]),
        ({"type": "mcp_list_tools", "tools": []}, ["in_progress", "completed"]),
        ({"type": "mcp_call", "error": "No."}, ["in_progress", "failed"]),
        ({"type": "tool_search_call", "status": "completed"}, []),
    ],
)
def test_a_call_of_a_hosted_tool_has_the_events_of_its_kind(item: JsonObject, stages: list[str]) -> None:
    events = composed(ItemProduced(parse_item(item | {"id": "x_1"})))
    told = events[1:-1]
    assert [event["type"] for event in told] == [f"response.{item['type']}.{stage}" for stage in stages]
    assert all((event["item_id"], event["output_index"]) == ("x_1", 0) for event in told)


def test_an_item_that_the_provider_made_passes_whole() -> None:
    searched = {"type": "web_search_call", "id": "ws_1", "status": "completed", "novelty": [1]}
    composer = Composer()

    events = composed(TextDelta("Hm"), ItemProduced(parse_item(searched)), STOP, composer=composer)

    assert outline(events)[-6:] == [
        "output_item.done 0 completed",
        "output_item.added 1 in_progress",
        "web_search_call.in_progress 1",
        "web_search_call.searching 1",
        "web_search_call.completed 1",
        "output_item.done 1 completed",
    ]
    assert dump_items(composer.output)[1] == searched


def test_an_item_that_the_provider_did_not_name_gets_an_id() -> None:
    composer = Composer()

    composed(ItemProduced(parse_item({"type": "tool_search_call", "call_id": "c1"})), composer=composer)

    assert str(composer.output[0].id).startswith("item_")


def test_a_custom_call_whose_input_comes_last_outlives_what_the_provider_made_meanwhile() -> None:
    search = parse_item({"type": "tool_search_call", "id": "ts_1", "call_id": "c1"})
    composer = Composer()

    composed(
        CallStarted(1, "c2", "patch", "custom"),
        ItemProduced(search),
        CallDelta(1, "text"),
        STOP,
        composer=composer,
    )

    assert [item["type"] for item in dump_items(composer.output)] == ["custom_tool_call", "tool_search_call"]
    assert dump_items(composer.output)[0]["input"] == "text"


def test_sealed_reasoning_takes_the_place_of_its_deltas() -> None:
    sealed = {
        "type": "reasoning",
        "id": "rs_theirs",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "gAAA",
    }
    composer = Composer()

    events = composed(
        ReasoningDelta("Hm.", summary=True),
        ItemProduced(parse_item(sealed)),
        TextDelta("Hi"),
        STOP,
        composer=composer,
    )

    assert outline(events)[:7] == [
        "output_item.added 0 -",
        "reasoning_summary_part.added 0 0",
        "reasoning_summary_text.delta 0 0 'Hm.'",
        "reasoning_summary_text.done 0 0 'Hm.'",
        "reasoning_summary_part.done 0 0",
        "output_item.done 0 -",
        "output_item.added 1 in_progress",
    ]
    announced = events[0]["item"]["id"]
    assert dump_items(composer.output)[0] == sealed | {"id": announced}
    assert len(composer.output) == 2


def test_thoughts_keep_the_name_under_which_the_provider_seals_them() -> None:
    sealed = parse_item({"type": "reasoning", "id": "rs_theirs", "summary": [], "encrypted_content": "gAAA"})
    composer = Composer()

    events = composed(ReasoningDelta("Hm.", item_id="rs_theirs"), ItemProduced(sealed), composer=composer)

    assert events[0]["item"]["id"] == "rs_theirs"
    assert composer.output == [sealed]


def test_thoughts_with_another_name_are_another_item() -> None:
    composer = Composer()

    composed(
        ReasoningDelta("One", item_id="rs_1"),
        ReasoningDelta("Two", item_id="rs_2"),
        ReasoningDelta(" more"),
        STOP,
        composer=composer,
    )

    said = [(item["id"], item["content"][0]["text"]) for item in dump_items(composer.output)]
    assert said == [("rs_1", "One"), ("rs_2", "Two more")]


def test_thoughts_that_come_sealed_under_another_name_are_another_item() -> None:
    sealed = parse_item({"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gAAA"})
    composer = Composer()

    composed(
        ReasoningDelta("Hm.", summary=True, item_id="rs_1"), ItemProduced(sealed), STOP, composer=composer
    )

    [left, other] = composer.output
    assert left.to_json() == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm."}],
    }
    assert other == sealed


def test_messages_in_a_row_stay_apart_and_keep_their_phases() -> None:
    composer = Composer()

    composed(
        MessageStarted("commentary"),
        TextDelta("I look."),
        MessageStarted("final_answer"),
        TextDelta("Blue."),
        STOP,
        composer=composer,
    )

    said = [(item["phase"], item["content"][0]["text"]) for item in dump_items(composer.output)]
    assert said == [("commentary", "I look."), ("final_answer", "Blue.")]


def test_a_message_in_which_nothing_is_said_is_none() -> None:
    assert composed(MessageStarted("commentary"), STOP) == []


def test_a_phase_is_that_of_one_message_only() -> None:
    composer = Composer()

    composed(
        MessageStarted("commentary"),
        TextDelta("a"),
        MessageStarted(),
        TextDelta("b"),
        STOP,
        composer=composer,
    )

    assert ["phase" in item for item in dump_items(composer.output)] == [True, False]


def a_token(token: str) -> JsonObject:
    return {"token": token, "bytes": [], "logprob": -0.5, "top_logprobs": []}


def test_probabilities_are_told_with_each_delta_and_all_of_them_at_the_end() -> None:
    one, two = a_token("Hi"), a_token(" there")

    _, _, first, second, text_done, part_done, done = composed(
        TextDelta("Hi", [one]), TextDelta(" there", [two]), STOP
    )

    assert (first["logprobs"], second["logprobs"]) == ([one], [two])
    assert text_done["logprobs"] == part_done["part"]["logprobs"] == [one, two]
    assert done["item"]["content"][0]["logprobs"] == [one, two]


def test_each_part_has_the_probabilities_of_its_own_tokens() -> None:
    one, two = a_token("Hi"), a_token("So")

    *_, done = composed(TextDelta("Hi", [one]), RefusalDelta("No."), TextDelta("So", [two]), STOP)

    assert [part.get("logprobs") for part in done["item"]["content"]] == [[one], None, [two]]


def test_annotations_are_told_one_by_one_and_stand_in_the_text() -> None:
    first, second = {"type": "url_citation", "url": "a"}, {"type": "url_citation", "url": "b"}

    events = composed(TextDelta("See."), AnnotationAdded(first), AnnotationAdded(second), STOP)

    told = [event for event in events if event["type"] == "response.output_text.annotation.added"]
    message = events[0]["item"]["id"]
    assert told == [
        {
            "type": "response.output_text.annotation.added",
            "sequence_number": 3 + number,
            "item_id": message,
            "output_index": 0,
            "content_index": 0,
            "annotation_index": number,
            "annotation": annotation,
        }
        for number, annotation in enumerate([first, second])
    ]
    assert events[1]["part"]["annotations"] == []
    assert events[-1]["item"]["content"][0]["annotations"] == [first, second]


def test_a_note_stands_in_the_part_that_it_is_about() -> None:
    first, last = {"url": "a"}, {"url": "b"}

    events = composed(
        TextDelta("Hi"),
        TextDelta("Ho", begins_part=True),
        AnnotationAdded(first, 0),
        AnnotationAdded(last, 7),
        RefusalDelta("No."),
        RefusalDelta("Never.", begins_part=True),
        STOP,
    )

    told = [event for event in events if "annotation" in event]
    assert [(each["content_index"], each["annotation_index"]) for each in told] == [(0, 0), (1, 0)]
    parts = events[-1]["item"]["content"]
    assert [part.get("text", part.get("refusal")) for part in parts] == ["Hi", "Ho", "No.", "Never."]
    assert [part["annotations"] for part in parts[:2]] == [[first], [last]]


def test_what_a_lost_attempt_left_open_is_closed_and_not_in_the_output() -> None:
    left = {3: {"id": "msg_1", "type": "message", "status": "in_progress"}, 2: {"id": "fc_1", "type": "x"}}
    composer = Composer(first_sequence=7, first_index=4)

    events = composer.abandon(left)

    assert outline(events) == ["output_item.done 2 incomplete", "output_item.done 3 incomplete"]
    assert [event["sequence_number"] for event in events] == [7, 8]
    assert composer.output == []


def test_what_an_earlier_attempt_finished_stays_in_its_place() -> None:
    kept = Compaction(id="cmp_1", encrypted_content="x")
    composer = Composer(first_sequence=4, first_index=1)
    composer.keep([(0, kept)])

    composed(TextDelta("Hi"), STOP, composer=composer)

    assert composer.output[0] == kept
    assert len(composer.output) == 2


@given(answers(), st.integers(0, 50), st.integers(0, 9))
def test_numbers_go_on_without_a_gap_and_each_item_has_an_index_of_its_own(
    answer: Sequence[UpstreamEvent], first_sequence: int, first_index: int
) -> None:
    composer = Composer(first_sequence=first_sequence, first_index=first_index)

    events = composed(*answer, composer=composer)

    assert [event["sequence_number"] for event in events] == list(
        range(first_sequence, composer.next_sequence)
    )
    indices = [event["output_index"] for event in events if event["type"].endswith("output_item.added")]
    assert indices == list(range(first_index, first_index + len(composer.output)))


@given(answers())
def test_every_item_that_was_added_is_done_once_under_its_own_id(answer: Sequence[UpstreamEvent]) -> None:
    events = composed(*answer)
    added = [
        (e["output_index"], e["item"]["id"], e["item"]["type"])
        for e in events
        if e["type"].endswith("item.added")
    ]
    done = [
        (e["output_index"], e["item"]["id"], e["item"]["type"])
        for e in events
        if e["type"].endswith("item.done")
    ]

    assert sorted(done) == added


@given(answers())
def test_the_deltas_of_a_part_add_up_to_what_its_end_says(answer: Sequence[UpstreamEvent]) -> None:
    grown: dict[tuple[object, ...], str] = {}
    for event in composed(*answer):
        kind, _, stage = event["type"].rpartition(".")
        place = (kind, event.get("item_id"), event.get("content_index"), event.get("summary_index"))
        if stage == "delta":
            grown[place] = grown.get(place, "") + event["delta"]
        elif stage == "done" and "item" not in event and "part" not in event:
            said = next(event[name] for name in ("text", "refusal", "arguments", "input") if name in event)
            assert grown.pop(place, "") == said
    assert grown == {}
