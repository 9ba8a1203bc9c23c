"""Changes: when a later statement takes an earlier one's place because it says that something has changed."""

from shared.compaction.ledger.cues import CHARACTERS, DEFINITE, PHRASES, SETTING, WORDS, Cue, word_set
from shared.compaction.ledger.slots import (
    BEING,
    begins_with_a_full_name,
    holds_one_value,
    is_restrictive,
    places_of_values,
    values_of,
)
from shared.compaction.ledger.statements import Statement
from shared.compaction.ledger.subjects import SUBJECT_KINDS, content_of, stem_of, stems_of
from shared.compaction.ledger.tokens import Kind

# What says when something changed, or is part of the verb that says so: no part of what changed.
_WHEN = word_set(
    "since today yesterday morning afternoon week month back up down out off had just heute gestern hoy ayer"
) | word_set("got gets been make set let after all all over second thought thoughts should")
# What names the kind of a value, not the thing that has it.
_KINDS_OF_VALUES = word_set("address number date time value name place amount")
# What says from when on something holds, not that it holds in the place of something else.
_BEGINNING = word_set(
    "now new update updated revised jetzt nun künftig neu neue neuer ahora nuevo nueva"
) | word_set("désormais maintenant agora ora")
_BEGINNINGS = frozenset(
    f" {phrase} "
    for phrase in (
        "from now on", "from here on", "as of", "going forward", "ab sofort", "von jetzt an", "a partir de",
        "de ahora en", "à partir de", "dorénavant", "a partir de agora", "d'ora in poi",
    )
)  # fmt: skip
_BEGINNING_MARKS = ("现在", "今后", "これから", "이제")
_REPLACING = WORDS[Cue.UPDATE] - _BEGINNING
_REPLACING_PHRASES = PHRASES[Cue.UPDATE] - _BEGINNINGS
_REPLACING_MARKS = tuple(mark for mark in CHARACTERS[Cue.UPDATE] if mark not in _BEGINNING_MARKS)
_ADDING = word_set("also too additionally another auch zudem también además aussi également também anche")
# The verbs of what is true of a person or a thing by its name, not of whoever has a role.
_OF_ONE = word_set("""is are was has have lives works wants needs likes prefers speaks ist hat lebt wohnt arbeitet es está tiene
    vive trabaja est habite travaille""")
_OLD = word_set("from not von nicht statt desde no")
_LONGEST_NAME = 3
_STEMS_OF_BEING = frozenset(stem_of(word) for word in BEING)


def announces_a_change(statement: Statement) -> bool:
    """Return whether the sentence says that something is other than it was, or orders it to be."""
    if statement.is_doubtful:
        return False
    return Cue.UPDATE in statement.cues or _orders_a_change(statement)


def supersedes(later: Statement, earlier: Statement) -> bool:
    """Return whether `later` announces a change of the one thing that `earlier` sets.

    It must be about nothing and nobody else, and set a value of the same kind, and `earlier` must hold no other
    value that would be lost. A prohibition only yields to a prohibition; one that may stand beside it must say
    that it takes its place.
    """
    if earlier.is_hard and earlier.is_negative and not later.is_negative:
        return False
    if later.text == earlier.text or not _ADDING.isdisjoint(later.lows[later.start + 1 :]):
        return False
    if not _shares_subject(later, earlier) or not _is_about_the_same_ones(later, earlier):
        return False
    # An order alone may set something else that the same words name: it must be about all of it.
    if Cue.UPDATE not in later.cues and not _shares_subject(earlier, later):
        return False
    replaced = _replaced_values(later, earlier)
    if not replaced or (_stands_beside_others(earlier, replaced) and not _says_instead(later)):
        return False
    kinds = {earlier.kinds[index] for index in replaced}
    return bool(_like(kinds) & _like(set(values_of(later).values())))


def _replaced_values(later: Statement, earlier: Statement) -> list[int]:
    """Return where the words of the one value stand that only `earlier` holds; nothing where there are several."""
    new, old = places_of_values(later), places_of_values(earlier)
    replaced = sorted(index for low, index in old.items() if low not in new)
    if not replaced:
        # "Change the port from 8080 to 9090" names what it replaces.
        replaced = sorted(
            i for low, i in old.items() if later.lows[new[low] - 1] in _OLD and len(new) > len(old)
        )
    if len(replaced) == 1:
        return replaced
    is_a_name = all(earlier.kinds[index] is Kind.NAME for index in replaced)
    is_a_run = bool(replaced) and replaced[-1] - replaced[0] == len(replaced) - 1 < _LONGEST_NAME
    return replaced if is_a_name and is_a_run else []


def _stands_beside_others(earlier: Statement, replaced: list[int]) -> bool:
    """Whether `earlier` forbids one of many things, so that forbidding another takes nothing back."""
    restricts = earlier.is_hard and (earlier.is_negative or is_restrictive(earlier.lows))
    return restricts and not holds_one_value(earlier, replaced[0], replaced[-1] + 1)


def _says_instead(later: Statement) -> bool:
    """Whether the words say that something else no longer holds, not only from when on they hold."""
    return (
        _orders_a_change(later)
        or not _REPLACING.isdisjoint(later.lows)
        or any(phrase in later.padded for phrase in _REPLACING_PHRASES)
        or any(mark in later.text for mark in _REPLACING_MARKS)
    )


def _orders_a_change(statement: Statement) -> bool:
    return statement.opening in SETTING


def _is_about_the_same_ones(later: Statement, earlier: Statement) -> bool:
    """Whether each tells of nobody whom the other does not name."""
    return _told_of(later) <= set(earlier.lows) and _told_of(earlier) <= set(later.lows)


def _told_of(statement: Statement) -> set[str]:
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
    return told


def _shares_subject(later: Statement, earlier: Statement) -> bool:
    """Whether `later` is about nothing that `earlier` is not about: "port" is less than "port of the API"."""
    mine, known = _changed_subject(later), stems_of(earlier)
    names = {stem_of(value) for value, kind in values_of(later).items() if kind is Kind.NAME}
    about = mine - (names - known)
    return bool(about) and about - _STEMS_OF_BEING <= known


def _changed_subject(statement: Statement) -> frozenset[str]:
    """Return what the sentence is about, without its label and the words that only say that it is a change."""
    announcing = {
        word for phrase in PHRASES[Cue.UPDATE] if phrase in statement.padded for word in phrase.split()
    }
    orders = SETTING & {statement.opening}
    left_out = WORDS[Cue.UPDATE] | _WHEN | _KINDS_OF_VALUES | announcing | orders
    pairs = list(zip(statement.lows, statement.kinds, strict=True))[statement.start :]
    words = [low.partition("'")[0] for low, kind in pairs if kind in SUBJECT_KINDS and low not in left_out]
    return frozenset(content_of(words))


def _like(kinds: set[Kind]) -> set[Kind]:
    numbers = {Kind.NUMBER, Kind.AMOUNT}
    return kinds | (numbers if kinds & numbers else set())
