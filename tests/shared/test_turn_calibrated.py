"""Thresholds, limits and targets are in the model's own tokens, however we count."""

from typing import Any

import pytest

from shared.errors import ContextOverflow
from shared.prompt import Finished, Prompt, TextDelta
from shared.window.calibration import EXACT, Correction, Size
from shared.window.entry import total_tokens
from shared.wire.responses import Usage
from tests.fakes import Answer, saying, usage
from tests.talk import LONG, Talk, exchanges, types, user


class Told:
    """A calibration that is told what it knows, and remembers what it was to learn."""

    def __init__(self, correction: Correction) -> None:
        self.known = correction
        self.learned: list[tuple[str, Size, Usage]] = []

    async def correction(self, model: str) -> Correction:
        return self.known

    async def learn(self, model: str, size: Size, reported: Usage) -> None:
        self.learned.append((model, size, reported))


def talk_with(factor: float, **settings: Any) -> Talk:
    return Talk(calibration=Told(Correction(factor)), **settings)


@pytest.mark.parametrize(("factor", "is_compacted"), [(1.0, False), (0.7, False), (2.0, True)])
async def test_a_threshold_is_in_the_models_tokens(factor: float, is_compacted: bool) -> None:
    result = await talk_with(factor).say(LONG, threshold=7000, target=900)

    assert (types(result) == ["compaction", "message"]) is is_compacted


async def test_a_target_is_in_the_models_tokens_and_the_job_has_the_same_name() -> None:
    plain, dense = talk_with(1.0), talk_with(2.0)
    await plain.say(LONG, threshold=1000, target=700)
    result = await dense.say(LONG, threshold=1000, target=700)

    [(name, counted)], [(same, halved)] = plain.compactions.jobs.items(), dense.compactions.jobs.items()
    assert name == same
    # What stays as it came is counted off both.
    assert counted.policy.target_tokens - halved.policy.target_tokens == 700 // 2
    for policy in (counted.policy, halved.policy):
        assert policy.target_tokens // 6 - 1 <= policy.user_tokens <= policy.target_tokens // 6
    assert 2 * total_tokens(result.window[:1]) <= 700


@pytest.mark.parametrize("factor", [1.0, 2.0])
async def test_the_limit_of_the_window_is_in_the_models_tokens(factor: float) -> None:
    talk = talk_with(factor, context_window_tokens=1000)
    said = exchanges(8)

    if factor == 1:
        await talk.say(said)
    else:
        with pytest.raises(ContextOverflow):
            await talk.say(said)


async def test_a_window_is_not_refused_out_of_caution() -> None:
    talk = Talk(calibration=Told(Correction(margin=2.0)), context_window_tokens=1000)

    await talk.say(exchanges(8))

    assert len(talk.seen) == 16


async def test_what_is_left_out_of_a_window_makes_it_fit_in_the_models_tokens() -> None:
    talk = talk_with(2.0, context_window_tokens=1000)
    talk.upstream.script = lambda _prompt: [TextDelta("Fine."), Finished("stop")]

    result = await talk.say([*exchanges(8), user("And now?")], truncation="auto")

    assert result.response.usage is not None
    assert 700 < result.response.usage.input_tokens <= 1000
    assert talk.words[-1] == "And now?"


async def test_a_job_keeps_its_name_while_more_is_learned() -> None:
    told = Told(EXACT)
    talk = Talk(calibration=told)
    first = await talk.say(LONG, threshold=6000)
    assert await talk.window_compactor.compact_ahead(talk.turn(LONG, threshold=6000), first)
    [ahead] = talk.compactions.jobs

    told.known = Correction(1.37, overhead=20)
    second = await talk.say([user("One more. " * 20)], after=first.response.id, threshold=6000)

    assert types(second) == ["compaction", "message"]
    assert list(talk.compactions.jobs) == [ahead]


async def test_usage_that_nobody_reports_is_estimated_in_the_models_tokens() -> None:
    def answer(_prompt: Prompt) -> Answer:
        return [TextDelta("one two three"), Finished("stop")]

    plain, dense = talk_with(1.0), talk_with(2.0)
    plain.upstream.script = dense.upstream.script = answer

    one, two = (await plain.say("Hi there")).response.usage, (await dense.say("Hi there")).response.usage

    assert one is not None
    assert two == usage(2 * one.input_tokens, 2 * one.output_tokens)


async def test_what_was_reported_is_learned_with_what_was_counted_of_it() -> None:
    told = Told(EXACT)
    talk = Talk(lambda _prompt: saying("Fine.", asked=777), calibration=told)

    result = await talk.say(LONG)

    [(model, size, reported)] = told.learned
    assert (model, reported.input_tokens) == ("m", 777)
    assert size.counted == total_tokens(result.window) - result.output[-1].tokens + 3


async def test_an_answer_without_usage_teaches_nothing() -> None:
    told = Told(EXACT)

    await Talk(lambda _prompt: [TextDelta("Fine."), Finished("stop")], calibration=told).say("Hi")

    assert told.learned == []
