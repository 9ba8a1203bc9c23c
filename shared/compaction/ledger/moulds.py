"""Moulds: sentences that differ only in a few words are small talk, or a log; alone, none of them shows it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from zlib import crc32

from shared.compaction.ledger.entries import Entries, Entry, is_sentence
from shared.compaction.ledger.statements import FIRST_DENSE_CHARACTER, Statement, read_statement
from shared.compaction.ledger.tokens import IDENTIFIERS, Kind

# So many sentences, none of them shorter than so many words, that share runs around so much of their words (in
# tenths) carry nothing: those that name things may be a list of them, and those that bind are worth more than
# what they repeat.
_OFTEN, _SHORTEST = 3, 5
_SHARED, _SHARED_WITH_NAMES, _SHARED_BY_RULES, _SHARED_BY_CHARACTERS = 5, 6, 6, 7
_NAMING = IDENTIFIERS - {Kind.SYMBOL}
# So many runs are remembered from one compaction to the next, and as counted no more than so often.
_MOST_REMEMBERED, _MOST_COUNTED = 768, 15
# What is worn loses so much of its score, down to the least.
_LOSS, _LEAST_SCORE = 25, 20


def runs_of(statement: Statement) -> list[int]:
    """Return the runs of three words in the sentence, each as a number; its beginning and end count as words.

    In scripts without spaces each character is a word.
    """
    words = statement.lows
    if _is_dense(statement):
        words = tuple(char for word in words for char in (word if word >= FIRST_DENSE_CHARACTER else (word,)))
    if len(words) < _SHORTEST:
        return []
    lows = ("", *words, "")
    runs = zip(lows, lows[1:], lows[2:], strict=False)
    return [crc32(" ".join(run).encode("utf-8", "replace")) for run in runs]


class Moulds:
    """What runs of words occur how often among sentences; one that is said again word for word counts once."""

    def __init__(self, statements: Iterable[Statement] = (), *, remembered: Sequence[int] = ()) -> None:
        self._runs: Counter[int] = Counter()
        self._texts: set[str] = set()
        self.add(statements)
        # What is remembered was counted among them: the sentences that stayed are a part of what was said.
        for each in remembered:
            run, often = divmod(each, _MOST_COUNTED + 1)
            self._runs[run] = max(self._runs[run], often)

    def add(self, statements: Iterable[Statement]) -> None:
        """Count further sentences."""
        for statement in statements:
            if statement.text not in self._texts:
                self._texts.add(statement.text)
                self._runs.update(runs_of(statement))

    def to_remember(self) -> tuple[int, ...]:
        """Return the runs that were said too often, with their counts: `remembered` of what is said later."""
        often = [(run, min(times, _MOST_COUNTED)) for run, times in self._runs.items() if times >= _OFTEN - 1]
        often.sort(key=lambda each: (-each[1], each[0]))
        return tuple(run * (_MOST_COUNTED + 1) + times for run, times in often[:_MOST_REMEMBERED])

    def wear(self, statement: Statement) -> int:
        """Return how many sentences too many share a mould with this one, which is among them; 0 for few."""
        counts = sorted(self._counts_of_words(statement), reverse=True)
        if not counts:
            return 0
        needed = -(-len(counts) * _share_of_mould(statement) // 10)
        return max(counts[needed - 1] - _OFTEN + 1, 0)

    def worn(self, entries: Iterable[Entry]) -> frozenset[str]:
        """Return the keys of the sentences that bind nobody and that share a mould with too many others."""
        sentences = (entry for entry in entries if is_sentence(entry) and not entry.hard)
        return frozenset(entry.key for entry in sentences if self.wear(read_statement(entry.text)) > 0)

    def _counts_of_words(self, statement: Statement) -> list[int]:
        """Return for each word how often the most frequent run around it occurs: a slot spoils its own words only."""
        runs = [self._runs[run] for run in runs_of(statement)]
        if not runs:
            return []
        return [max(runs[max(index - 1, 0) : index + 2]) for index in range(len(runs))]


def worn_down(entries: Entries, moulds: Moulds, *, already: frozenset[str] = frozenset()) -> Iterator[Entry]:
    """Yield the entries; sentences whose like was said again and again have less of a score than they had.

    What binds is never worn, however long the list that it is from, and what is worn `already` is not worn again.
    """
    worn = moulds.worn(entries) - already
    for entry in entries:
        score = max(entry.score - _LOSS, min(entry.score, _LEAST_SCORE))
        yield replace(entry, score=score) if entry.key in worn else entry


def _is_dense(statement: Statement) -> bool:
    return len(statement.lows) < _SHORTEST and any(low >= FIRST_DENSE_CHARACTER for low in statement.lows)


def _share_of_mould(statement: Statement) -> int:
    if _is_dense(statement):
        return _SHARED_BY_CHARACTERS  # the endings of polite speech are in every sentence
    if statement.is_hard or statement.label is not None:
        return _SHARED_BY_RULES
    return _SHARED if _NAMING.isdisjoint(statement.kinds) else _SHARED_WITH_NAMES
