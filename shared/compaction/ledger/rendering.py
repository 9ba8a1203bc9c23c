"""Rendering: a ledger as text for the next model, the same bytes for the same entries."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from shared.compaction.ledger.entries import (
    QUOTE,
    SENTENCES,
    Entries,
    Entry,
    Section,
    Trust,
    is_sentence,
)
from shared.compaction.ledger.tokens import bare, pieces

HEADINGS = {
    Section.RULE: "## Rules (verbatim, from user and system)",
    Section.PREFERENCE: "## Preferences (verbatim)",
    Section.DECISION: "## Decisions",
    Section.STATE: "## Goal and state",
    Section.FACT: "## Facts",
    Section.FILE: "## Files",
    Section.COMMAND: "## Commands run → outcome (tool output)",
    Section.ERROR: "## Errors (tool output)",
    Section.IDENTIFIER: "## Identifiers",
}
_FROM_TOOLS = "from assistant and tools"
_FROM_PEOPLE = "from user and system"


def render_entries(entries: Entries) -> str:
    """Return the entries as sections of list items; an identifier that another line holds is not repeated."""
    covered = words_of(entry for entry in entries if entry.section is not Section.IDENTIFIER)
    shown = _without_echoes(entries)
    parts: list[str] = []
    for section in Section:
        of_section = [entry for entry in shown if entry.section is section]
        lines = list(_lines(section, of_section, covered))
        if lines:
            parts.append("\n".join([HEADINGS[section], *lines]))
    return "\n".join(parts)


def words_of(entries: Iterable[Entry]) -> set[str]:
    """Return the bare tokens of the entries' lines."""
    return {bare(token) for entry in entries for token in pieces(entry.line)}


def carried_along(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the keys of the sentences with which others, that depend on them, begin, each with the other's."""
    sentences = sorted((entry for entry in entries if is_sentence(entry)), key=lambda entry: entry.text)
    return {
        entry.key: longer.key
        for entry, longer in pairwise(sentences)
        if longer.text.startswith(f"{entry.text} ")
        and longer.trust is entry.trust
        and longer.hard >= entry.hard
    }


def cost_text(entry: Entry) -> str:
    """Return the text that the entry adds to the rendered ledger, for counting."""
    if entry.section in {Section.FILE, Section.IDENTIFIER}:
        return f", {entry.text}"
    return f"{_line(entry)}\n"


def frame_text(entries: Iterable[Entry]) -> str:
    """Return what is rendered around the entries: headings and the names of groups."""
    entries = list(entries)
    sections = {entry.section for entry in entries}
    groups = sorted({entry.note for entry in entries if entry.section is Section.FILE})
    if Section.IDENTIFIER in sections:
        groups += [_FROM_TOOLS, _FROM_PEOPLE]
    headings = [HEADINGS[section] for section in Section if section in sections]
    return "\n".join([*headings, *(f"- {group}: " for group in groups)])


def _without_echoes(entries: Entries) -> list[Entry]:
    """Return the entries without the sentences that a quoted request or answer shows already; rules stay."""
    quotes = [entry for entry in entries if entry.key.startswith(QUOTE)]
    texts = {entry.key: entry.text.partition(": ")[2] for entry in quotes}
    rules = {entry.text for entry in entries if entry.hard}
    carried = carried_along(entries)
    return [
        entry
        for entry in entries
        if entry.key not in carried
        and (entry.hard or not (texts.get(entry.key) in rules or _is_echo(entry, texts)))
    ]


def _is_echo(entry: Entry, quotes: Mapping[str, str]) -> bool:
    if entry.section not in SENTENCES:
        return False
    if entry.key in quotes:
        keys = list(quotes)
        later = (quotes[key] for key in keys[keys.index(entry.key) + 1 :])
        return quotes[entry.key] in later
    return any(entry.text in text for text in quotes.values())


def _lines(section: Section, entries: list[Entry], covered: set[str]) -> Iterator[str]:
    if section is Section.FILE:
        yield from _grouped((entry.note, entry.text) for entry in entries)
    elif section is Section.IDENTIFIER:
        yield from _grouped((_origin(entry), entry.text) for entry in entries if entry.text not in covered)
    else:
        yield from (_line(entry) for entry in entries)


def _line(entry: Entry) -> str:
    match entry.section, entry.trust:
        case Section.ERROR, Trust.USER | Trust.SYSTEM:
            return f"- (user) {entry.line}"
        case section, Trust.ASSISTANT if section in SENTENCES:
            return f"- (assistant) {entry.line}"
        case _:
            return f"- {entry.line}"


def _origin(entry: Entry) -> str:
    return _FROM_PEOPLE if entry.trust in {Trust.USER, Trust.SYSTEM} else _FROM_TOOLS


def _grouped(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for group, text in pairs:
        groups.setdefault(group, []).append(text)
    for group in sorted(groups):
        yield f"- {group}: {', '.join(groups[group])}"
