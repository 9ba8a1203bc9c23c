"""Changes: when a later statement takes an earlier one's place because it says that something has changed."""

from shared.compaction.ledger.apart import are_apart, names_another
from shared.compaction.ledger.cues import (
    CHARACTERS,
    DEFINITE,
    PHRASES,
    SETTING,
    WORDS,
    Cue,
    word_set,
)
from shared.compaction.ledger.slots import (
    BEING,
    holds_one_value,
    is_no,
    is_restrictive,
    places_of_values,
    run_of_value,
    values_of,
    words_before,
)
from shared.compaction.ledger.statements import Statement, remembered
from shared.compaction.ledger.subjects import SUBJECT_KINDS, content_of, stem_of, stems_of
from shared.compaction.ledger.tokens import Kind
from shared.compaction.ledger.tongues import BETWEEN

# What says when something changed, or is part of the verb that says so: no part of what changed.
_WHEN = (
    word_set(
        "since today yesterday morning afternoon week month back up down out off had just heute gestern hoy ayer"
    )
    | word_set("got gets been make set let after all all over should goes go went different other next here")
    | word_set(BETWEEN)
)
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
_OLD = word_set("from not von nicht statt desde no")
_NEAR = 3
# What one may have several of: another one is added to them, whatever says since when.
_GROWING = word_set("""allergic allergy allergies intolerant intolerance allergisch allergie unverträglichkeit alérgico
    alérgica alergia intolerante allergique alérgicos alergias аллергия""")
# What says that something is not so any more, and need not say what is.
_ENDING = frozenset(
    (
        " anymore ",
        " any more ",
        " no longer ",
        " nicht mehr ",
        " ya no ",
        " ne plus ",
        " больше не ",
        " não mais ",
    )
)
# "My son" is somebody.
_STEMS_OF_BEING = frozenset(stem_of(word) for word in BEING - {"son"})


def announces_a_change(statement: Statement) -> bool:
    """Return whether the sentence says that something is other than it was, or orders it to be."""
    if statement.is_doubtful:
        return False
    return Cue.UPDATE in statement.cues or _orders_a_change(statement)


def supersedes(
    later: Statement, earlier: Statement, *, said: Statement | None = None, in_part: bool = False
) -> bool:
    """Return whether `later` announces a change of the one thing that `earlier` sets.

    It must be about nothing and nobody else, and set a value of the same kind, and `earlier` must hold no other
    value that would be lost. A prohibition only yields to a prohibition; one that may stand beside it must say
    that it takes its place. `said` is the sentence that announces it, where `later` is a clause of it. One that changes `earlier`
    only `in_part` leaves the other values that it holds, which are of other kinds.
    """
    said = said or later
    if earlier.is_hard and earlier.is_negative and not later.is_negative:
        return False
    if later.text == earlier.text or not _ADDING.isdisjoint(said.lows[said.start + 1 :]):
        return False
    if not _GROWING.isdisjoint(earlier.lows) and not later.is_negative:
        return False
    if not _shares_subject(later, earlier) or are_apart(later, earlier):
        return False
    # An order alone may set something else that the same words name: it must be about all of it.
    if Cue.UPDATE not in said.cues and not _shares_subject(earlier, later):
        return False
    replaced = replaced_values(later, earlier, in_part=in_part)
    if not replaced or (_stands_beside_others(earlier, replaced) and not _says_instead(said)):
        return False
    if names_another(later, earlier, replaced):
        return False
    kinds = {earlier.kinds[index] for index in replaced}
    return bool(_like(kinds) & _like(set(values_of(later).values())))


def replaced_values(later: Statement, earlier: Statement, *, in_part: bool = False) -> list[int]:
    """Return where the words of the one value stand that only `earlier` holds; nothing where there are several.

    Where it is changed only `in_part`, those of another kind than the new value do not count.
    """
    new, old = places_of_values(later), places_of_values(earlier)
    replaced = sorted(index for low, index in old.items() if low not in new)
    if in_part:
        fresh = {later.kinds[index] for low, index in new.items() if low not in old} - {Kind.NAME}
        replaced = [index for index in replaced if earlier.kinds[index] in _like(fresh)]
    if not replaced:
        # "Change the port from 8080 to 9090" names what it replaces; so does "not 8080 any more".
        tells = len(new) > len(old) or any(phrase in later.padded for phrase in _ENDING)
        replaced = sorted(
            index for low, index in old.items() if tells and low in new and _is_taken_back(later, new[low])
        )
    if not replaced:
        return []
    first, last = run_of_value(earlier, replaced)
    return replaced if first <= replaced[0] and replaced[-1] <= last else []


def _is_taken_back(later: Statement, index: int) -> bool:
    before = later.lows[max(index - _NEAR, 0) : index]
    return not _OLD.isdisjoint(before) or any(is_no(low) for low in before)


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


def is_about(later: Statement, known: frozenset[str]) -> bool:
    """Return whether `later` names nothing as its subject but what is `known`, values that are names aside."""
    return changed_subject(later) - _names_in(later) - _STEMS_OF_BEING <= known


@remembered
def _names_in(statement: Statement) -> frozenset[str]:
    return frozenset(stem_of(value) for value, kind in values_of(statement).items() if kind is Kind.NAME)


def _shares_subject(later: Statement, earlier: Statement) -> bool:
    """Whether `later` is about nothing that `earlier` is not about: "port" is less than "port of the API"."""
    known = stems_of(earlier)
    about = changed_subject(later) - (_names_in(later) - known) - _STEMS_OF_BEING
    return about <= known if about else _orders_the_same(later, earlier)


def _orders_the_same(later: Statement, earlier: Statement) -> bool:
    """Whether the same verb orders both, as in "answer in French": there is nothing else that they are about."""
    mine, theirs = _words_of_order(later), _words_of_order(earlier)
    return bool(mine) and mine == theirs and mine[0] in WORDS[Cue.STANDING]


def order_of(statement: Statement) -> str:
    """Return the words of an order that is about nothing but its value, as in "answer in French"; else nothing."""
    words = _words_of_order(statement) if places_of_values(statement) else []
    return " ".join(words) if len(words) == 2 and words[0] in WORDS[Cue.STANDING] else ""


def _words_of_order(statement: Statement) -> list[str]:
    places = places_of_values(statement)
    before = words_before(statement, min(places.values(), default=statement.start))
    return [low for low in before if low not in WORDS[Cue.UPDATE] | _WHEN]


@remembered
def changed_subject(statement: Statement) -> frozenset[str]:
    """Return what the sentence is about, without its label and the words that only say that it is a change."""
    padded = statement.padded
    announcing = {word for phrase in PHRASES[Cue.UPDATE] if phrase in padded for word in phrase.split()}
    orders = SETTING & {statement.opening}
    left_out = WORDS[Cue.UPDATE] | _WHEN | _KINDS_OF_VALUES | announcing | orders
    words = [
        low
        for index, (low, kind) in enumerate(zip(statement.lows, statement.kinds, strict=True))
        if index >= statement.start and kind in SUBJECT_KINDS and not is_no(low)
        if low not in left_out or (low in _WHEN and _tells_which(statement, index))
    ]
    return frozenset(content_of(words))


def _tells_which(statement: Statement, index: int) -> bool:
    """Whether it stands between an article and its noun: "the morning dose", not "since this morning"."""
    following = statement.lows[index + 1] if index + 1 < len(statement.lows) else ""
    opens = index == statement.start or statement.lows[index - 1] in DEFINITE
    is_noun = following and statement.kinds[index + 1] in SUBJECT_KINDS and bool(content_of([following]))
    return opens and bool(is_noun) and following not in _WHEN | BEING | WORDS[Cue.UPDATE]


def _like(kinds: set[Kind]) -> set[Kind]:
    numbers = {Kind.NUMBER, Kind.AMOUNT}
    return kinds | (numbers if kinds & numbers else set())
