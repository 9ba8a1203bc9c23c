"""In place, the turns' own model is asked after the turns as it has read them."""

from dataclasses import replace

import pytest

from shared.errors import UpstreamError
from shared.prompt import Prompt, Sampling
from shared.summarizer import Span, Summarizer
from shared.wire.items import parse_items
from shared.wire.text import text_of
from tests.fakes import FakeUpstream, Script, WordCounter, in_turn, usage
from tests.summaries import GOOD, ITEMS, LONG_SPAN, MISBEHAVING, writing
from tests.talk import exchanges

TURNS = Prompt(
    "small", ITEMS, "Be brief.", Sampling(tools=[{"type": "function", "name": "deploy"}], tool_choice="none")
)


SPAN_IN_PLACE = Span(ITEMS, "small", 200, in_place=TURNS)


def in_place(script: Script, *, window_tokens: int = 50_000) -> tuple[Summarizer, FakeUpstream]:
    upstream = FakeUpstream(script)
    return Summarizer(upstream, WordCounter(), window_tokens=window_tokens, in_place=True), upstream


async def test_in_place_the_turns_come_first_as_they_were_and_then_the_question() -> None:
    summarizer, upstream = in_place(in_turn(writing(GOOD)))

    summary = await summarizer.summarize(SPAN_IN_PLACE)

    [prompt] = upstream.prompts
    assert (summary.text, summary.usage, summary.warnings) == (GOOD, usage(100, 10), [])
    assert (prompt.model, prompt.instructions, prompt.items[:-1]) == ("small", "Be brief.", ITEMS)
    assert "Summarise all of it" in text_of(prompt.items[-1])
    assert prompt.sampling == replace(TURNS.sampling, max_output_tokens=200 * 3 // 2 + 256)


@pytest.mark.parametrize(("script", "why"), [case for case in MISBEHAVING if case.id != "echoes"])
async def test_in_place_answers_are_checked_as_all_others(script: Script, why: str) -> None:
    summarizer, upstream = in_place(script)

    summary = await summarizer.summarize(SPAN_IN_PLACE)

    assert (summary.text, summary.warnings) == (None, [why, why])
    assert f"refused: {why}" in text_of(upstream.prompts[1].items[-1])


async def test_turns_that_do_not_fit_are_summarised_between_fences() -> None:
    turns = replace(TURNS, items=parse_items(exchanges(100)))
    span = replace(LONG_SPAN, in_place=turns)
    summarizer, upstream = in_place(in_turn(writing(GOOD)), window_tokens=6_000)

    await summarizer.summarize(span)

    assert len(upstream.prompts) == 3
    assert all("<conversation-" in text_of(prompt.items[0]) for prompt in upstream.prompts)


async def test_turns_that_the_provider_finds_too_long_are_summarised_between_fences() -> None:
    too_long = UpstreamError(code="context_length_exceeded")
    summarizer, upstream = in_place(in_turn([too_long], writing(GOOD)))

    summary = await summarizer.summarize(SPAN_IN_PLACE)

    assert (summary.text, summary.warnings) == (GOOD, [])
    assert "<conversation-" in text_of(upstream.prompts[-1].items[0])


async def test_a_provider_that_fails_in_place_is_not_asked_again() -> None:
    summarizer, upstream = in_place(in_turn([UpstreamError()]))

    summary = await summarizer.summarize(SPAN_IN_PLACE)

    assert (summary.text, len(upstream.prompts)) == (None, 1)


@pytest.mark.parametrize(
    ("span", "wanted"),
    [
        pytest.param(Span(ITEMS, "small", 200), True, id="the turns are not known"),
        pytest.param(SPAN_IN_PLACE, False, id="nobody wants it"),
    ],
)
async def test_else_the_history_is_data_between_fences(span: Span, wanted: bool) -> None:
    upstream = FakeUpstream(in_turn(writing(GOOD)))

    await Summarizer(upstream, WordCounter(), window_tokens=50_000, in_place=wanted).summarize(span)

    [prompt] = upstream.prompts
    assert "<conversation-" in text_of(prompt.items[0])
