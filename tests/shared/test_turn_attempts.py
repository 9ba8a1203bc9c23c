"""A background turn waits without a worker, and a later attempt goes on where one was lost."""

import pytest

from shared.errors import LeaseLost
from shared.partial import fold
from shared.turns import Parked, TurnResult
from shared.wire.events import opening_events
from shared.wire.model import JsonObject
from shared.wire.text import text_of
from tests.fakes import CollectingProgress, in_turn, saying, usage
from tests.summaries import GOOD, writing
from tests.talk import LONG, Talk, types, user

OVER = 4_000


# Background


async def test_a_background_turn_is_parked_while_its_window_is_compacted() -> None:
    talk = Talk()
    talk.compactions.at_once = False
    turn = talk.turn([*LONG, user("And now?")], threshold=OVER, background=True)

    outcome = await talk.run(turn, fold(opening_events(turn.head)))

    [job] = talk.compactions.jobs
    assert outcome == Parked(job)
    assert talk.progress.types == ["in_progress"]
    assert talk.upstream.prompts == []


async def test_a_turn_that_was_parked_goes_on_with_the_compaction_and_repeats_nothing() -> None:
    talk = Talk()
    talk.compactions.at_once = False
    turn = talk.turn([*LONG, user("And now?")], threshold=OVER, background=True)
    told = opening_events(turn.head)
    await talk.run(turn, fold(told))
    told += talk.progress.events
    await talk.compactions.run_all()

    outcome = await talk.run(turn, fold(told))

    assert isinstance(outcome, TurnResult)
    assert types(outcome) == ["compaction", "message"]
    numbers = [event["sequence_number"] for event in [*told, *talk.progress.events]]
    assert numbers == list(range(len(numbers)))
    assert "in_progress" not in talk.progress.types


async def interrupted(talk: Talk, *, after_events: int) -> tuple[TurnResult, list[JsonObject]]:
    """Run a background turn whose first attempt is lost after so many events of its own."""
    turn = talk.turn([*LONG, user("And now?")], threshold=OVER, background=True)
    told = opening_events(turn.head)
    progress = CollectingProgress(most=after_events)
    with pytest.raises(LeaseLost):
        await talk.turns.run(turn, progress, fold(told))
    told += progress.events
    outcome = await talk.run(turn, fold(told))
    assert isinstance(outcome, TurnResult)
    return outcome, [*told, *talk.progress.events, *outcome.closing]


# A whole attempt tells in_progress, the compaction (2), and a message of two words (4) but for its end.
@pytest.mark.parametrize("after_events", range(7))
async def test_the_next_attempt_repeats_nothing_and_closes_what_was_left_open(after_events: int) -> None:
    talk = Talk(in_turn(saying("Fine then.")), summarizer=in_turn(writing(GOOD)))

    outcome, told = await interrupted(talk, after_events=after_events)

    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    kinds = [event["type"] for event in told]
    assert kinds.count("response.in_progress") == 1
    added = [event["output_index"] for event in told if event["type"].endswith("item.added")]
    done = [event["output_index"] for event in told if event["type"].endswith("item.done")]
    assert added == sorted(done) == list(range(len(added)))
    assert text_of(outcome.response.output[-1]) == "Fine then. "
    assert outcome.response.usage == usage(200, 20)


async def test_the_end_of_the_last_item_is_told_with_the_end_of_the_turn_only() -> None:
    talk = Talk()
    turn = talk.turn([user("Hello")], background=True)
    told = opening_events(turn.head)

    outcome = await talk.run(turn, fold(told))

    assert isinstance(outcome, TurnResult)
    assert not any(kind.endswith(".done") for kind in talk.progress.types)
    assert [event["type"].rsplit(".", 2)[-2] for event in outcome.closing] == [
        "output_text",
        "content_part",
        "output_item",
    ]
    numbers = [event["sequence_number"] for event in [*told, *talk.progress.events, *outcome.closing]]
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("threshold", [None, OVER])
async def test_an_answer_that_was_told_but_never_stored_is_given_anew(threshold: int | None) -> None:
    talk = Talk()
    turn = talk.turn([*LONG, user("And now?")], threshold=threshold, background=True)
    told = opening_events(turn.head)
    lost = CollectingProgress()
    await talk.turns.run(turn, lost, fold(told))

    outcome = await talk.run(turn, fold([*told, *lost.events]))

    assert isinstance(outcome, TurnResult)
    assert types(outcome) == (["compaction", "message"] if threshold else ["message"])
    assert outcome.response.output[-1].id == outcome.closing[-1]["item"]["id"]
    assert talk.progress.events[0]["sequence_number"] == len(told) + len(lost.events)


@pytest.mark.parametrize("after_events", [3, 5, 6])
async def test_the_next_attempt_uses_the_compaction_that_was_told(after_events: int) -> None:
    talk = Talk(in_turn(saying("Fine then.")), summarizer=in_turn(writing(GOOD)))

    outcome, told = await interrupted(talk, after_events=after_events)

    compactions = [event["item"] for event in told if event.get("item", {}).get("type") == "compaction"]
    assert len(compactions) == 2
    assert outcome.response.output[0].to_json() == compactions[1]
    assert types(outcome) == ["compaction", "message"]
    assert len(talk.summarizer.prompts) == 1
    assert talk.words[-1] == "And now?"
    assert len({tuple(text_of(item) for item in prompt.items) for prompt in talk.upstream.prompts}) == 1


async def test_the_compaction_that_was_told_is_used_even_when_its_job_is_forgotten() -> None:
    talk = Talk()
    turn = talk.turn([*LONG, user("And now?")], threshold=OVER, background=True)
    told = opening_events(turn.head)
    progress = CollectingProgress(most=4)
    with pytest.raises(LeaseLost):
        await talk.turns.run(turn, progress, fold(told))
    talk.compactions.states.clear()

    outcome = await talk.run(turn, fold([*told, *progress.events]))

    assert isinstance(outcome, TurnResult)
    assert types(outcome) == ["compaction", "message"]
