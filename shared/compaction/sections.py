"""Folding the summaries of several chunks into one, section by section."""

from collections.abc import Sequence

from shared.compaction.summary import SECTIONS

_NOTHING = frozenset({"none.", "none", "- none.", "- none", "n/a"})


def fold_sections(summaries: Sequence[str]) -> str:
    """Return one summary with each section once; its lines in the order of the chunks, no line twice."""
    parsed = [split_sections(summary) for summary in summaries]
    blocks = []
    for section in SECTIONS:
        lines = [line for summary in parsed for line in summary.get(section, [])]
        body = list(dict.fromkeys(lines)) or ["None."]
        blocks.append("\n".join([f"## {section}", *body]))
    return "\n\n".join(blocks)


def split_sections(summary: str) -> dict[str, list[str]]:
    """Return the lines under each heading; lines before the first heading count as critical context."""
    sections: dict[str, list[str]] = {}
    current = SECTIONS[-1]
    titles = {section.lower(): section for section in SECTIONS}
    for line in summary.splitlines():
        stripped = line.strip()
        title = (
            titles.get(stripped.lstrip("#").strip().rstrip(":").lower()) if stripped.startswith("#") else None
        )
        if title is not None:
            current = title
        elif stripped and stripped.lower() not in _NOTHING:
            sections.setdefault(current, []).append(stripped)
    return sections
