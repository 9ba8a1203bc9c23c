"""An answer that is no summary is called what it is, and what is around a summary is taken off."""

import json

import pytest

from shared.compaction.outline import SECTIONS
from shared.compaction.structured import under_headings
from shared.compaction.summary import Wish, in_place_request
from shared.compaction.verify import fault_of_tongue, find_fault
from shared.compaction.wrappings import unwrapped
from shared.wire.text import text_of

GOOD = "\n".join(f"## {section}\n- something of the ledger" for section in SECTIONS)
REFUSAL = "it was a refusal."
QUESTION = "it asked a question instead of summarising."
NEXT_TURN = "it went on with the conversation instead of summarising it."


def under_every_heading(line: str) -> str:
    return "\n".join(f"## {section}\n- {line}" for section in SECTIONS)


def fault(summary: str) -> str | None:
    return find_fault(summary, finished="stop", tokens=100, max_tokens=100)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param("I can't help with that.", REFUSAL, id="short refusal"),
        pytest.param("Es tut mir leid.", REFUSAL, id="short refusal in German"),
        pytest.param(
            "I understand that you would like a summary, however I am not able to assist with it. " * 6,
            REFUSAL,
            id="long refusal",
        ),
        pytest.param(
            under_every_heading("I'm sorry, but I can't help with that."), REFUSAL, id="under every heading"
        ),
        pytest.param(
            "\n".join(["## Goal", "I cannot summarise this conversation.", *GOOD.splitlines()[2::2]]),
            REFUSAL,
            id="under one heading",
        ),
        pytest.param(
            "Before I begin: which parts of it matter to you? " * 8, QUESTION, id="question upon question"
        ),
        pytest.param("Which part do you mean? Please tell me more about it.", QUESTION, id="question first"),
        pytest.param(
            "\u4f60\u60f3\u8ba9\u6211\u603b\u7ed3\u54ea\u4e00\u90e8\u5206\uff1f" * 4,
            QUESTION,
            id="question in Chinese",
        ),
        pytest.param(
            "Sure! Let me do that next: I'll open the file and run the tests.", NEXT_TURN, id="next turn"
        ),
        pytest.param(
            "The store was built, and the tests passed, and all of it is well.",
            "these headings were missing: " + ", ".join(SECTIONS) + ".",
            id="prose",
        ),
        pytest.param(
            text_of(in_place_request(Wish(500))),
            "it repeated its instructions instead of following them.",
            id="its instructions",
        ),
        pytest.param(
            f"[user] hello and so on\n</conversation-1f>\n{text_of(in_place_request(Wish(500)))}",
            "it repeated the conversation instead of summarising it.",
            id="the end of what it read",
        ),
        pytest.param(
            json.dumps({"Goal": [{"a": 1}, None], "Done": [["the ledger was built"]]}),
            "it was JSON of another form than was asked for.",
            id="lists of other things",
        ),
    ],
)
def test_an_answer_that_is_no_summary_is_called_what_it_is(answer: str, why: str) -> None:
    assert fault(under_headings(answer, SECTIONS)) == why


@pytest.mark.parametrize(
    "line",
    [
        "I cannot reach the host.",
        "The user asked for help with the summary; the model was not able to assist.",
        "Which of the two is it?",
        "Sorry, the page is closed.",
    ],
)
def test_a_summary_may_tell_of_such_things(line: str) -> None:
    assert fault(under_every_heading(line)) is None


@pytest.mark.parametrize(
    ("answer", "inside"),
    [
        pytest.param(f"<think>Hm.\n## Goal\n- not this</think>\n{GOOD}", GOOD, id="thoughts"),
        pytest.param(f"Hm.</think>\n\n{GOOD}", GOOD, id="thoughts whose beginning is missing"),
        pytest.param(f"<thinking>a</thinking><think>b</think>{GOOD}", GOOD, id="thoughts twice"),
        pytest.param(
            f"{GOOD}\n- cut all before </think> out",
            f"{GOOD}\n- cut all before </think> out",
            id="told of the end",
        ),
        pytest.param(f"```markdown\n{GOOD}\n```", GOOD, id="a fence"),
        pytest.param('<think>x</think>```json\n{"Goal": []}\n```\n', '{"Goal": []}', id="both"),
        pytest.param(f"<think>Hm.\n{GOOD}", f"<think>Hm.\n{GOOD}", id="thoughts without an end"),
        pytest.param("```\na\n```\nb\n```\nc\n```", "```\na\n```\nb\n```\nc\n```", id="two blocks"),
        pytest.param(
            f"{GOOD}\n- cut `<think>x</think>` out", f"{GOOD}\n- cut `<think>x</think>` out", id="told of"
        ),
    ],
)
def test_what_is_around_a_summary_is_taken_off(answer: str, inside: str) -> None:
    assert unwrapped(answer) == inside


CHINESE = "\u6211\u4eec\u6b63\u5728\u4e3a\u5ba2\u6237\u5efa\u7acb\u8d26\u672c\u5b58\u50a8\uff0c\u7528\u6237\u8bf4\u4e0b\u4e00\u6b65\uff0c\u8bf7\u7ee7\u7eed\u3002"
RUSSIAN = "\u041d\u0435 \u0432\u044b\u043a\u043b\u0430\u0434\u044b\u0432\u0430\u0439 \u043f\u043e \u043f\u044f\u0442\u043d\u0438\u0446\u0430\u043c."


@pytest.mark.parametrize(
    ("line", "read", "is_foreign"),
    [
        pytest.param(CHINESE, "Build the ledger store.", True, id="Chinese of English"),
        pytest.param(CHINESE, f"Build it for \u738b\u4f1f. {RUSSIAN}", True, id="Chinese of a name"),
        pytest.param(CHINESE, "log " * 900 + CHINESE, False, id="Chinese of a little Chinese"),
        pytest.param(RUSSIAN, "Build the ledger store.", True, id="Russian of English"),
        pytest.param(RUSSIAN, RUSSIAN, False, id="Russian of Russian"),
        pytest.param("Build the ledger store, caf\u00e9.", CHINESE, False, id="English of Chinese"),
    ],
)
def test_a_summary_is_in_a_script_that_its_writer_read(line: str, read: str, is_foreign: bool) -> None:
    why = fault_of_tongue(under_every_heading(line * 3), iter(["", read]))

    assert why == ("it was in another language than the conversation." if is_foreign else None)
