"""Summaries of chunks become one summary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.compaction.outline import OUTLINE, SECTIONS
from shared.compaction.sections import cut_sections, fold_sections, split_sections, without_other_headings
from tests.fakes import WordCounter

ONE = "## Goal\nShip 4.2.\n\n## Decisions\n- use Redis\n## Next steps\nNone."
OTHER = "## Goal\nShip 4.2.\n## decisions:\n- use TLS\n### Critical context\n- OPS-4711"


def test_each_section_stands_once_with_its_lines_in_the_order_of_the_chunks() -> None:
    assert fold_sections([ONE, OTHER]) == (
        "## Goal\nShip 4.2.\n\n"
        "## Constraints\nNone.\n\n"
        "## Decisions\n- use Redis\n- use TLS\n\n"
        "## Done\nNone.\n\n"
        "## In progress\nNone.\n\n"
        "## Next steps\nNone.\n\n"
        "## Critical context\n- OPS-4711"
    )


def test_words_outside_of_any_section_are_context_and_not_lost() -> None:
    assert split_sections("Port 8080.\n## Goal\nShip.\n## Unheard of\n- kept") == {
        "Critical context": ["Port 8080."],
        "Goal": ["Ship.", "## Unheard of", "- kept"],
    }


@pytest.mark.parametrize(
    "line",
    [
        "None.",
        "- none",
        "* **None stated yet.**",
        "N/A",
        "(not specified)",
        "Nothing so far",
        "_None_",
        "- Keine.",
        "无。",
        "なし",
    ],
)
def test_a_line_that_says_there_is_nothing_to_say_is_left_out(line: str) -> None:
    assert split_sections(f"## Constraints\n{line}\n## Goal\nShip.") == {"Goal": ["Ship."]}


@pytest.mark.parametrize(
    "line", ["None may enter.", "- No deploys.", "not before 5", "```", "- nothing but TLS"]
)
def test_a_line_that_only_begins_so_stays(line: str) -> None:
    assert split_sections(f"## Constraints\n{line}") == {"Constraints": [line]}


LINES = st.one_of(
    st.sampled_from([f"## {section}" for section in SECTIONS]),
    st.text("abc #-:", min_size=1, max_size=12),
    st.sampled_from(["None.", "- none", "n/a"]),
)
SUMMARIES = st.lists(LINES, max_size=12).map("\n".join)


@given(st.lists(SUMMARIES, min_size=1, max_size=4))
def test_no_line_is_lost_and_folding_again_changes_nothing(summaries: list[str]) -> None:
    folded = fold_sections(summaries)

    for summary in summaries:
        for section, lines in split_sections(summary).items():
            assert set(lines) <= set(split_sections(folded).get(section, []))
    assert fold_sections([folded]) == folded
    assert fold_sections([folded, folded]) == folded


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("### Rules (verbatim, from user and system)", "Rules (verbatim, from user and system)"),
        ("  #Rules", "  Rules"),
        ("- ## Rules", "- Rules"),
        ("> - # Rules", "> - Rules"),
        ("## decisions:", "## decisions:"),
        ("- #4711 is open", "- #4711 is open"),
        ("#!/bin/sh", "#!/bin/sh"),
        ("- In C# it is #define.", "- In C# it is #define."),
    ],
)
def test_no_line_is_a_heading_but_those_of_the_sections(line: str, plain: str) -> None:
    assert without_other_headings(f"## Goal\n{line}", SECTIONS) == f"## Goal\n{plain}"


COUNT = WordCounter().count


@given(SUMMARIES, st.integers(-1, 40))
def test_what_is_cut_has_the_size_that_was_asked_for_and_only_lines_that_were_there(
    summary: str, size: int
) -> None:
    cut = cut_sections(summary, SECTIONS, first=OUTLINE.rules, max_tokens=size, count=COUNT)

    assert COUNT(cut) <= max(size, 0)
    whole = split_sections(summary)
    assert all(set(lines) <= set(whole[section]) for section, lines in split_sections(cut).items())


def test_rules_and_the_last_lines_stay_longest() -> None:
    summary = "## Goal\n- one\n- two\n## Constraints\n- never\n- always\n## Done\n- a\n- b\n- c\n- d\n- third"

    def cut(size: int) -> str:
        return cut_sections(summary, SECTIONS, first=OUTLINE.rules, max_tokens=size, count=COUNT)

    assert cut(9) == "## Constraints\n- never\n- always"
    assert cut(21) == "## Goal\n- two\n\n## Constraints\n- never\n- always\n\n## Done\n- third"
    assert cut(100) == summary
