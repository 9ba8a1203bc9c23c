"""Binding: whether the words of a sentence give an order, and what kind of order its verbs are."""

from shared.compaction.ledger.cues import (
    CHARACTERS,
    CONDITIONS,
    PAUSES,
    PHRASES,
    REQUESTS,
    UNIVERSALS,
    WORDS,
    Cue,
    word_set,
)

_LINKS = word_set("please and but so then also just bitte und y et e por favor")
_JOINERS = _LINKS | word_set("you we should can may will shall that because")
_MODALS = word_set("should can may will would could must soll sollte darf debe peut doit deve you")
_NOT_ORDERS_INSIDE = word_set("no not non não не nie niet geen لا")
# "Partagez jamais …", "Lösche niemals …": the verb stands before the word that forbids.
_AFTER_VERBS = word_set("jamais mai nooit nie niemals")
_NO_VERBS_OF_ORDERS = word_set(
    "war hatte habe hab bin ist sind wurde das ik wij had heb was is wir er sie es ich du"
)
_ELIDED, _NO_ORDER_THOUGH_ELIDED = "n'", word_set("n'importe n'empêche n'est n'est-ce n'y")
_BEING = word_set("are is be to you're we're they're")
_CANNOT = word_set("can't cannot mayn't")
# "nothing new" after a pause is a remark.
_QUANTIFIERS = word_set("nothing none nobody nada nichts rien")
_OFTEN = word_set("never always")
_PASTS = word_set(
    "got had saw was were been did done heard knew thought found felt went came made took read met wrote understood brought said told left gave"
)
_NOT_PAST = ("eed", "embed", "shred")
_SPEAKERS = word_set("i ich yo я ja ik ben je eu io")
_PRONOUNS = word_set(
    "i we you it that this they one he she who there which je tu il elle on nous vous ils elles io lui lei noi voi loro"
)


def orders_in(raw: list[str], lows: tuple[str, ...], start: int) -> set[Cue]:
    """Return what the verbs say that a clause begins with; under a condition every order is a standing one."""
    found: set[Cue] = set()
    general = not UNIVERSALS.isdisjoint(lows)
    for index in range(start, len(lows)):
        after_pause = index > start and raw[index - 1].endswith(PAUSES)
        asked = index == start + 2 and lows[start] in REQUESTS
        if index == start or after_pause or asked or lows[index - 1] in _LINKS:
            for cue in (Cue.STANDING, Cue.TASK):
                if lows[index] in WORDS[cue]:
                    found.add(Cue.STANDING if general or (after_pause and lows[start] in CONDITIONS) else cue)
    return found


def binds(text: str, raw: list[str], lows: tuple[str, ...], start: int) -> bool:
    """Return whether the sentence holds an order that its speaker gives."""
    if not text.isascii() and any(mark in text for mark in CHARACTERS[Cue.MUST]):
        return True
    if any(low in WORDS[Cue.MUST] and not _of_speaker(lows, i) for i, low in enumerate(lows)):
        return True
    padded = f" {' '.join(lows)} "
    if any(phrase in padded and f" i{phrase}" not in padded for phrase in PHRASES[Cue.MUST]):
        return True
    return any(_orders(raw, lows, i, start) for i in range(start, len(lows)))


def _tells_of_the_past(lows: tuple[str, ...], index: int) -> bool:
    """Whether the word begins what was done or not done: "never tried it" leaves out who, "nobody came" tells who."""
    following = lows[index + 1] if index + 1 < len(lows) else ""
    regular = len(following) > 4 and following.endswith("ed") and not following.endswith(_NOT_PAST)
    return lows[index] in _OFTEN | _QUANTIFIERS and (regular or following in _PASTS)


def _of_speaker(lows: tuple[str, ...], index: int) -> bool:
    return index > 0 and lows[index - 1] in _SPEAKERS


def _orders(raw: list[str], lows: tuple[str, ...], index: int, start: int) -> bool:
    """Whether an order word stands where a clause begins, or after a modal."""
    is_do_not = lows[index : index + 2] == ("do", "not")
    if not is_do_not and lows[index] not in WORDS[Cue.ORDER]:
        return (
            index == start and lows[index].startswith(_ELIDED) and lows[index] not in _NO_ORDER_THOUGH_ELIDED
        )
    if raw[index].endswith((",", "!", ".", "?")) or _tells_of_the_past(lows, index):
        return False
    if index == start:
        size = len(lows) - start
        return size > 2 or (size == 2 and lows[index] not in _NOT_ORDERS_INSIDE)
    if lows[index] in _NOT_ORDERS_INSIDE:
        return False
    previous = lows[index - 1]
    if lows[index] in _CANNOT:
        return previous not in _PRONOUNS
    if lows[index] in _QUANTIFIERS and len(lows) - index <= 2:
        return False
    after_verb = (
        lows[index] in _AFTER_VERBS and index == start + 1 and previous not in _PRONOUNS | _NO_VERBS_OF_ORDERS
    )
    never = lows[index] == "never" and previous in _BEING
    return (
        after_verb or never or raw[index - 1].endswith(PAUSES) or previous in _JOINERS or previous in _MODALS
    )
