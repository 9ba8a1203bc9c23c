"""Items that a provider made, its sealed thoughts and its messages stay what they are."""

import pytest

from shared.composer import Composer
from shared.prompt import CallDelta, CallStarted, ItemProduced, MessageStarted, ReasoningDelta, TextDelta
from shared.wire.items import dump_items, parse_item
from shared.wire.model import JsonObject
from tests.composing import STOP, composed, outline


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
