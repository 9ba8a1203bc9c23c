"""Summaries of chunks become one summary."""

from hypothesis import given
from hypothesis import strategies as st

from shared.compaction.outline import SECTIONS
from shared.compaction.sections import fold_sections, split_sections

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
