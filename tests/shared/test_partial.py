"""A stream that broke off is read back as far as it told."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from shared.composer import Composer
from shared.partial import fold
from shared.prompt import AnnotationAdded, Finished, TextDelta, UpstreamEvent
from shared.wire.events import opening_events
from shared.wire.items import Compaction, dump_items, parse_items
from shared.wire.model import JsonObject
from shared.wire.responses import Response
from tests.strategies import answers

HEAD = Response(id="resp_1", created_at=1, status="queued", model="m")


def told(answer: Sequence[UpstreamEvent], composer: Composer) -> list[JsonObject]:
    return [event for each in answer for event in composer.apply(each)]


def words(items: Sequence[JsonObject]) -> str:
    """All text in items, in order."""
    texts = []
    for item in items:
        parts = [*item.get("summary", []), *item.get("content", [])]
        texts += [part.get("text", "") + part.get("refusal", "") for part in parts]
        texts += [item.get("arguments", ""), item.get("input", "")]
    return "".join(texts)


@given(answers())
def test_a_whole_stream_adds_up_to_the_output(answer: Sequence[UpstreamEvent]) -> None:
    composer = Composer()

    partial = fold(told(answer, composer))

    assert partial.items == dump_items(composer.output)
    assert partial.unfinished == {}
    assert partial.next_sequence == composer.next_sequence
    assert partial.next_index == len(composer.output)


@given(answers(), st.data())
def test_any_beginning_adds_up_to_what_it_told(answer: Sequence[UpstreamEvent], data: st.DataObject) -> None:
    events = told(answer, Composer())
    cut = data.draw(st.integers(0, len(events)))
    before = events[:cut]

    partial = fold(before)

    added = [event["output_index"] for event in before if event["type"].endswith("item.added")]
    done = {event["output_index"]: event["item"] for event in before if event["type"].endswith("item.done")}
    assert partial.done == done
    assert sorted([*partial.done, *partial.unfinished]) == added
    assert partial.next_sequence == cut
    for index, item in partial.unfinished.items():
        deltas = [
            event["delta"] for event in before if event.get("output_index") == index and "delta" in event
        ]
        assert sorted(words([item])) == sorted("".join(deltas))


@given(answers(), st.data())
def test_any_beginning_can_be_shown_as_items_and_changes_no_event(
    answer: Sequence[UpstreamEvent], data: st.DataObject
) -> None:
    events = told(answer, Composer())
    before = events[: data.draw(st.integers(0, len(events)))]
    copies = repr(before)

    partial = fold(before)
    shown = dict(zip(sorted([*partial.done, *partial.unfinished]), parse_items(partial.items), strict=True))

    assert all(shown[index].to_json()["status"] == "incomplete" for index in partial.unfinished)
    assert repr(before) == copies


def test_probabilities_and_annotations_are_read_back_with_the_text() -> None:
    token = {"token": "See.", "bytes": [], "logprob": -0.5, "top_logprobs": []}
    note = {"type": "url_citation", "url": "https://x.example"}

    partial = fold(told([TextDelta("See.", [token]), AnnotationAdded(note)], Composer()))

    [part] = partial.items[0]["content"]
    assert (part["text"], part["logprobs"], part["annotations"]) == ("See.", [token], [note])


def test_a_long_answer_is_read_back_in_a_moment() -> None:
    token = {"token": "x", "bytes": [], "logprob": -0.5, "top_logprobs": []}
    deltas = [TextDelta("x" * 100, [token]) for _ in range(20_000)]

    [item] = fold(told(deltas, Composer())).items

    [part] = item["content"]
    assert (len(part["text"]), len(part["logprobs"])) == (2_000_000, 20_000)


def test_a_queued_response_has_not_begun() -> None:
    partial = fold(opening_events(HEAD))

    assert (partial.begun, partial.next_sequence, partial.next_index) == (False, 2, 0)


def test_a_response_in_progress_has_begun() -> None:
    events = [*opening_events(HEAD), *Composer(first_sequence=2).proceed(HEAD)]

    assert fold(events).begun


def test_nothing_told_is_nothing() -> None:
    assert (fold([]).items, fold([]).next_sequence) == ([], 0)


def test_half_a_compaction_is_none() -> None:
    added, _done = Composer().add_item(Compaction(id="cmp_1", encrypted_content="gAAA"))

    assert fold([added]).items == []


def test_the_second_attempt_goes_on_where_the_first_was_lost() -> None:
    first = told([TextDelta("Half a")], Composer())
    partial = fold(first)
    second = Composer(first_sequence=partial.next_sequence, first_index=partial.next_index)
    rest = [*second.abandon(partial.unfinished), *told([TextDelta("A whole"), Finished("stop")], second)]

    whole = fold([*first, *rest])

    assert [event["sequence_number"] for event in [*first, *rest]] == list(range(whole.next_sequence))
    assert [(item["status"], words([item])) for item in whole.items] == [
        ("incomplete", "Half a"),
        ("completed", "A whole"),
    ]
