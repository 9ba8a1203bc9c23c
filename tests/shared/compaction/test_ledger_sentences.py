"""Lines and sentences: what stands in a fenced block, and that nothing long is remembered."""

import tracemalloc

import pytest

from shared.compaction.ledger import collect
from shared.compaction.ledger.sentences import lines_of, sentences_of
from tests.shared.compaction.ledger_sessions import say

_RULE = "Never touch the config folder."


@pytest.mark.parametrize(
    "text",
    [
        f"```npm install```\n{_RULE}",
        f"~~~npm install~~~\n{_RULE}",
        f"```\nrun()\n```\n{_RULE}",
        f"```python\nrun()\n```\n{_RULE}",
        f"~~~\n```\nrun()\n~~~\n{_RULE}",
        f"````\n```\nrun()\n```\n````\n{_RULE}",
        f"```\n~~~\nrun()\n```\n{_RULE}",
        f"```\nrun()\n````\n{_RULE}",
        f"```\nrun()\n\n{_RULE}",
        f"```\nrun()\n```\nAnd:\n```\nrun()\n\n{_RULE}",
    ],
    ids=[
        "one line of backticks",
        "one line of tildes",
        "closed",
        "with a language",
        "backticks in tildes",
        "three in four",
        "tildes in backticks",
        "closed by more",
        "never closed",
        "the second never closed",
    ],
)
def test_a_rule_behind_a_fenced_block_is_outside_of_it(text: str) -> None:
    assert list(lines_of(text))[-1] == (_RULE, False)
    assert _RULE in [entry.text for entry in collect([say("user", text)]).entries if entry.hard]


@pytest.mark.parametrize(
    "text",
    [
        "```\nrun()\n```",
        "````\n```\nrun()\n````",
        "~~~\n```\nrun()\n```\n~~~",
        "```\na = 1\n\nrun()\n```",
        "```\na = 1\nrun()",
    ],
    ids=["closed", "opened by more", "in tildes", "behind an empty line", "never closed"],
)
def test_what_a_fence_holds_is_inside_of_it(text: str) -> None:
    assert ("run()", True) in list(lines_of(text))


def test_a_word_without_an_end_is_cut() -> None:
    sentences = sentences_of(f"Keep {'x' * 5_000} as it is.")

    assert max(map(len, sentences)) < 1_300
    assert "".join(sentences).replace(" ", "") == f"Keep{'x' * 5_000}asitis."


def test_long_words_and_sentences_are_not_remembered() -> None:
    texts = [f"The token {number}{'x-' * 20_000} is mine, says {number}." for number in range(8)]
    collect([say("user", "The token is mine.")])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    for text in texts:
        collect([say("user", text)])

    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < sum(map(len, texts)) / 2
