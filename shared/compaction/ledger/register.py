"""The register: entries being collected, where a later fact takes its predecessor's place."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from shared.compaction.ledger.changes import announces_a_change, order_of
from shared.compaction.ledger.entries import AUTHORITIES, QUOTE, Entries, Entry, Section, is_sentence
from shared.compaction.ledger.replacing import left_of, topics_of
from shared.compaction.ledger.slots import values_of
from shared.compaction.ledger.statements import Statement, read_statement
from shared.compaction.ledger.subjects import stems_of

_MOST_CANDIDATES = 16
# A file that was created and then edited was created, as far as the conversation goes.
_SAYS_MORE = {("created", "edited")}


class Register:
    """Entries by key, in the order of their first sighting."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[str, Entry] = {entry.key: entry for entry in entries}
        self._by_stem: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_MOST_CANDIDATES))
        self._retired: set[str] = set()
        self._identifiers: dict[str, list[str]] = {}
        for entry in self._entries.values():
            self._index(entry)

    @property
    def entries(self) -> Entries:
        """What is registered now."""
        return tuple(self._entries.values())

    def add(self, entry: Entry) -> None:
        """Take `entry` in: a new fact at the end, a known one in its place, an update over what it changes."""
        if entry.section is Section.IDENTIFIER and entry.text.casefold() in self._retired:
            return
        known = self._entries.get(entry.key)
        if known is None or not _stays(known, entry):
            self._entries[entry.key] = self._replacing(known, entry) if known else entry
            self._index(entry)
        if known is None or known.text == entry.text:
            self._resolve(entry)

    def _replacing(self, known: Entry, entry: Entry) -> Entry:
        """Return `entry` with the rank of what it replaces, which is gone with the values that only it held."""
        if not _is_governed(entry):
            return entry
        # Later words stand later: where two statements contradict each other unnoticed, the last one holds.
        del self._entries[known.key]
        self._retire(known, entry)
        return replace(entry, score=max(entry.score, known.score), hard=entry.hard or known.hard)

    def _retire(self, known: Entry, entry: Entry) -> None:
        valid = values_of(read_statement(entry.text)).keys()
        self._retired -= valid
        gone = values_of(read_statement(known.text)).keys() - valid
        for value in gone:
            self._retired.add(value)
            for key in [key for key in self._identifiers.get(value, ()) if key in self._entries]:
                del self._entries[key]

    def _index(self, entry: Entry) -> None:
        if entry.section is Section.IDENTIFIER:
            self._identifiers.setdefault(entry.text.casefold(), []).append(entry.key)
        if _is_governed(entry):
            for stem in _words_of_subject(read_statement(entry.text)):
                self._by_stem[stem].append(entry.key)

    def _resolve(self, entry: Entry) -> None:
        """Drop of the one older statement what `entry` says has changed; where several fit, all stay."""
        later = read_statement(entry.text)
        if not _is_governed(entry) or not announces_a_change(later):
            return
        candidates = (each for each in self._candidates(later, entry) if each.trust is entry.trust)
        lefts = ((each, left_of(read_statement(each.text), later)) for each in candidates)
        # The third and more tell no more than the second: none is the one.
        changed = list(islice(((each, left) for each, left in lefts if left is not None), 2))
        if len(changed) != 1:
            return
        [(known, left)] = changed
        if left:
            self._entries[known.key] = replace(known, text=left)
            self._retire(known, replace(entry, text=f"{left} {entry.text}"))
        else:
            self._entries[entry.key] = self._replacing(known, self._entries[entry.key])

    def _candidates(self, later: Statement, entry: Entry) -> list[Entry]:
        keys: dict[str, None] = {}
        for stem in _words_of_subject(later):
            keys.update(dict.fromkeys(self._by_stem.get(stem, ())))
        found = (self._entries.get(key) for key in keys if key != entry.key)
        return [each for each in found if each is not None]


def _words_of_subject(statement: Statement) -> list[str]:
    return sorted({*stems_of(statement), *topics_of(statement), order_of(statement)} - {""})


def _is_governed(entry: Entry) -> bool:
    return is_sentence(entry) and entry.trust in AUTHORITIES


def _stays(known: Entry, later: Entry) -> bool:
    """Whether what is known already says as much as what is seen again."""
    match known.section:
        case Section.IDENTIFIER:
            return known.score >= later.score
        case Section.FILE:
            return (known.note, later.note) in _SAYS_MORE or later.note in {"read", known.note}
        case Section.COMMAND:
            return not later.note or later.line == known.line
        case Section.ERROR:
            return True
        case _:
            return known.text == later.text or _outranks(known, later)


def _outranks(known: Entry, later: Entry) -> bool:
    return known.trust in AUTHORITIES and later.trust not in AUTHORITIES and not known.key.startswith(QUOTE)
