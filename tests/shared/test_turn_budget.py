"""`max_output_tokens` pays for all that the usage counts: the compaction of the turn, then its answer."""

import pytest

from shared.partial import fold
from shared.turns import TurnResult
from tests.fakes import in_turn, usage
from tests.summaries import GOOD, writing
from tests.talk import LONG, Talk, exchanges, types, user

OVER = 4_000
SPENT = 10  # what the scripted summary takes


def talk_with_a_model() -> Talk:
    return Talk(summarizer=in_turn(writing(GOOD)))


@pytest.mark.parametrize("budget", [16, SPENT + 15], ids=["the least", "one too little for an answer"])
async def test_a_budget_that_the_compaction_used_up_ends_the_turn_after_its_item(budget: int) -> None:
    talk = talk_with_a_model()

    result = await talk.say([*LONG, user("And now?")], threshold=OVER, max_output_tokens=budget)

    assert talk.upstream.prompts == []
    assert (result.response.status, types(result)) == ("incomplete", ["compaction"])
    assert result.response.incomplete_details is not None
    assert result.response.incomplete_details.reason == "max_output_tokens"
    assert result.response.usage == usage(100, SPENT)


async def test_the_next_turn_goes_on_from_that_compaction() -> None:
    talk = talk_with_a_model()
    ended = await talk.say([*LONG, user("And now?")], threshold=OVER, max_output_tokens=16)

    result = await talk.say("Well?", after=ended.response.id, threshold=OVER, max_output_tokens=16)

    assert types(result) == ["message"]
    assert talk.words[-2:] == ["And now?", "Well?"]
    assert talk.upstream.prompts[-1].sampling.max_output_tokens == 16


@pytest.mark.parametrize("budget", [None, SPENT + 16], ids=["no limit", "just enough"])
async def test_the_model_is_given_what_the_compaction_left(budget: int | None) -> None:
    talk = talk_with_a_model()

    result = await talk.say([*LONG, user("And now?")], threshold=OVER, max_output_tokens=budget)

    assert types(result) == ["compaction", "message"]
    assert talk.upstream.prompts[-1].sampling.max_output_tokens == (budget and 16)


async def test_a_compaction_by_the_ledger_costs_nothing() -> None:
    talk = Talk()

    result = await talk.say([*LONG, user("And now?")], threshold=OVER, max_output_tokens=16)

    assert types(result) == ["compaction", "message"]
    assert talk.upstream.prompts[-1].sampling.max_output_tokens == 16


async def test_a_compaction_that_was_made_ahead_is_paid_for_by_the_turn_whose_usage_counts_it() -> None:
    talk = talk_with_a_model()
    ahead = talk.turn(LONG, threshold=5_600)
    first = await talk.run(ahead)
    assert isinstance(first, TurnResult)
    await talk.window_compactor.compact_ahead(ahead, first)
    more = [*exchanges(12), user("And now?")]

    result = await talk.say(more, after=ahead.id, threshold=5_600, max_output_tokens=16)

    assert [job.ahead for job in talk.compactions.jobs.values()] == [True]
    assert (result.response.status, types(result)) == ("incomplete", ["compaction"])
    assert result.response.usage == usage(100, SPENT)


async def test_another_attempt_ends_in_the_same_place_and_says_the_item_once() -> None:
    talk = talk_with_a_model()
    turn = talk.turn([*LONG, user("And now?")], threshold=OVER, max_output_tokens=16)
    first = await talk.run(turn)

    again = await talk.run(turn, fold(talk.progress.events))

    assert isinstance(first, TurnResult)
    assert isinstance(again, TurnResult)
    assert again.response.output == first.response.output
    assert (again.response.status, again.response.usage) == ("incomplete", usage(100, SPENT))
    assert talk.progress.events == []
