"""Clauses: the parts of a sentence between its pauses, and which of them only announce what the others say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.compaction.ledger.cues import CONDITIONS, Cue, word_set
from shared.compaction.ledger.slots import values_of
from shared.compaction.ledger.statements import Statement, read_statement, remembered
from shared.compaction.ledger.subjects import stems_of

# One class each and nothing that repeats: linear. A comma in a number or between two of them parts nothing.
_PAUSE = re.compile(r"[,;:—–]\s+|\s+[—–-]\s+|[，；：،؛]\s*|(?<=[\u3000-\u9fff])[,、]\s*")  # noqa: RUF001
_MOST_CLAUSES = 8
# What opens a clause that tells where, when or for whom the rest of the sentence holds; behind it only some do.
_OF_CONTEXT = CONDITIONS | word_set("at with under by within until solange ab chez")
_OF_CONTEXT_BEHIND = word_set("except unless if when wenn falls außer si cuando quand salvo excepto sauf")


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence: read as a statement of its own, and where it begins in the sentence's text."""

    statement: Statement
    begins: int


@remembered
def clauses_of(statement: Statement) -> tuple[Clause, ...]:
    """Return the clauses that say something, in order; a sentence of very many is one."""
    parts = tuple(_parts(statement.text))
    return parts if len(parts) <= _MOST_CLAUSES else (Clause(statement, 0),)


@remembered
def telling_clauses(statement: Statement) -> tuple[Clause, ...]:
    """Return the clauses that hold a value, each with the one before it where it says of nothing what it is."""
    found: list[Clause] = []
    clauses = clauses_of(statement)
    for before, clause in zip((None, *clauses), clauses, strict=False):
        if not values_of(clause.statement):
            continue
        if before is None or _says_of_what(clause.statement):
            found.append(clause)
        else:
            end = clause.begins + len(clause.statement.text)
            whole = _plain(statement.text[before.begins : end])
            found.append(Clause(read_statement(whole), before.begins))
    return tuple(found)


@remembered
def context_of(statement: Statement) -> frozenset[str]:
    """Return what clauses say of where, when or for whom the others hold."""
    found: set[str] = set()
    opening = _OF_CONTEXT | _OF_CONTEXT_BEHIND
    clauses = clauses_of(statement) if len(clauses_of(statement)) > 1 else ()
    for clause in clauses:
        # "On second thought" is a condition of nothing.
        if clause.statement.lows[0] in opening and Cue.UPDATE not in clause.statement.cues:
            found |= stems_of(clause.statement)
        if values_of(clause.statement):
            opening = _OF_CONTEXT_BEHIND
    return frozenset(found)


def _says_of_what(clause: Statement) -> bool:
    return not clause.is_dependent and bool(stems_of(clause) - values_of(clause).keys())


def _plain(text: str) -> str:
    """Return a clause and the one before it without the pause between them: no label opens it."""
    return _PAUSE.sub(" ", text)


def _parts(text: str) -> Iterator[Clause]:
    begins = 0
    for pause in (*_PAUSE.finditer(text), None):
        ends = pause.start() if pause else len(text)
        if text[begins:ends].strip():
            read = read_statement(text[begins:ends])
            if any(read.lows):
                yield Clause(read, begins)
        begins = pause.end() if pause else ends
