"""Telling apart: what shows that two statements in like words are of two things, or of two people."""

from collections.abc import Sequence

from shared.compaction.ledger.cues import DEFINITE, UNIVERSALS, WORDS, Cue, word_set
from shared.compaction.ledger.slots import (
    ATTRIBUTES,
    BEING,
    SETTERS,
    begins_with_a_full_name,
    places_of_values,
    run_of_value,
)
from shared.compaction.ledger.statements import Statement, remembered
from shared.compaction.ledger.tokens import Kind

# The verbs of what is true of a person or a thing by its name, not of whoever has a role.
_OF_ONE = word_set("""is are was has have lives works wants needs likes prefers speaks ist hat lebt wohnt arbeitet es está tiene
    vive trabaja est habite travaille""")
# Whose a thing is: rows of those who may speak of the same owner.
_OWNERS = tuple(
    map(
        word_set,
        (
            "my our mine ours mein meine meinem meinen meiner unser unsere unserem unseren mi mis nuestro nuestra mon ma notre",
            "your yours dein deine deinem deinen deiner tu tus ton ta votre vuestro vuestra",
            "his", "her hers", "their theirs",
        ),
    )
)  # fmt: skip
# One of two: what is told of the other takes nothing from it.
_FORMER = word_set("""old former previous legacy alte alten alter altes bisherige frühere frühere viejo vieja antiguo antigua anterior
    ancien ancienne antigo antiga vecchio vecchia старый старая""")
# "B09 is closed instead": which one it is has changed.
_INSTEAD = word_set("instead stattdessen statt plutôt invece вместо zamiast yerine")
_COUNTED = frozenset({Kind.NUMBER, Kind.AMOUNT, Kind.DATE})
_NUMBERED = frozenset({Kind.NUMBER, Kind.ID, Kind.HASH, Kind.VERSION})


def are_apart(later: Statement, earlier: Statement) -> bool:
    """Return whether they tell of other people, of other owners, or one of the former and one of the new."""
    mine, theirs = _owners_in(later), _owners_in(earlier)
    if mine and theirs and mine.isdisjoint(theirs):
        return True
    if not _FORMER.isdisjoint(earlier.lows) and _FORMER.isdisjoint(later.lows):
        return True
    return not (_told_of(later) <= set(earlier.lows) and _told_of(earlier) <= set(later.lows))


def names_another(later: Statement, earlier: Statement, replaced: Sequence[int]) -> bool:
    """Return whether besides the `replaced` value they differ in what it is a value of.

    "Client A pays 300" and "Client B pays 450" are of two clients, "Invoice 12 is due" and "Invoice 13 is due" of two invoices.
    """
    first, last = run_of_value(earlier, replaced)
    new, old = places_of_values(later), places_of_values(earlier)
    aside = {
        _alike(earlier.kinds[at]) for low, at in old.items() if low not in new and not first <= at <= last
    }
    fresh = {_alike(later.kinds[at]) for low, at in new.items() if low not in old}
    changed = {_alike(earlier.kinds[at]) for at in replaced}
    is_instead = not _INSTEAD.isdisjoint(later.lows)
    return bool(aside & fresh - changed) or (not is_instead and _numbers_a_thing(earlier, first))


def _alike(kind: Kind) -> Kind:
    return Kind.NUMBER if kind in _COUNTED else kind


def _numbers_a_thing(statement: Statement, index: int) -> bool:
    """Whether the value tells which one of a kind the sentence is about, as in "invoice 12 is due"."""
    if (
        statement.kinds[index] not in _NUMBERED
        or index <= statement.start
        or index + 1 >= len(statement.lows)
    ):
        return False
    before = statement.lows[statement.start : index]
    is_named = before[-1] not in UNIVERSALS | DEFINITE and (SETTERS | ATTRIBUTES).isdisjoint(before)
    return is_named and statement.lows[index + 1] in BEING


@remembered
def _owners_in(statement: Statement) -> frozenset[int]:
    return frozenset(row for row, words in enumerate(_OWNERS) if not words.isdisjoint(statement.lows))


@remembered
def _told_of(statement: Statement) -> frozenset[str]:
    """Return the names that the sentence tells something of: "Ada is ill", but not "Ada is our doctor"."""
    told: set[str] = set()
    run: list[str] = []
    for index, (low, kind) in enumerate(zip(statement.lows, statement.kinds, strict=True)):
        opens = index == statement.start and not begins_with_a_full_name(statement)
        if kind is Kind.NAME and index >= statement.start and not opens:
            run.append(low)
        elif low not in WORDS[Cue.UPDATE]:
            following = statement.lows[index + 1] if index + 1 < len(statement.lows) else ""
            if low in _OF_ONE and following not in DEFINITE:
                told.update(run)
            run = []
    return frozenset(told)
