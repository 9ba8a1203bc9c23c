"""A summariser is asked twice at most, and never believed without a check."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from shared.compaction.outline import SECTIONS
from shared.compaction.sections import fold_sections, split_sections
from shared.compaction.structured import summary_format, under_headings
from shared.errors import UpstreamError
from shared.prompt import (
    CallStarted,
    Finished,
    Prompt,
    ReasoningDelta,
    RefusalDelta,
    Sampling,
    TextDelta,
)
from shared.summaries import Summary
from shared.summarizer import Span, Summarizer
from shared.wire.items import parse_items
from shared.wire.text import text_of
from tests.fakes import Answer, FakeUpstream, Script, WordCounter, in_turn, saying, usage
from tests.talk import assistant, exchanges, user

COUNT = WordCounter().count
ITEMS = parse_items([user("Never deploy on Fridays."), assistant("Understood. " * 30)])
STOP = Finished("stop", usage(100, 10))


def summary_of(*lines: str) -> str:
    return "\n".join(f"## {section}\n" + ("\n".join(lines) or "None.") for section in SECTIONS)


def writing(text: str) -> Answer:
    return [ReasoningDelta("Hm."), TextDelta(text[:20]), TextDelta(text[20:]), STOP]


GOOD = summary_of("- Never deploy on Fridays.")


async def summarized(
    script: Script, *, anchor: str | None = None, max_tokens: int = 200
) -> tuple[Summary, FakeUpstream]:
    upstream = FakeUpstream(script)
    summarizer = Summarizer(upstream, WordCounter(), window_tokens=50_000)
    return await summarizer.summarize(Span(ITEMS, "small", max_tokens, anchor)), upstream


def echo(prompt: Prompt) -> Answer:
    return [TextDelta(text_of(prompt.items[-1])), STOP]


MISBEHAVING = [
    pytest.param(in_turn([STOP]), "it was empty or far too short.", id="says nothing"),
    pytest.param(
        in_turn([RefusalDelta("I "), RefusalDelta("won't."), STOP]), "it was a refusal.", id="refuses"
    ),
    pytest.param(
        in_turn(writing("I'm sorry, but I can't help with summarising this conversation.")),
        "it was a refusal.",
        id="refuses in words",
    ),
    pytest.param(
        in_turn(writing("Which deployment do you mean, the one on Friday or the next?")),
        "these headings were missing: " + ", ".join(SECTIONS) + ".",
        id="asks a question",
    ),
    pytest.param(
        in_turn([TextDelta(GOOD[:70]), Finished("length")]), "it was cut off (length).", id="is cut off"
    ),
    pytest.param(echo, "it repeated the conversation instead of summarising it.", id="echoes"),
    pytest.param(in_turn([CallStarted(0, "c1", "deploy"), STOP]), "it called a tool.", id="calls a tool"),
    pytest.param(
        in_turn(writing(summary_of("word " * 600))),
        "it was too long: 4217 tokens instead of at most 200.",
        id="writes too much",
    ),
]


async def test_a_good_summary_is_taken_at_once() -> None:
    summary, upstream = await summarized(in_turn(writing(GOOD)))

    assert summary == Summary(GOOD, usage(100, 10), [], calls=1)
    assert len(upstream.prompts) == 1


async def test_the_summariser_has_no_tools_and_room_for_an_answer_that_is_a_little_long() -> None:
    _, upstream = await summarized(in_turn(writing(GOOD)), max_tokens=200)

    [prompt] = upstream.prompts
    assert (prompt.model, prompt.sampling.tools) == ("small", [])
    assert prompt.sampling.max_output_tokens == 200 * 1.5 + 256


@pytest.mark.parametrize(("script", "why"), MISBEHAVING)
@pytest.mark.parametrize("anchor", [None, GOOD], ids=["first", "update"])
async def test_one_that_misbehaves_is_told_why_once_and_then_given_up(
    script: Script, why: str, anchor: str | None
) -> None:
    summary, upstream = await summarized(script, anchor=anchor)

    assert summary.text is None
    assert summary.warnings == [why, why]
    assert len(upstream.prompts) == 2
    assert f"Your last attempt was refused: {why}" not in str(upstream.prompts[0].instructions)
    assert f"Your last attempt was refused: {why}" in str(upstream.prompts[1].instructions)


@pytest.mark.parametrize(("script", "why"), MISBEHAVING)
async def test_what_a_misbehaving_one_cost_is_counted(script: Script, why: str) -> None:
    summary, _ = await summarized(script)

    assert summary.usage.input_tokens > 0
    assert summary.usage.total_tokens == summary.usage.input_tokens + summary.usage.output_tokens


async def test_the_second_try_may_succeed_and_both_are_paid() -> None:
    summary, _ = await summarized(in_turn([STOP], writing(GOOD)))

    assert (summary.text, summary.usage) == (GOOD, usage(200, 20))
    assert summary.warnings == ["it was empty or far too short."]


async def test_a_failing_provider_is_not_asked_again() -> None:
    summary, upstream = await summarized(
        in_turn([TextDelta("## Goal"), UpstreamError(code="rate_limit_exceeded")])
    )

    assert (summary.text, summary.warnings) == (None, ["the summariser failed (rate_limit_exceeded)."])
    assert len(upstream.prompts) == 1


async def test_an_answer_without_an_end_is_none() -> None:
    summary, _ = await summarized(in_turn([TextDelta(GOOD)]))

    assert (summary.text, summary.warnings) == (None, ["the summariser failed (server_error)."])


async def test_what_no_provider_reported_is_estimated() -> None:
    summary, upstream = await summarized(in_turn([TextDelta(GOOD), Finished("stop")]))

    asked = COUNT(str(upstream.prompts[0].instructions)) + COUNT(text_of(upstream.prompts[0].items[0]))
    assert summary.usage == usage(asked, COUNT(GOOD))


async def test_an_answer_that_went_wrong_is_not_read_to_its_end() -> None:
    _, upstream = await summarized(in_turn([CallStarted(0, "c1", "deploy"), STOP]))

    assert (upstream.closed, upstream.read_to_the_end) == (2, 0)


# Chunks


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


def portions_of(script: Script, span: Span, **windows: Any) -> FakeUpstream:
    upstream = FakeUpstream(script)
    asyncio.run(Summarizer(upstream, WordCounter(), **windows).summarize(span))
    return upstream


LONG_SPAN = Span(parse_items(exchanges(100)), "small", 400)


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


async def test_the_wish_of_the_client_reaches_the_model() -> None:
    upstream = FakeUpstream(in_turn([STOP], writing(GOOD)))
    span = Span(ITEMS, "small", 200, instructions="Name every ticket.")

    await Summarizer(upstream, WordCounter(), window_tokens=50_000).summarize(span)

    assert all(str(prompt.instructions).endswith("Name every ticket.") for prompt in upstream.prompts)


# In place

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


# Structured


def structured(**sections: list[str]) -> str:
    return json.dumps({section: ["Never deploy on Fridays."] for section in SECTIONS} | sections)


async def test_a_provider_that_can_is_asked_for_a_json_object_and_its_answer_is_checked_the_same() -> None:
    upstream = FakeUpstream(in_turn(saying("No."), writing(structured(Done=[])), writing(GOOD)))
    writer = Summarizer(
        upstream, WordCounter(), window_tokens=50_000, is_structured=lambda model: model == "small"
    )
    span = Span(parse_items(exchanges(3)), model="small", max_tokens=400)

    summary = await writer.summarize(span)
    await writer.summarize(replace(span, model="large"))

    refused, asked, plain = upstream.prompts
    assert refused.sampling.text == asked.sampling.text == summary_format(SECTIONS)
    assert plain.sampling.text is None
    assert "as one JSON object" in str(asked.instructions)
    assert split_sections(str(summary.text)) == {
        section: ["- Never deploy on Fridays."] for section in SECTIONS if section != "Done"
    }
    assert "## Done\nNone." in str(summary.text)
    assert summary.calls == 2


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param("no JSON", "no JSON", id="no JSON"),
        pytest.param("[1]", "[1]", id="no object"),
        pytest.param('{"A": "x"}', '{"A": "x"}', id="no list"),
        pytest.param('{"A": ["x\\n## B\\ny", "- z", ""]}', "## A\n- x ## B y\n- z", id="a heading inside"),
        pytest.param('{"B": [], "A": [1]}', "## A\n- 1\n\n## B\nNone.", id="another order"),
    ],
)
def test_a_structured_summary_is_text_under_headings(answer: str, text: str) -> None:
    assert under_headings(answer, ("A", "B")) == text
