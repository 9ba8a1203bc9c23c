"""Each portion of a long history is paid once, over all attempts, and many of them become jobs of their own."""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from shared.compaction.sections import split_sections
from shared.compactor import Compactor
from shared.errors import LeaseLost
from shared.portions import MOST_IN_ONE_TASK
from shared.prompt import Finished, Prompt, TextDelta, UpstreamEvent
from shared.summaries import PartsAsked, Summary
from shared.summarizer import Span, Summarizer
from shared.wire.items import parse_items
from shared.wire.text import text_of
from tests.fakes import Answer, FakeUpstream, InMemoryCheckpoints, Script, WordCounter, in_turn, usage
from tests.summaries import GOOD, STOP, summary_of, writing
from tests.talk import exchanges

COUNT = WordCounter().count
WINDOW_TOKENS = 2_600
TEN_PORTIONS = Span(parse_items(exchanges(55)), "m", 200)
MANY_PORTIONS = Span(parse_items(exchanges(600)), "m", 100)


def hearing(prompt: Prompt) -> Answer:
    """Say the first and the last number that was heard."""
    numbers = re.findall(r"(?:Question|Answer|heard|to) (\d+)", text_of(prompt.items[0]))
    return writing(summary_of(f"- heard {numbers[0]} to {numbers[-1]}"))


def open_summarizer(script: Script, *, window_tokens: int = WINDOW_TOKENS) -> tuple[Summarizer, FakeUpstream]:
    upstream = FakeUpstream(script)
    return Summarizer(upstream, WordCounter(), window_tokens=window_tokens), upstream


async def test_what_an_attempt_has_paid_for_is_not_asked_again_and_is_counted_once() -> None:
    untroubled, upstream = open_summarizer(hearing)
    whole = await untroubled.summarize(TEN_PORTIONS)
    calls = len(upstream.prompts)
    checkpoints = InMemoryCheckpoints(lost_after=6)
    first, _ = open_summarizer(hearing)
    with pytest.raises(LeaseLost):
        await first.summarize(TEN_PORTIONS, checkpoints)

    next_checkpoints = InMemoryCheckpoints()
    next_checkpoints.kept = dict(checkpoints.kept)
    second, upstream = open_summarizer(hearing)
    summary = await second.summarize(TEN_PORTIONS, next_checkpoints)

    assert len(checkpoints.kept) == 6
    assert len(upstream.prompts) == calls - 6
    assert summary == whole
    assert (summary.calls, summary.usage) == (calls, usage(100 * calls, 10 * calls))


async def test_an_attempt_that_has_lost_its_lease_asks_for_nothing_more() -> None:
    class PatientUpstream(FakeUpstream):
        """Begins every answer, and ends only the first."""

        async def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
            self.prompts.append(prompt)
            try:
                if len(self.prompts) > 1:
                    await asyncio.Event().wait()
                yield TextDelta(GOOD)
                yield Finished("stop", usage(100, 10))
            finally:
                self.closed += 1

    upstream = PatientUpstream(in_turn([STOP]))
    summarizer = Summarizer(upstream, WordCounter(), window_tokens=WINDOW_TOKENS)

    with pytest.raises(LeaseLost):
        await summarizer.summarize(TEN_PORTIONS, InMemoryCheckpoints(lost_after=0))

    # The first eight and the one that took the first one's place.
    assert len(upstream.prompts) <= 9
    assert upstream.closed == len(upstream.prompts)


async def test_a_portion_that_came_to_nothing_is_not_paid_twice_either() -> None:
    checkpoints = InMemoryCheckpoints()
    summarizer, upstream = open_summarizer(in_turn([STOP]))
    first = await summarizer.summarize(TEN_PORTIONS, checkpoints)
    asked = len(upstream.prompts)

    second = await summarizer.summarize(TEN_PORTIONS, checkpoints)

    assert first.text is None
    assert second == first
    assert len(upstream.prompts) == asked


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"max_tokens": 300},
        {"instructions": "Name every ticket."},
        {"anchor": "## Goal\n- another"},
        {"items": parse_items(exchanges(56)[2:])},
    ],
    ids=["the model", "the size", "the wish", "the summary so far", "the history"],
)
async def test_what_was_asked_otherwise_is_asked_again(change: dict[str, object]) -> None:
    checkpoints = InMemoryCheckpoints()
    summarizer, upstream = open_summarizer(hearing)
    await summarizer.summarize(TEN_PORTIONS, checkpoints)
    asked = len(upstream.prompts)

    await summarizer.summarize(replace(TEN_PORTIONS, **change), checkpoints)  # type: ignore[arg-type]

    assert len(upstream.prompts) > asked


async def spread(span: Span, checkpoints: InMemoryCheckpoints) -> tuple[Summary, FakeUpstream, list[int]]:
    """Summarise as workers do that are given part after part; also how many parts each round had."""
    summarizer, upstream = open_summarizer(hearing)
    rounds: list[int] = []
    while True:
        try:
            return await summarizer.summarize(span, checkpoints), upstream, rounds
        except PartsAsked:
            rounds.append(len(checkpoints.parts))
            for name, portion in checkpoints.parts.items():
                await checkpoints.keep(name, await summarizer.summarize_portion(portion))
            checkpoints.parts.clear()


async def test_many_portions_become_jobs_of_their_own_and_are_then_folded() -> None:
    summarizer, upstream = open_summarizer(hearing)
    checkpoints = InMemoryCheckpoints()
    with pytest.raises(PartsAsked):
        await summarizer.summarize(MANY_PORTIONS, checkpoints)
    assert len(checkpoints.parts) > MOST_IN_ONE_TASK
    assert upstream.prompts == []

    summary, upstream, rounds = await spread(MANY_PORTIONS, InMemoryCheckpoints())

    assert rounds[0] == len(checkpoints.parts)
    assert summary.text is not None
    goals = split_sections(summary.text)["Goal"]
    assert goals[0].startswith("- heard 0 to")
    assert goals[-1].endswith("to 599")
    assert summary.calls == len(upstream.prompts)
    assert summary.usage == usage(100 * summary.calls, 10 * summary.calls)


async def test_the_summaries_of_hundreds_of_portions_never_exceed_the_window_together() -> None:
    window = 3_000
    upstream = FakeUpstream(hearing_much)
    summarizer = Summarizer(upstream, WordCounter(), window_tokens=window)

    summary = await summarizer.summarize(Span(parse_items(exchanges(1_000)), "m", 200))

    sizes = [COUNT(str(prompt.instructions)) + COUNT(text_of(prompt.items[0])) for prompt in upstream.prompts]
    again = [prompt for prompt in upstream.prompts if "[summaries of the " in text_of(prompt.items[0])]
    assert summary.text is not None
    assert len(sizes) - len(again) > 100
    assert len(again) > 10  # a round alone would not do
    assert max(sizes) <= window


def hearing_much(prompt: Prompt) -> Answer:
    """Say about as much as was asked for, each time something else."""
    numbers = re.findall(r"(?:Question|Answer|heard|to) (\d+)", text_of(prompt.items[0]))
    return writing(summary_of(f"- heard {numbers[0]} to {numbers[-1]} {'and more ' * 10}"))


async def test_a_part_in_a_worker_without_a_summariser_comes_to_nothing_and_says_so() -> None:
    checkpoints = InMemoryCheckpoints()
    summarizer, _ = open_summarizer(hearing)
    with pytest.raises(PartsAsked):
        await summarizer.summarize(MANY_PORTIONS, checkpoints)
    portion = next(iter(checkpoints.parts.values()))

    asked = await Compactor(WordCounter(), summarizer).summarize(portion)
    summary = await Compactor(WordCounter(), None).summarize(portion)

    assert asked.text is not None
    assert (summary.text, summary.warnings) == (None, ["the worker of a part has no summariser."])


async def test_a_part_that_fails_makes_the_whole_fail_with_its_reason() -> None:
    checkpoints = InMemoryCheckpoints()
    summarizer, _ = open_summarizer(hearing)
    with pytest.raises(PartsAsked):
        await summarizer.summarize(MANY_PORTIONS, checkpoints)
    lost, *done = checkpoints.parts
    for name in done:
        await checkpoints.keep(name, Summary(GOOD, usage(100, 10), [], 1))
    checkpoints.failing = {lost: "its worker was lost"}

    summary = await summarizer.summarize(MANY_PORTIONS, checkpoints)

    assert (summary.text, summary.warnings) == (None, ["its worker was lost"])
    assert summary.calls == len(done)
