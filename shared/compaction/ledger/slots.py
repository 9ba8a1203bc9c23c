"""Slots: the values in a statement, and whether what it sets has one of them at a time or is a set that grows."""

from collections.abc import Sequence

from shared.compaction.ledger.cues import DEFINITE, NEGATIONS, STOPWORDS, UNIVERSALS, word_set
from shared.compaction.ledger.statements import Statement
from shared.compaction.ledger.tokens import VALUES, Kind
from shared.compaction.ledger.wordlists import CURRENCIES

POLITE = word_set("a an the please just also so and bitte por favor der die das el la los las le les")
# What has one value at a time, so that a value right behind it is set even without a word between them.
ATTRIBUTES = word_set("""budget cap limit quota ceiling password passphrase code codename pin deadline price rate threshold timeout
    capacity version port region timezone extension passwort budget código contraseña""")
BEING = word_set("""is are was be equals means called named becomes = : ist sind heißt lautet beträgt es son está
    est sont""")
# Behind these a value is the most or the least that may be.
_LIMITS = word_set("""under below above before after until past over within exceed exceeds than unter über bis vor nach
    hasta""")
# What a value follows: without one of these before it, the value is what the sentence is about, not what it sets.
SETTERS = (
    BEING
    | _LIMITS
    | word_set("""to at by of on in from use only with as belongs lives runs for without
    auf mit nur von in um für en de a con solo à sur par""")
)
_ONLY = word_set("only nur solo sólo solamente seulement apenas soltanto")
# What is somewhere is in one place: "runs on", "is stored in".
_PLACED = BEING | word_set("""lives runs belongs located based hosted stored parked listens reports
    liegt läuft gehört lebt wohnt vive""")
_MANNERS = word_set("in en auf")
# Of these something has one at a time; of names and paths it may have many.
_COUNTED = frozenset({Kind.NUMBER, Kind.AMOUNT, Kind.DATE, Kind.VERSION})
_NEAR = 4
# Words inside a date; those of scripts without spaces.
_DENSE_DATE = word_set("年 月 日 日に 日は 년 월 일 時 点 时 시")
_INSIDE_DATES = _DENSE_DATE | word_set("of the de do del o'clock uhr at um को बजे")


def places_of_values(statement: Statement) -> dict[str, int]:
    """Return the values in the sentence and where each first stands; neighbouring names are one value each."""
    found: dict[str, int] = {}
    for index in range(statement.start, len(statement.lows)):
        opens = index == statement.start and statement.kinds[index] is Kind.NAME
        if statement.kinds[index] in VALUES and not (opens and not begins_with_a_full_name(statement)):
            found.setdefault(statement.lows[index], index)
    return found


def values_of(statement: Statement) -> dict[str, Kind]:
    """Return the values in the sentence and their kinds; neighbouring names are one value each."""
    return {low: statement.kinds[index] for low, index in places_of_values(statement).items()}


def begins_with_a_full_name(statement: Statement) -> bool:
    """Whether two names stand first: one alone may be any word, capitalised for its place."""
    start = statement.start
    return (
        statement.kinds[start : start + 2] == (Kind.NAME, Kind.NAME)
        and statement.lows[start] not in STOPWORDS
    )


def last_value(statement: Statement) -> tuple[int, int] | None:
    """Return where the last run of values begins and ends; neighbours of a name belong to it."""
    last = len(statement.kinds)
    while last > statement.start + 1 and not _is_value(statement, last - 1):
        last -= 1
    if last <= statement.start + 1:
        return None
    first = last - 1
    while first > statement.start + 1 and statement.kinds[first - 1] is statement.kinds[first] is Kind.NAME:
        first -= 1
    return first, last


def words_before(statement: Statement, first: int) -> list[str]:
    """Return the words of the sentence before a value, without those of politeness."""
    return [low for low in statement.lows[statement.start : first] if low not in POLITE]


def run_of_value(statement: Statement, places: Sequence[int]) -> tuple[int, int]:
    """Return the first and last word of the value that begins at these places: of a name, an address or a date all its words."""
    first = last = places[0]
    kind = statement.kinds[first]
    if kind in {Kind.NAME, Kind.NUMBER}:
        # "Ada Lovelace", "12 Elm Street"
        while last + 1 < len(statement.kinds) and statement.kinds[last + 1] is Kind.NAME and last - first < 2:
            last += 1
        if kind is Kind.NAME or last > first:
            return first, last
    while first > statement.start and _is_of_a_date(statement, first - 1):
        first -= 1
    while last + 1 < len(statement.kinds) and _is_of_a_date(statement, last + 1):
        last += 1
    run = range(first, last + 1)
    if any(statement.kinds[index] is Kind.DATE for index in run) or _is_in_dense_date(statement, run):
        return _trimmed(statement, first, last)
    return places[0], places[0]


def is_restrictive(lows: Sequence[str]) -> bool:
    """Whether the words say that something may not be, or that nothing else may be."""
    return any(is_no(low) or low in _ONLY for low in lows)


def is_no(low: str) -> bool:
    """Whether the word says no."""
    return low in NEGATIONS or low.endswith("n't")


def holds_one_value(statement: Statement, first: int, last: int) -> bool:
    """Return whether a later value takes the place of the one from `first` to `last`; else it is one of a set.

    What may not be done is one of a set, and so is a name, a path or an id behind a preposition. A limit, an
    attribute, what something is and where it is have one value.
    """
    before = words_before(statement, first)
    if not before:
        return False
    if not _ONLY.isdisjoint(before[-2:]):
        return True
    attributes = {before[-1], *statement.lows[last : last + 1]} & ATTRIBUTES
    if is_restrictive(before):
        definite = not DEFINITE.isdisjoint(statement.lows[max(first - _NEAR, 0) : first])
        counted = statement.kinds[first] in _COUNTED and before[-1] in _LIMITS | BEING
        return counted or (bool(attributes) and definite)
    return bool(attributes) or statement.kinds[first] in _COUNTED or _stands_alone(before)


def _stands_alone(before: list[str]) -> bool:
    """Whether there is one name, path or id at a time behind these words."""
    if before[-1] in BEING or before[-1] == "use" or not _PLACED.isdisjoint(before[-2:-1]):
        return True
    return before[-1] in _MANNERS and not UNIVERSALS.isdisjoint(before)


def _is_value(statement: Statement, index: int) -> bool:
    return statement.kinds[index] in VALUES and statement.lows[index] not in CURRENCIES


def _is_of_a_date(statement: Statement, index: int) -> bool:
    return statement.kinds[index] in {Kind.DATE, Kind.NUMBER} or statement.lows[index] in _INSIDE_DATES


def _is_in_dense_date(statement: Statement, run: range) -> bool:
    return any(statement.lows[index] in _DENSE_DATE for index in run)


def _trimmed(statement: Statement, first: int, last: int) -> tuple[int, int]:
    loose = _INSIDE_DATES - _DENSE_DATE
    while first < last and statement.lows[first] in loose:
        first += 1
    while last > first and statement.lows[last] in loose:
        last -= 1
    return first, last
