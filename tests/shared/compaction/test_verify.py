"""A summary is believed only when nothing speaks against it."""

import pytest

from shared.compaction.outline import SECTIONS
from shared.compaction.verify import find_fault

GOOD = "\n".join(f"## {section}\n- something" for section in SECTIONS)


def fault(
    summary: str = GOOD, *, finished: str = "stop", tokens: int = 100, anchor: str | None = None
) -> str | None:
    return find_fault(summary, finished=finished, tokens=tokens, max_tokens=100, anchor=anchor)


@pytest.mark.parametrize(
    ("summary", "tokens"),
    [
        pytest.param(GOOD, 100, id="as asked"),
        pytest.param(GOOD, 150, id="half as long again"),
        pytest.param(f"\n{GOOD.upper()}\n", 100, id="shouted"),
        pytest.param(
            GOOD.replace("something", "I cannot reach the host."), 100, id="that tells of a failure"
        ),
    ],
)
def test_believes_a_summary_that_is_one(summary: str, tokens: int) -> None:
    assert fault(summary, tokens=tokens) is None


@pytest.mark.parametrize(
    ("summary", "why"),
    [
        pytest.param("", "it was empty or far too short.", id="empty"),
        pytest.param("  \n Done.  ", "it was empty or far too short.", id="too short"),
        pytest.param("I\u2019m sorry, " + GOOD, "it was a refusal.", id="refusal"),
        pytest.param("I cannot help with " + GOOD, "it was a refusal.", id="refusal in other words"),
        pytest.param(
            "Which of the two files would you like me to look at first?",
            "it asked a question instead of summarising.",
            id="question",
        ),
        pytest.param(
            GOOD.replace("## Done", "Done").replace("## Goal", "Goal"),
            "these headings were missing: Goal, Done.",
            id="two sections short",
        ),
        pytest.param(
            GOOD.replace("## Goal", "## Goals"), "these headings were missing: Goal.", id="another heading"
        ),
        pytest.param(
            GOOD.replace("- something", "None."),
            "it said nothing under any heading.",
            id="nothing seven times",
        ),
        pytest.param(
            "Here it is:\n" + "\n".join(f"## {section}" for section in SECTIONS),
            "it said nothing under any heading.",
            id="headings alone",
        ),
        pytest.param(
            f"<summary-so-far-1>\n{GOOD}\n</summary-so-far-1>\n<conversation-1>\n[user] hi",
            "it repeated the conversation instead of summarising it.",
            id="echo",
        ),
    ],
)
def test_says_what_is_wrong_with_what_is_none(summary: str, why: str) -> None:
    assert fault(summary) == why


@pytest.mark.parametrize(
    ("finished", "why"),
    [
        ("length", "it was cut off (length)."),
        ("content_filter", "it was cut off (content_filter)."),
        ("refusal", "it was a refusal."),
        ("tool_call", "it called a tool."),
    ],
)
@pytest.mark.parametrize("summary", [GOOD, ""], ids=["long enough", "empty"])
def test_an_answer_that_did_not_end_by_itself_is_named_for_how_it_ended(
    summary: str, finished: str, why: str
) -> None:
    assert fault(summary, finished=finished) == why


def test_a_summary_that_would_not_fit_is_too_long() -> None:
    assert fault(tokens=151) == "it was too long: 151 tokens instead of at most 100."


ANCHOR = "\n".join(f"## {section}\n" + f"- The step before took {section}.\n" * 7 for section in SECTIONS)
BRIEF = GOOD.replace("- something", "None.", 6)


@pytest.mark.parametrize(
    ("summary", "tokens", "why"),
    [
        pytest.param(BRIEF, 12, "it left out nearly all of the summary so far.", id="nearly nothing"),
        pytest.param(BRIEF, 13, None, id="little, in little room"),
        pytest.param(
            GOOD.replace("- something", "- The step before took all of it."), 12, None, id="in brief"
        ),
    ],
)
def test_a_summary_is_not_believed_that_forgot_the_last_one(
    summary: str, tokens: int, why: str | None
) -> None:
    assert fault(summary, tokens=tokens, anchor=ANCHOR) == why
    assert fault(summary, tokens=tokens) is None
