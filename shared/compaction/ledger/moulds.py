"""Moulds: sentences that differ only in a few words are small talk, or a log; alone, none of them shows it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from shared.compaction.ledger.entries import Entry, is_sentence
from shared.compaction.ledger.statements import Statement, read_statement
from shared.compaction.ledger.tokens import IDENTIFIERS, Kind

Run = tuple[str, str, str]

# So many sentences that share so much of their runs (in tenths) carry nothing: those that name things may be
# a list of them, and those that bind are worth more than what they repeat.
_OFTEN = 3
_SHARED, _SHARED_WITH_NAMES, _SHARED_BY_RULES = 4, 5, 6
_NAMING = IDENTIFIERS - {Kind.SYMBOL}


# What is worn loses so much of its score, down to the least; a rule must be worn more than a little.
_LOSS, _LEAST_SCORE, _WORN_RULE = 25, 20, 4


def runs_of(statement: Statement) -> list[Run]:
    """Return the runs of three words in the sentence."""
    lows = statement.lows
    return list(zip(lows, lows[1:], lows[2:], strict=False))


class Moulds:
    """What runs of words occur how often among sentences."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._runs: Counter[Run] = Counter()
        for statement in statements:
            self._runs.update(runs_of(statement))

    def wear(self, statement: Statement) -> int:
        """Return how many sentences too many share a mould with this one, which is among them; 0 for few."""
        counts = sorted((self._runs[run] for run in runs_of(statement)), reverse=True)
        if not counts:
            return 0
        needed = -(-len(counts) * _share_of_mould(statement) // 10)
        return max(counts[needed - 1] - _OFTEN + 1, 0)


def worn_down(entries: Iterable[Entry], moulds: Moulds) -> Iterator[Entry]:
    """Yield the entries; sentences whose like was said again and again have less of a score than they had."""
    for entry in entries:
        wear = moulds.wear(read_statement(entry.text)) if is_sentence(entry) else 0
        if wear == 0 or (entry.hard and wear < _WORN_RULE):
            yield entry
        else:
            yield replace(entry, score=min(entry.score, max(entry.score - _LOSS, _LEAST_SCORE)), hard=False)


def _share_of_mould(statement: Statement) -> int:
    if statement.is_hard or statement.label is not None:
        return _SHARED_BY_RULES
    return _SHARED if _NAMING.isdisjoint(statement.kinds) else _SHARED_WITH_NAMES
