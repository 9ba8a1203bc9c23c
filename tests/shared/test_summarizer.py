"""A summariser is asked twice at most, and never believed without a check."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.compaction.sections import split_sections
from shared.compaction.summary import SECTIONS
from shared.errors import UpstreamError
from shared.prompt import CallStarted, Finished, Prompt, ReasoningDelta, RefusalDelta, TextDelta
from shared.summarizer import Summarizer, Summary
from shared.window.calls import safe_cuts
from shared.window.counting import count_item
from shared.window.payload import SizedItem
from shared.wire.items import parse_items
from shared.wire.text import text_of
from tests.fakes import Answer, FakeUpstream, Script, WordCounter, in_turn, saying, usage
from tests.strategies import conversations
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
    return await summarizer.summarize(ITEMS, model="small", max_tokens=max_tokens, anchor=anchor), upstream


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

    assert summary == Summary(GOOD, usage(100, 10), [])
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


@given(conversations(min_size=1, max_size=40))
def test_chunks_are_the_whole_in_order_and_part_no_call_from_its_output(history: list[SizedItem]) -> None:
    items = [entry.item for entry in history]
    summarizer, _ = in_chunks(in_turn([STOP]))

    chunks = summarizer.chunks(items)

    assert [item for chunk in chunks for item in chunk] == items
    assert all(chunks)
    cuts, place = safe_cuts(items), 0
    for chunk in chunks:
        assert cuts[place]
        sizes = [count_item(item, COUNT) for item in chunk]
        # Only what cannot be parted may be larger than a chunk.
        inside = [at for at in range(1, len(chunk)) if cuts[place + at]]
        assert sum(sizes) <= 500 or not any(sum(sizes[:at]) <= 500 for at in inside)
        place += len(chunk)


async def test_the_summaries_of_chunks_are_folded_and_their_cost_is_summed() -> None:
    def script(prompt: Prompt) -> Answer:
        numbers = re.findall(r"Question (\d+)", text_of(prompt.items[0]))
        return writing(summary_of(f"- heard {numbers[0]} to {numbers[-1]}"))

    summarizer, upstream = in_chunks(script)
    items = parse_items(exchanges(12))

    summary = await summarizer.summarize(items, model="m", max_tokens=900, anchor=None)

    count = len(upstream.prompts)
    assert count == len(summarizer.chunks(items)) == 3
    assert summary.text is not None
    assert split_sections(summary.text)["Goal"] == ["- heard 0 to 4", "- heard 5 to 9", "- heard 10 to 11"]
    assert summary.usage == usage(100 * count, 10 * count)
    assert all("at most 300 tokens" in str(prompt.instructions) for prompt in upstream.prompts)


async def test_only_the_first_chunk_updates_the_summary_so_far() -> None:
    summarizer, upstream = in_chunks(in_turn(writing(GOOD)))

    await summarizer.summarize(parse_items(exchanges(12)), model="m", max_tokens=900, anchor=GOOD)

    assert ["<summary-so-far-" in text_of(prompt.items[0]) for prompt in upstream.prompts] == [
        True,
        False,
        False,
    ]


async def test_a_chunk_that_fails_makes_the_whole_fail_with_its_reason() -> None:
    def script(prompt: Prompt) -> Answer:
        return saying("No.") if "Question 11" in text_of(prompt.items[0]) else writing(GOOD)

    summarizer, _ = in_chunks(script)

    summary = await summarizer.summarize(parse_items(exchanges(12)), model="m", max_tokens=900, anchor=None)

    assert summary.text is None
    assert summary.warnings == ["it was empty or far too short."] * 2


@given(st.integers(1, 3_000))
def test_a_window_of_any_size_leaves_chunks_of_some_size(window_tokens: int) -> None:
    summarizer = Summarizer(FakeUpstream(in_turn([STOP])), WordCounter(), window_tokens=window_tokens)

    assert len(summarizer.chunks(parse_items(exchanges(3)))) == 1
