"""Fitting: which entries stay when there is room for fewer."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from shared.compaction.ledger.entries import (
    QUOTE,
    SENTENCES,
    Entries,
    Entry,
    Section,
    is_sentence,
    one_line,
)
from shared.compaction.ledger.moulds import Moulds
from shared.compaction.ledger.rendering import (
    carried_along,
    cost_text,
    frame_text,
    render_entries,
    words_of,
)
from shared.compaction.ledger.statements import read_statement

# What a sentence loses for each one too many of its mould, and at most.
_WEAR, _MOST_WEAR = 10, 40
# A quoted message that takes more than this part of the room loses points: what people stated comes before it.
_LARGE_PART, _LARGE_QUOTE = 6, 40
# Where there is room for so many tokens, a quote, an outcome and an error get one character for so many of them,
# and at least so many characters.
_QUOTES, _OUTCOMES, _ERRORS = 8, 20, 7
_SHORT_QUOTE, _SHORT_OUTCOME, _SHORT_ERROR = 100, 40, 130
# What is longer than this loses a point for so many characters, and at most so many points; what is rich in
# facts loses none.
_ROOMY_CHARACTERS, _CHARACTERS_PER_POINT, _MOST_FOR_LENGTH, _RICH_SCORE = 50, 5, 20, 65


def fit_entries(
    entries: Entries, max_tokens: int, count: Callable[[str], int], *, moulds: Sequence[int] = ()
) -> Entries:
    """Return the entries whose rendering is at most `max_tokens` tokens by `count`, what is quoted cut to the room.

    What binds stays longest, then what scores highest. Among equals, the older sentence stays (the newer
    one is likely to be among the recent messages, which are kept beside the ledger) and the newer file,
    command or error. Each entry is counted once. `moulds` are those that were remembered.
    """
    if count(render_entries(entries)) <= max_tokens:
        return entries
    entries = tuple(_in_short(entry, max_tokens) for entry in entries)
    carried = carried_along(entries)
    costs = {entry.key: count(cost_text(entry)) for entry in entries}
    ranked = _by_importance(entries, moulds, large_from=max_tokens // _LARGE_PART, costs=costs)
    frames = {section: count(frame_text(each)) for section, each in _by_section(entries).items()}
    room = max_tokens
    while room > 0:
        kept = _chosen(entries, ranked, costs, frames, carried, room)
        over = count(render_entries(kept)) - max_tokens
        if over <= 0:
            return kept
        room -= over
    return _chosen_alone(ranked, max_tokens, count)


def _in_short(entry: Entry, max_tokens: int) -> Entry:
    """Return the entry as it is told where there is little room: quotes, outcomes and errors are cut to size."""
    if entry.key.startswith(QUOTE):
        return replace(entry, text=one_line(entry.text, max(max_tokens // _QUOTES, _SHORT_QUOTE)))
    if entry.section is Section.ERROR:
        return replace(entry, text=one_line(entry.text, max(max_tokens // _ERRORS, _SHORT_ERROR)))
    if entry.section is Section.COMMAND and entry.note:
        return replace(entry, note=one_line(entry.note, max(max_tokens // _OUTCOMES, _SHORT_OUTCOME)))
    return entry


def _by_section(entries: Entries) -> Mapping[Section, list[Entry]]:
    found: defaultdict[Section, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.section].append(entry)
    return found


def _chosen(
    entries: Entries,
    ranked: Sequence[Entry],
    costs: Mapping[str, int],
    frames: Mapping[Section, int],
    carried: Mapping[str, str],
    room: int,
) -> Entries:
    """Return what fits the room, the most important first; the first of a section pays for its heading."""
    chosen: set[str] = set()
    covered: set[str] = set()
    closed = dict(frames)
    for entry in ranked:
        # With the sentence that depends on it, one is there for nothing.
        is_shown = carried.get(entry.key) not in chosen
        is_shown = is_shown and (entry.section is not Section.IDENTIFIER or entry.text not in covered)
        cost = costs[entry.key] + closed.get(entry.section, 0) if is_shown else 0
        if cost <= room:
            room -= cost
            chosen.add(entry.key)
            covered |= words_of([entry])
            if is_shown:
                closed.pop(entry.section, None)
    return tuple(entry for entry in entries if entry.key in chosen)


def _by_importance(
    entries: Entries, remembered: Sequence[int], *, large_from: int, costs: Mapping[str, int]
) -> list[Entry]:
    order = {entry.key: index for index, entry in enumerate(entries)}
    statements = (read_statement(entry.text) for entry in entries if is_sentence(entry))
    moulds = Moulds(statements, remembered=remembered)

    def rank(entry: Entry) -> tuple[bool, int, int]:
        age, wear = order[entry.key], _wear(entry, moulds)
        length = _too_long(entry) if not entry.hard else 0
        if entry.key.startswith(QUOTE) and costs[entry.key] > large_from:
            length += _LARGE_QUOTE
        return not entry.hard, wear + length - entry.score, age if entry.section in SENTENCES else -age

    return sorted(entries, key=rank)


def _too_long(entry: Entry) -> int:
    """Return what a poor sentence loses for its length: in the room of a long one, two short ones can stay."""
    if not is_sentence(entry):
        return 0
    length = max(len(entry.text) - _ROOMY_CHARACTERS, 0) // _CHARACTERS_PER_POINT
    return min(length, _MOST_FOR_LENGTH, max(_RICH_SCORE - entry.score, 0))


def _wear(entry: Entry, moulds: Moulds) -> int:
    if not is_sentence(entry):
        return 0
    return min(_WEAR * moulds.wear(read_statement(entry.text)), _MOST_WEAR)


def _chosen_alone(ranked: Sequence[Entry], max_tokens: int, count: Callable[[str], int]) -> Entries:
    """Return the most important entry that fits by itself, where not even all headings do."""
    for entry in ranked[:50]:
        if count(render_entries((entry,))) <= max_tokens:
            return (entry,)
    return ()
