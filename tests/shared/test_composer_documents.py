"""Each event of an answer is the document of the contract, to the field."""

from shared.prompt import AnnotationAdded, CallDelta, CallStarted, RefusalDelta, TextDelta
from shared.wire.model import JsonObject
from tests.composing import STOP, composed


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
