"""Subjects: when two sentences say the same, and when the later one takes the earlier one's place."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from shared.compaction.ledger.cues import CHARACTERS, PHRASES, STOPWORDS, WORDS, Cue, word_set
from shared.compaction.ledger.entries import Section
from shared.compaction.ledger.statements import Statement
from shared.compaction.ledger.tokens import VALUES, Kind

_POLITE = word_set("a an the please just also so and bitte por favor der die das el la los las le les")
# What a value follows: without one of these before it, the value is what the sentence is about, not what it sets.
_SETTERS = word_set("""is are was be equals means called named to at by under below above on of in port from than use only with as
    becomes belongs lives runs = : until before after for over past without within
    ist sind heißt lautet beträgt auf unter über bis mit nur von in um für es son está en de a con hasta solo
    est sont à sur par""")
# What has one value at a time, so that a value right behind it is set even without a word between them.
_ATTRIBUTES = word_set("""budget cap limit quota ceiling password passphrase code codename pin deadline price rate threshold timeout
    capacity version region timezone extension passwort budget código contraseña""")
# What says when something changed, or is part of the verb that says so: no part of what changed.
_WHEN = word_set(
    "since today yesterday morning afternoon week month back up down out off had just heute gestern hoy ayer"
) | word_set("got gets been make set let after all all over second thought thoughts should")
# What names the kind of a value, not the thing that has it.
_KINDS_OF_VALUES = word_set("address number date time value name place amount")
# The verbs that order a value to be set.
_SETTING = word_set("make set change let let's raise lower reduce increase setze setzt pon cambia mets")
_SUBJECT_KINDS = frozenset({Kind.WORD, Kind.NAME, Kind.SYMBOL})
_LONGEST_NAME = 3
_MARKS_OF_SETTING = (*CHARACTERS[Cue.UPDATE], *CHARACTERS[Cue.COPULA])
_GOVERNED = frozenset({Section.RULE, Section.PREFERENCE, Section.STATE})


def same_words_key(statement: Statement) -> str:
    """Return a key that two sentences share when they use the same words, politeness and order aside."""
    words = sorted({low for low in statement.lows if low and low not in _POLITE})
    return "w:" + _digest(" ".join(words))


def subject_key(statement: Statement) -> str:
    """Return a key that sentences share when they set one thing to different values, else the words' key."""
    slot = _last_value(statement)
    if slot is None or not _governs(statement):
        return same_words_key(statement)
    first, last = slot
    before = [low for low in statement.lows[statement.start : first] if low not in _POLITE]
    if (
        not before
        or before[-1] not in _SETTERS | _ATTRIBUTES
        or len(_content([*before, *statement.lows[last:]])) < 2
    ):
        return same_words_key(statement)
    kind = "name" if statement.kinds[first] is Kind.NAME else "value"
    return "s:" + _digest(f"{' '.join(before)} <{kind}> {' '.join(statement.lows[last:])}")


def stems_of(statement: Statement) -> frozenset[str]:
    """Return what the sentence is about: its content words, shortened to what inflection leaves alone."""
    pairs = zip(statement.lows, statement.kinds, strict=True)
    return frozenset(_content([low for low, kind in pairs if kind in _SUBJECT_KINDS]))


def values_of(statement: Statement) -> dict[str, Kind]:
    """Return the values in the sentence and their kinds; neighbouring names are one value each."""
    pairs = zip(statement.lows, statement.kinds, strict=True)
    return {
        low: kind
        for index, (low, kind) in enumerate(pairs)
        if kind in VALUES
        and index >= statement.start
        and not (kind is Kind.NAME and index == statement.start and not _begins_with_a_full_name(statement))
    }


def supersedes(later: Statement, earlier: Statement) -> bool:
    """Return whether `later` announces a change of the one thing that `earlier` sets.

    It must be about nothing else, and set a value of the same kind, and
    `earlier` must hold no other value that would be lost. A prohibition only yields to a prohibition.
    """
    if earlier.is_hard and earlier.is_negative and not later.is_negative:
        return False
    if later.text == earlier.text or not _shares_subject(later, earlier):
        return False
    # An order alone may set something else that the same words name: it must be about all of it.
    if Cue.UPDATE not in later.cues and not _shares_subject(earlier, later):
        return False
    new, old = values_of(later), values_of(earlier)
    replaced = {value: kind for value, kind in old.items() if value not in new}
    kinds = set(replaced.values())
    one_value = len(replaced) == 1 or (kinds == {Kind.NAME} and len(replaced) <= _LONGEST_NAME)
    return one_value and bool(_like(kinds) & _like(set(new.values())))


def _shares_subject(later: Statement, earlier: Statement) -> bool:
    """Whether `later` is about nothing that `earlier` is not about: "port" is less than "port of the API"."""
    mine = _changed_subject(later)
    names = {_stem(value) for value, kind in values_of(later).items() if kind is Kind.NAME}
    return bool(mine - names) and mine - names <= stems_of(earlier)


def _changed_subject(statement: Statement) -> frozenset[str]:
    """Return what the sentence is about, without its label and the words that only say that it is a change."""
    announcing = {
        word for phrase in PHRASES[Cue.UPDATE] if phrase in statement.padded for word in phrase.split()
    }
    left_out = WORDS[Cue.UPDATE] | _WHEN | _KINDS_OF_VALUES | announcing
    pairs = list(zip(statement.lows, statement.kinds, strict=True))[statement.start :]
    words = [low.partition("'")[0] for low, kind in pairs if kind in _SUBJECT_KINDS and low not in left_out]
    return frozenset(_content(words))


def _begins_with_a_full_name(statement: Statement) -> bool:
    return statement.kinds[statement.start : statement.start + 2] == (Kind.NAME, Kind.NAME)


def announces_a_change(statement: Statement) -> bool:
    """Return whether the sentence says that something is other than it was, or orders it to be."""
    orders = statement.lows[statement.start : statement.start + 1]
    return Cue.UPDATE in statement.cues or not _SETTING.isdisjoint(orders)


def _like(kinds: set[Kind]) -> set[Kind]:
    numbers = {Kind.NUMBER, Kind.AMOUNT}
    return kinds | (numbers if kinds & numbers else set())


def _governs(statement: Statement) -> bool:
    return statement.section in _GOVERNED or statement.label is not None or Cue.COPULA in statement.cues


def _last_value(statement: Statement) -> tuple[int, int] | None:
    """Return where the last run of values begins and ends; neighbours of a name belong to it."""
    last = len(statement.kinds)
    while last > statement.start + 1 and statement.kinds[last - 1] not in VALUES:
        last -= 1
    if last <= statement.start + 1:
        return None
    first = last - 1
    while first > statement.start + 1 and statement.kinds[first - 1] is statement.kinds[first] is Kind.NAME:
        first -= 1
    return first, last


def _content(words: Sequence[str]) -> list[str]:
    return list(_stems(words))


def _stems(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        if len(word) > 1 and word not in STOPWORDS and word not in WORDS[Cue.STANDING]:
            yield _stem(word)


def _stem(word: str) -> str:
    if word.isascii():
        return word if len(word) <= 4 else word[: max(4, min(6, len(word) - 2))]
    for mark in _MARKS_OF_SETTING:
        word = word.replace(mark, "")
    return word


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
