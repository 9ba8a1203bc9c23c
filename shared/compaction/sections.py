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
    for line in summary.splitlines():
        title = heading_of(line, sections)
        if title is not None:
            current = title
        elif line.strip() and not says_nothing(line):
            lines.setdefault(current, []).append(line.strip())
    return lines


def heading_of(line: str, sections: Sequence[str]) -> str | None:
    """Return the section that the line opens, if it is a heading of one."""
    stripped = line.strip()
    if not stripped.startswith("#"):
        return None
    title = stripped.lstrip("#").strip().rstrip(":").lower()
    return next((section for section in sections if section.lower() == title), None)


def says_nothing(line: str) -> bool:
    """Whether the line is empty, or only says that there is nothing to say."""
    return not line.strip() or line.strip().lower() in _NOTHING
