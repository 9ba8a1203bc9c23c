"""A compaction is started before anyone needs it, once, and used when it is needed."""

from dataclasses import replace
from typing import Any

import pytest

from shared.compactions import CompactionState
from shared.lifecycle import JobStatus
from shared.turns import Parked, TurnResult
from shared.wire.model import JsonObject
from tests.fakes import in_turn, saying
from tests.talk import A_CALL, LONG, RULE, Talk, exchanges, types, user

# LONG is about 5,000 tokens: nine tenths of this.
THRESHOLD = 5_600
MORE = [*exchanges(12), user("And now?")]


async def say_ahead(
    talk: Talk, said: list[JsonObject], *, after: str | None = None, **fields: Any
) -> TurnResult:
    """Run a turn as a door does: store it, then look ahead."""
    turn = talk.turn(said, after=after, threshold=THRESHOLD, **fields)
    outcome = await talk.run(turn)
    assert isinstance(outcome, TurnResult)
    await talk.window_compactor.compact_ahead(turn, outcome)
    return outcome


async def test_a_window_near_its_threshold_is_compacted_before_anyone_asks() -> None:
    talk = Talk()
    result = await say_ahead(talk, LONG)
    assert types(result) == ["message"]
    [job] = talk.compactions.jobs.values()
    assert job.ahead


async def test_the_turn_that_crosses_uses_it_and_asks_for_no_other() -> None:
    talk = Talk()
    first = await say_ahead(talk, LONG)
    second = await say_ahead(talk, MORE, after=first.response.id)
    assert types(second) == ["compaction", "message"]
    assert RULE in "\n".join(talk.words)
    assert talk.words[-1] == "And now?"
    assert len(talk.compactions.jobs) == 1


async def test_a_client_that_sends_everything_finds_it_too() -> None:
    talk = Talk()
    first = await say_ahead(talk, LONG)
    said = [item.to_json() for item in first.response.output]
    second = await say_ahead(talk, [*LONG, *said, *MORE])
    assert types(second) == ["compaction", "message"]
    assert len(talk.compactions.jobs) == 1


async def test_a_background_turn_waits_for_one_that_still_runs_and_has_it_hurried() -> None:
    talk = Talk()
    talk.compactions.at_once = False
    first = await say_ahead(talk, LONG)
    turn = talk.turn(MORE, after=first.response.id, threshold=THRESHOLD, background=True)
    outcome = await talk.run(turn)
    [job] = talk.compactions.jobs
    assert outcome == Parked(job)
    assert talk.compactions.hurried == [job]


async def test_a_failed_one_is_as_if_it_had_never_been() -> None:
    talk = Talk()
    talk.compactions.failing = True
    first = await say_ahead(talk, LONG)
    talk.compactions.failing = False
    second = await say_ahead(talk, MORE, after=first.response.id)
    assert types(second) == ["compaction", "message"]
    assert len(talk.compactions.jobs) == 2


async def test_one_that_is_too_far_back_is_not_used() -> None:
    talk = Talk()
    first = await say_ahead(talk, LONG)
    second = await say_ahead(talk, [*exchanges(40), user("And now?")], after=first.response.id)
    assert types(second) == ["compaction", "message"]
    assert [job.ahead for job in talk.compactions.jobs.values()] == [True, False]


async def test_nothing_is_started_while_an_earlier_one_will_do() -> None:
    talk = Talk()
    last = await say_ahead(talk, LONG)
    for number in range(3):
        last = await say_ahead(talk, [user(f"Line {number}")], after=last.response.id)
    assert len(talk.compactions.jobs) == 1


async def test_a_full_queue_is_no_error() -> None:
    talk = Talk()
    talk.compactions.full = True
    await say_ahead(talk, LONG)
    assert not talk.compactions.jobs


@pytest.mark.parametrize(
    ("settings", "fields"),
    [({"compact_ahead_ratio": 0}, {}), ({}, {"store": False}), ({}, {"target": 5_000})],
    ids=["switched off", "not stored", "little to gain"],
)
async def test_nothing_is_started(settings: dict[str, Any], fields: dict[str, Any]) -> None:
    talk = Talk(**settings)
    await say_ahead(talk, LONG, **fields)
    assert not talk.compactions.jobs


async def test_a_conversation_that_is_far_from_its_threshold_is_left_alone() -> None:
    talk = Talk()
    first = await say_ahead(talk, exchanges(20))
    await say_ahead(talk, [user("Hi")], after=first.response.id)
    assert not talk.compactions.jobs


async def test_a_conversation_that_grows_in_leaps_is_compacted_earlier() -> None:
    talk = Talk()
    first = await say_ahead(talk, exchanges(30))
    assert not talk.compactions.jobs
    await say_ahead(talk, [user("and so on " * 500)], after=first.response.id)
    assert len(talk.compactions.jobs) == 1


async def test_a_compaction_that_vanished_is_asked_for_again() -> None:
    talk = Talk()
    first = await say_ahead(talk, LONG)
    [job_id] = talk.compactions.jobs
    talk.compactions.states[job_id] = CompactionState(job_id, JobStatus.FAILED)
    second = await say_ahead(talk, MORE, after=first.response.id)
    assert types(second) == ["compaction", "message"]


async def test_a_tool_loop_finds_it_too() -> None:
    talk = Talk(in_turn(A_CALL, saying("Fine.")))
    first = await say_ahead(talk, LONG)
    output = {"type": "function_call_output", "call_id": "c1", "output": "and so on " * 300}

    second = await say_ahead(talk, [output], after=first.response.id)

    assert types(second) == ["compaction", "message"]
    assert [job.ahead for job in talk.compactions.jobs.values()] == [True]
    assert [item.type for item in talk.seen[-2:]] == ["function_call", "function_call_output"]


async def test_instructions_and_tools_bring_the_threshold_nearer() -> None:
    talk = Talk()

    await say_ahead(talk, exchanges(30), instructions="Be brief. " * 1_200)

    assert len(talk.compactions.jobs) == 1


async def test_a_leap_is_remembered_for_some_turns() -> None:
    talk = Talk()
    first = await say_ahead(talk, exchanges(5))
    second = await say_ahead(talk, [user("and so on " * 700)], after=first.response.id)
    assert not talk.compactions.jobs
    await say_ahead(talk, [user("and so on " * 340)], after=second.response.id)

    assert len(talk.compactions.jobs) == 1


async def test_the_turn_that_uses_one_says_whether_it_was_ready() -> None:
    talk = Talk()
    first = await say_ahead(talk, LONG)
    await say_ahead(talk, MORE, after=first.response.id)

    assert list(talk.compactions.outcomes.values()) == ["in_time"]


async def test_one_that_a_turn_has_to_wait_for_came_late() -> None:
    talk = Talk()
    talk.compactions.at_once = False
    first = await say_ahead(talk, LONG)
    await talk.run(talk.turn(MORE, after=first.response.id, threshold=THRESHOLD, background=True))
    await talk.compactions.run_all()
    await say_ahead(talk, MORE, after=first.response.id)

    assert list(talk.compactions.outcomes.values()) == ["late"]


async def test_one_that_is_ready_is_used_before_one_of_more_that_is_still_made() -> None:
    talk = Talk()
    first = await say_ahead(talk, LONG)
    [ready] = talk.compactions.jobs
    talk.compactions.at_once = False
    # No door would start this one: it is there as from another process.
    turn = talk.turn([user("Hm.")], after=first.response.id, threshold=THRESHOLD)
    second = await talk.run(turn)
    assert isinstance(second, TurnResult)
    policy = talk.window_compactor.jobs.policy(turn, second.window, THRESHOLD)
    job = talk.window_compactor.jobs.of_window(turn, second.window, policy)
    await talk.compactions.enqueue(replace(job, ahead=True))

    third = await say_ahead(talk, MORE, after=second.response.id)

    assert types(third) == ["compaction", "message"]
    assert talk.compactions.outcomes == {ready: "in_time", job.id: "superseded"}
    assert talk.compactions.states[job.id].status is JobStatus.CANCELLED


async def test_one_is_given_up_for_one_of_more_and_made_anew_for_who_needs_it_after_all() -> None:
    talk = Talk()
    talk.compactions.at_once = False
    first = await say_ahead(talk, [*exchanges(10), user("and so on " * 700)])
    [given_up] = talk.compactions.jobs
    await say_ahead(talk, exchanges(20), after=first.response.id)
    assert talk.compactions.outcomes == {given_up: "superseded"}
    assert talk.compactions.states[given_up].status is JobStatus.CANCELLED

    talk.compactions.at_once = True
    other = await say_ahead(talk, [user("and so on " * 1_000)], after=first.response.id)

    assert types(other) == ["compaction", "message"]
