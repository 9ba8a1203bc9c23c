"""Folding the summaries of several chunks into one, section by section."""

from collections.abc import Sequence

from shared.compaction.outline import OUTLINE

_NOTHING = frozenset({"none.", "none", "- none.", "- none", "n/a"})


def fold_sections(summaries: Sequence[str], sections: Sequence[str] = OUTLINE.sections) -> str:
    """Return one summary with each section once; its lines in the order of the chunks, no line twice."""
    parsed = [split_sections(summary, sections) for summary in summaries]
    blocks = []
    for section in sections:
        lines = [line for summary in parsed for line in summary.get(section, [])]
        body = list(dict.fromkeys(lines)) or ["None."]
        blocks.append("\n".join([f"## {section}", *body]))
    return "\n\n".join(blocks)


def split_sections(summary: str, sections: Sequence[str] = OUTLINE.sections) -> dict[str, list[str]]:
    """Return the lines under each heading; lines before the first heading count to the last section."""
    lines: dict[str, list[str]] = {}
    current = sections[-1]
    titles = {section.lower(): section for section in sections}
    for line in summary.splitlines():
        stripped = line.strip()
        title = (
            titles.get(stripped.lstrip("#").strip().rstrip(":").lower()) if stripped.startswith("#") else None
        )
        if title is not None:
            current = title
        elif stripped and stripped.lower() not in _NOTHING:
            lines.setdefault(current, []).append(stripped)
    return lines
