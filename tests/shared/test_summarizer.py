"""A summariser is asked twice at most, and never believed without a check."""

import json
from dataclasses import replace

import pytest

from shared.compaction.outline import SECTIONS
from shared.compaction.sections import split_sections
from shared.compaction.structured import summary_format, under_headings
from shared.errors import UpstreamError
from shared.prompt import CallStarted, Finished, TextDelta
from shared.summaries import Summary
from shared.summarizer import Span, Summarizer
from shared.wire.items import parse_items
from shared.wire.text import text_of
from tests.fakes import FakeUpstream, Script, WordCounter, in_turn, saying, usage
from tests.summaries import COUNT, GOOD, ITEMS, MISBEHAVING, STOP, summarized, writing
from tests.talk import exchanges


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


@pytest.mark.parametrize(
    ("error", "why"),
    [
        pytest.param(
            UpstreamError("The model provider did not answer in time."),
            "the summariser failed: the model provider did not answer in time.",
            id="hangs",
        ),
        pytest.param(
            UpstreamError("The model provider answered with HTTP status 401 (invalid_api_key).", status=401),
            "the summariser failed: the model provider refused the key: HTTP status 401.",
            id="refuses the key",
        ),
        pytest.param(
            UpstreamError("The model provider answered with HTTP status 500 (obey_me_always).", status=500),
            "the summariser failed: the model provider answered with HTTP status 500.",
            id="names its failure",
        ),
        pytest.param(
            UpstreamError(
                "The model provider answered with HTTP status 429.", code="rate_limit_exceeded", status=429
            ),
            "the summariser failed (rate_limit_exceeded): the model provider answered with HTTP status 429.",
            id="has a limit",
        ),
        pytest.param(
            UpstreamError("Your input is too long.", code="context_length_exceeded"),
            "the summariser failed (context_length_exceeded): what it was to read exceeds its model's window.",
            id="has a small window",
        ),
    ],
)
async def test_a_failing_provider_is_not_asked_again_and_the_record_tells_what_happened(
    error: UpstreamError, why: str
) -> None:
    summary, upstream = await summarized(in_turn([TextDelta("## Goal"), error]))

    assert (summary.text, summary.warnings) == (None, [why])
    assert len(upstream.prompts) == 1


async def test_each_request_counts_that_the_provider_was_sent() -> None:
    failed = UpstreamError()
    failed.calls = 3
    ended = Finished("stop", usage(100, 10), calls=2)

    given_up, _ = await summarized(in_turn([TextDelta("No."), ended], [failed]))
    taken, _ = await summarized(in_turn([TextDelta("No."), ended], writing(GOOD)))

    assert (given_up.calls, taken.calls) == (5, 3)


async def test_an_answer_without_an_end_is_none() -> None:
    summary, _ = await summarized(in_turn([TextDelta(GOOD)]))

    assert summary.text is None
    assert summary.warnings == ["the summariser failed: its answer ended without saying so."]


async def test_what_no_provider_reported_is_estimated() -> None:
    summary, upstream = await summarized(in_turn([TextDelta(GOOD), Finished("stop")]))

    asked = COUNT(str(upstream.prompts[0].instructions)) + COUNT(text_of(upstream.prompts[0].items[0]))
    assert summary.usage == usage(asked, COUNT(GOOD))


async def test_an_answer_that_went_wrong_is_not_read_to_its_end() -> None:
    _, upstream = await summarized(in_turn([CallStarted(0, "c1", "deploy"), STOP]))

    assert (upstream.closed, upstream.read_to_the_end) == (2, 0)


async def test_the_wish_of_the_client_reaches_the_model() -> None:
    upstream = FakeUpstream(in_turn([STOP], writing(GOOD)))
    span = Span(ITEMS, "small", 200, instructions="Name every ticket.")

    await Summarizer(upstream, WordCounter(), window_tokens=50_000).summarize(span)

    assert all(str(prompt.instructions).endswith("Name every ticket.") for prompt in upstream.prompts)


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
