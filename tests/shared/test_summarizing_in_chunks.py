"""A history longer than the summariser's window is summarised in portions and folded."""

import re
from dataclasses import replace
from typing import Any

import pytest

from shared.compaction.sections import fold_sections, split_sections
from shared.prompt import Prompt
from shared.summarizer import Span, Summarizer
from shared.wire.items import parse_items
from shared.wire.text import text_of
from tests.fakes import Answer, FakeUpstream, Script, WordCounter, in_turn, saying, usage
from tests.summaries import GOOD, LONG_SPAN, portions_of, summary_of, writing
from tests.talk import exchanges


def in_chunks(script: Script) -> tuple[Summarizer, FakeUpstream]:
    upstream = FakeUpstream(script)
    return Summarizer(upstream, WordCounter(), window_tokens=2_500), upstream


async def test_the_summaries_of_chunks_are_folded_and_their_cost_is_summed() -> None:
    def script(prompt: Prompt) -> Answer:
        numbers = re.findall(r"Question (\d+)", text_of(prompt.items[0]))
        return writing(summary_of(f"- heard {numbers[0]} to {numbers[-1]}"))

    summarizer, upstream = in_chunks(script)
    items = parse_items(exchanges(12))

    summary = await summarizer.summarize(Span(items, "m", 900))

    count = len(upstream.prompts)
    assert count == 3
    assert summary.text is not None
    assert split_sections(summary.text)["Goal"] == ["- heard 0 to 5", "- heard 6 to 10", "- heard 11 to 11"]
    assert summary.usage == usage(100 * count, 10 * count)
    assert all("at most 300 tokens" in str(prompt.instructions) for prompt in upstream.prompts)


async def test_only_the_first_chunk_updates_the_summary_so_far() -> None:
    summarizer, upstream = in_chunks(in_turn(writing(GOOD)))

    await summarizer.summarize(Span(parse_items(exchanges(12)), "m", 900, GOOD))

    assert ["<summary-so-far-" in text_of(prompt.items[0]) for prompt in upstream.prompts] == [
        True,
        False,
        False,
    ]


async def test_a_chunk_that_fails_makes_the_whole_fail_with_its_reason() -> None:
    def script(prompt: Prompt) -> Answer:
        return saying("No.") if "Question 11" in text_of(prompt.items[0]) else writing(GOOD)

    summarizer, _ = in_chunks(script)

    summary = await summarizer.summarize(Span(parse_items(exchanges(12)), "m", 900))

    assert summary.text is None
    assert summary.warnings == ["it was empty or far too short."] * 2


@pytest.mark.parametrize(
    ("windows", "portions"),
    [
        pytest.param({"window_tokens": 100_000}, 1, id="unknown"),
        pytest.param({"window_tokens": 100_000, "window_of": {"small": 6_000}.get}, 3, id="of the model"),
        pytest.param({"window_tokens": 100_000, "window_of": {"other": 6_000}.get}, 1, id="of another model"),
        pytest.param(
            {"window_tokens": 6_000, "window_of": {"small": 100_000}.get}, 3, id="of the summariser"
        ),
        pytest.param({"window_tokens": 1}, 19, id="far too small"),
    ],
)
def test_the_smaller_window_says_how_much_is_summarised_at_once(windows: Any, portions: int) -> None:
    assert len(portions_of(in_turn(writing(GOOD)), LONG_SPAN, **windows).prompts) == portions


def test_what_stands_beside_the_history_takes_room_too() -> None:
    beside = replace(LONG_SPAN, anchor="so it was " * 300, instructions="Name it. " * 300)

    assert len(portions_of(in_turn(writing(GOOD)), beside, window_tokens=6_000).prompts) > 3


@pytest.mark.parametrize(
    ("question", "text"),
    [("Question 99", fold_sections([GOOD])), ("Question 0:", None)],
    ids=["last", "first"],
)
async def test_a_later_portion_may_say_nothing_but_not_the_first(question: str, text: str | None) -> None:
    def script(prompt: Prompt) -> Answer:
        return writing(summary_of() if question in text_of(prompt.items[0]) else GOOD)

    summarizer, upstream = in_chunks(script)

    summary = await summarizer.summarize(Span(parse_items(exchanges(100)), "m", 2_000))

    assert len(upstream.prompts) > 2
    assert summary.text == text


async def test_one_item_that_is_larger_than_the_window_is_summarised_in_parts() -> None:
    log = parse_items([{"type": "function_call_output", "call_id": "c", "output": "so it was " * 3_000}])
    summarizer, upstream = in_chunks(in_turn(writing(GOOD)))

    summary = await summarizer.summarize(Span(log, "m", 900))

    asked = [text_of(prompt.items[0]) for prompt in upstream.prompts]
    assert summary.text is not None
    assert all(f"[tool result, part {n} of {len(asked)}] " in text for n, text in enumerate(asked, start=1))


async def test_many_portions_are_not_asked_for_less_than_a_summary_and_are_summarised_together() -> None:
    def script(prompt: Prompt) -> Answer:
        numbers = re.findall(r"Question (\d+)", text_of(prompt.items[0]))
        return writing(
            summary_of(f"- heard {numbers[0]} to {numbers[-1]}") if numbers else summary_of("- all")
        )

    summarizer, upstream = in_chunks(script)

    summary = await summarizer.summarize(Span(parse_items(exchanges(100)), "m", 60))

    again = [
        prompt for prompt in upstream.prompts if "[summaries of the parts, in " in text_of(prompt.items[0])
    ]
    count = len(upstream.prompts)
    assert all("at most 60 tokens" in str(prompt.instructions) for prompt in upstream.prompts)
    assert count - len(again) > 10
    assert "[summaries of the parts, in order] ## Goal\n- heard 0 to" in text_of(again[0].items[0])
    assert (summary.text, summary.usage, summary.calls) == (
        fold_sections([summary_of("- all")]),
        usage(100 * count, 10 * count),
        count,
    )
