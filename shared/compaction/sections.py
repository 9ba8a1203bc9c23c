"""The sections of a summary: telling them apart, folding several summaries into one, cutting one by lines."""

import re
from collections.abc import Callable, Mapping, Sequence

from shared.compaction.outline import OUTLINE

# At the beginning of a line, in a list or quote too. "#4711" and "#!/bin/sh" are names and no headings.
_HEADING_MARK = re.compile(r"^((?:\s|[-*+>](?=\s))*)#+(?![#\d!])\s*")

_WORD = re.compile(r"\w+(?:/\w+)?")
# A line of nothing but these says that there is nothing to say: models write more than the "None." they are asked for.
_NOTHING = frozenset({
    "none", "nothing", "no", "not", "n/a", "na", "nil", "stated", "specified", "mentioned", "given", "known", "noted",
    "recorded", "identified", "provided", "applicable", "reported", "yet", "so", "far",
    "keine", "keiner", "keines", "nichts", "ninguno", "ninguna", "nada", "aucun", "aucune", "rien", "nessuno",
    "nessuna", "niente", "nenhum", "nenhuma", "geen", "brak", "нет", "немає", "yok",
    "无", "無", "暂无", "没有", "沒有", "なし", "無し", "特になし", "없음",
})  # fmt: skip


def fold_sections(summaries: Sequence[str], sections: Sequence[str] = OUTLINE.sections) -> str:
    """Return one summary with each section once; its lines in the order of the chunks, no line twice."""
    parsed = [split_sections(summary, sections) for summary in summaries]
    blocks = []
    for section in sections:
        lines = [line for summary in parsed for line in summary.get(section, [])]
        body = list(dict.fromkeys(lines)) or ["None."]
        blocks.append("\n".join([f"## {section}", *body]))
    return "\n\n".join(blocks)


def cut_sections(
    summary: str,
    sections: Sequence[str],
    *,
    first: Sequence[str],
    max_tokens: int,
    count: Callable[[str], int],
) -> str:
    """Return the summary, or as many of its lines as have at most `max_tokens` tokens; empty where none does.

    The lines of the sections `first` stay longest; of the others the last of each, then the one before it.
    """
    if count(summary) <= max_tokens:
        return summary
    said = split_sections(summary, sections)
    ranked = _by_importance(said, sections, first)
    room = max_tokens
    while room > 0:
        chosen = _affordable(said, ranked, room, count)
        text = "\n\n".join(
            "\n".join(
                [f"## {section}", *(line for place, line in enumerate(said[section]) if place in places)]
            )
            for section, places in chosen.items()
        )
        over = count(text) - max_tokens
        if over <= 0:
            return text
        room -= over
    return ""


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


def without_empty_sections(summary: str, sections: Sequence[str]) -> str:
    """Return the summary without the sections in which nothing is said; else as it stands."""
    said = split_sections(summary, sections)
    lines: list[str] = []
    current: str | None = None
    for line in summary.splitlines():
        current = heading_of(line, sections) or current
        if current is None or current in said:
            lines.append(line)
    return summary if len(lines) == len(summary.splitlines()) else "\n".join(lines).strip()


def without_other_headings(summary: str, sections: Sequence[str]) -> str:
    """Return the summary in which no line is a heading but those of its sections.

    One that a tool's words led astray could open a section of its own, and it would read as one of the ledger's.
    """
    return "\n".join(
        line if heading_of(line, sections) else _HEADING_MARK.sub(r"\1", line)
        for line in summary.splitlines()
    )


def heading_of(line: str, sections: Sequence[str]) -> str | None:
    """Return the section that the line opens, if it is a heading of one."""
    stripped = line.strip()
    if not stripped.startswith("#"):
        return None
    title = stripped.lstrip("#").strip().rstrip(":").lower()
    return next((section for section in sections if section.lower() == title), None)


def says_nothing(line: str) -> bool:
    """Whether the line is empty, or only says that there is nothing to say."""
    words = _WORD.findall(line.lower())
    # A line without words may be a fence around code.
    return all(word.strip("_") in _NOTHING for word in words) if words else not line.strip()


def _by_importance(
    said: Mapping[str, Sequence[str]], sections: Sequence[str], first: Sequence[str]
) -> list[tuple[str, int]]:
    """Return where the lines stand, section and place in it, the most important first."""

    def rank(where: tuple[str, int]) -> tuple[bool, int, int]:
        section, place = where
        is_first = section in first
        return not is_first, place if is_first else -place + len(said[section]), sections.index(section)

    return sorted(((section, place) for section in said for place in range(len(said[section]))), key=rank)


def _affordable(
    said: Mapping[str, Sequence[str]],
    ranked: Sequence[tuple[str, int]],
    room: int,
    count: Callable[[str], int],
) -> dict[str, set[int]]:
    """Return the places of the lines that fit `room` tokens, by section in the order of the summary."""
    chosen: dict[str, set[int]] = {}
    for section, place in ranked:
        heading = 0 if section in chosen else count(f"## {section}\n\n") + 1
        cost = heading + count(said[section][place]) + 1
        if cost <= room:
            room -= cost
            chosen.setdefault(section, set()).add(place)
    return {section: chosen[section] for section in said if section in chosen}
