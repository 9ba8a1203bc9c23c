"""What a model does becomes the events of the contract, in its order and with its numbers."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.composer import Composer
from shared.prompt import (
    CallDelta,
    CallStarted,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    UpstreamEvent,
)
from shared.wire.items import Compaction
from shared.wire.responses import Response
from tests.composing import STOP, composed, outline
from tests.strategies import answers

HEAD = Response(id="resp_1", created_at=1, status="in_progress", model="m")
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
