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
    without_neutral,
    word_set,
)

# In Korean: "does not", no order.
_TOLD_NEGATION = "하지 않"
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
# What opens a remark behind such a word: "only yesterday …", "always nice to …", "nie war …".
_REMARKS = word_set("""yesterday nice glad happy knows cares war hatte hatten gedacht geweten gezien vi vimos visto
    видел видела слышал слышала""")
_EAGER = frozenset({("can't", "wait"), ("cannot", "wait")})
_NOT_PAST = ("eed", "embed", "shred")
_ONLY = word_set("only nur solo sólo solamente seulement uniquement apenas somente soltanto")
_MOST = word_set("max max. maximum maximal máximo min minimum mindestens")
_NO = word_set("no geen")
# What is not there, rather than forbidden: "no problem", "no errors".
_TOLD_BEHIND_NO = word_set(
    """problem problems worries idea doubt matter way thanks wonder rush luck need longer one clue surprise surprises big
    real more less questions question answer answers reply response result results change changes issue issues error
    errors warning warnings failure failures news sign signs difference success effect thank it is i joke kidding
    matches match output data"""
)
# "No ano passado": in the last year.
_IN_PORTUGUESE = word_set(
    "ano mês dia final início começo entanto fim momento geral caso próximo domingo sábado natal verão inverno"
)
_ASKING = _MOST | word_set("please pls plz only just keep bitte")
# Where these stand before it, somebody tells what was.
_TELLING = word_set(
    """i i've i'm i'd he she they it there was were had has have is are got came found tried asked said told looks seems
    passed finished works worked ran still but"""
)
_SPEAKERS = word_set("i ich yo я ja ik ben je eu io")
_PRONOUNS = word_set(
    "i we you it that this they one he she who there which je tu il elle on nous vous ils elles io lui lei noi voi loro"
)


def orders_in(raw: list[str], lows: tuple[str, ...], start: int) -> set[Cue]:
    """Return what the verbs say that a clause begins with; under a condition every order is a standing one."""
    found: set[Cue] = set()
    if lows[start : start + 1] and lows[start] in REQUESTS and "mind" in lows[start : start + 4]:
        found |= {Cue.STANDING for low in lows[start : start + 6] if _is_doing(low)}
    general = not UNIVERSALS.isdisjoint(lows)
    for index in range(start, len(lows)):
        after_pause = index > start and raw[index - 1].endswith(PAUSES)
        asked = index == start + 2 and lows[start] in REQUESTS
        if index == start or after_pause or asked or lows[index - 1] in _LINKS:
            for cue in (Cue.STANDING, Cue.TASK):
                if lows[index] in WORDS[cue]:
                    found.add(Cue.STANDING if general or (after_pause and lows[start] in CONDITIONS) else cue)
    return found


def _is_doing(low: str) -> bool:
    """Whether it is the form of a standing verb that stands behind "would you mind": keeping, using, stopping."""
    stem = low[:-3] if low.endswith("ing") else ""
    return bool(stem) and not WORDS[Cue.STANDING].isdisjoint({stem, f"{stem}e", stem[:-1]})


def binds(text: str, raw: list[str], lows: tuple[str, ...], start: int) -> bool:
    """Return whether the sentence holds an order that its speaker gives."""
    if not text.isascii():
        marked = without_neutral(text).replace(_TOLD_NEGATION, "")
        if any(mark in marked for mark in CHARACTERS[Cue.MUST]):
            return True
    if any(low in WORDS[Cue.MUST] and not _of_speaker(lows, i) for i, low in enumerate(lows)):
        return True
    padded = f" {' '.join(lows)} "
    if any(phrase in padded and f" i{phrase}" not in padded for phrase in PHRASES[Cue.MUST]):
        return True
    return any(_orders(raw, lows, i, start) for i in range(start, len(lows)))


def _opens_a_remark(lows: tuple[str, ...], index: int) -> bool:
    """Whether the word begins what was done or not done: "never tried it" leaves out who, "nobody came" tells who."""
    if lows[index] == "no" and not _IN_PORTUGUESE.isdisjoint(lows[index + 1 : index + 2]):
        return True
    if lows[index : index + 2] in _EAGER or not _REMARKS.isdisjoint(lows[index + 1 : index + 2]):
        return True
    following = lows[index + 1] if index + 1 < len(lows) else ""
    regular = len(following) > 4 and following.endswith("ed") and not following.endswith(_NOT_PAST)
    return lows[index] in _OFTEN | _QUANTIFIERS and (regular or following in _PASTS)


def _of_speaker(lows: tuple[str, ...], index: int) -> bool:
    return index > 0 and lows[index - 1] in _SPEAKERS


def _sets_a_most(raw: list[str], lows: tuple[str, ...], index: int, start: int) -> bool:
    """Whether a clause begins with the most or the least that may be: "max 5 bullets", not "the max was 5"."""
    number = "".join(lows[index + 1 : index + 2])[:1]
    opens = index == start or raw[index - 1].endswith(PAUSES)
    return lows[index] in _MOST and number.isdigit() and opens


def _ends_an_order(raw: list[str], lows: tuple[str, ...], index: int, start: int) -> bool:
    """Whether "only" stands where the clause of an order ends: "give me the formula only"."""
    is_last = index + 1 == len(lows) or raw[index].endswith(PAUSES)
    opens = next((low for low in lows[start:] if low not in _LINKS), "")
    return is_last and lows[index] in _ONLY and opens in WORDS[Cue.STANDING]


def _forbids_behind_a_pause(raw: list[str], lows: tuple[str, ...], index: int, start: int) -> bool:
    """Whether it forbids, as in "max 5 bullets, no emojis"; "I called, no answer" and "nice day, no rain" only tell."""
    if lows[index] not in _NO or lows[index + 1 : index + 2] == () or lows[index + 1] in _TOLD_BEHIND_NO:
        return False
    before = lows[start:index]
    opens = next((low for low in before if low not in _LINKS), "")
    asks = opens in WORDS[Cue.STANDING] | WORDS[Cue.TASK] or not _ASKING.isdisjoint(before)
    asks = asks or start > 0 or lows.count(lows[index]) > 1
    return raw[index - 1].endswith(PAUSES) and asks and _TELLING.isdisjoint(before)


def _orders(raw: list[str], lows: tuple[str, ...], index: int, start: int) -> bool:
    """Whether an order word stands where a clause begins, or after a modal."""
    if _sets_a_most(raw, lows, index, start) or _ends_an_order(raw, lows, index, start):
        return True
    is_do_not = lows[index : index + 2] == ("do", "not")
    if not is_do_not and lows[index] not in WORDS[Cue.ORDER]:
        return (
            index == start and lows[index].startswith(_ELIDED) and lows[index] not in _NO_ORDER_THOUGH_ELIDED
        )
    if raw[index].endswith((",", "!", ".", "?")) or _opens_a_remark(lows, index):
        return False
    if index == start:
        size = len(lows) - start
        return size > 2 or (size == 2 and lows[index] not in _NOT_ORDERS_INSIDE)
    if lows[index] in _NOT_ORDERS_INSIDE:
        return _forbids_behind_a_pause(raw, lows, index, start)
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
