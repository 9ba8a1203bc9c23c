"""Statements: what a sentence is (rule, preference, decision, state, fact) and how much it is worth keeping."""

from dataclasses import dataclass
from functools import lru_cache

from shared.compaction.ledger.cues import (
    APOSTROPHE,
    CHARACTERS,
    COLONS,
    CONDITIONS,
    CURRENCIES,
    DEFINITE,
    LABELS,
    NEGATIONS,
    NEGATIVE_CHARACTERS,
    PAUSES,
    PHRASES,
    QUESTION_MARKS,
    QUESTIONS,
    QUOTATION_MARKS,
    REQUESTS,
    STOPWORDS,
    UNIVERSALS,
    WORDS,
    Cue,
    word_set,
)
from shared.compaction.ledger.entries import Section
from shared.compaction.ledger.tokens import IDENTIFIERS, Kind, bare, kind_of, pieces

_LONG_WORDS = 45
_FIRST_DENSE_CHARACTER = "\u3040"
_STATING = frozenset({Cue.COPULA, Cue.STANDING})
_LINKS = word_set("please and but so then also just bitte und y et e por favor")
_JOINERS = _LINKS | word_set("you we should can may will shall that because")
_MODALS = word_set("should can may will would could must soll sollte darf debe peut doit deve you")
_NOT_ORDERS_INSIDE = word_set("no not non não")
_BEING = word_set("are is be to you're we're they're")
_CANNOT = word_set("can't cannot mayn't")
# "nothing new" after a pause is a remark.
_QUANTIFIERS = word_set("nothing none nobody nada nichts rien")
_OFTEN = word_set("never always")
_PASTS = word_set(
    "got had saw was were been did done heard knew thought found felt went came made took read met wrote understood brought said told left gave"
)
_NOT_PAST = ("eed", "embed", "shred")
_PRONOUNS = word_set("i we you it that this they one he she who there which")
_OPENERS = QUESTIONS - CONDITIONS
_DEPENDENT = word_set(
    "it this that these those he she they its his her their them otherwise dies dieser dieses esto eso ella ça cela"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, read: its bare words, their kinds, the cues in it, and the label before it."""

    text: str
    words: tuple[str, ...]
    lows: tuple[str, ...]
    kinds: tuple[Kind, ...]
    cues: frozenset[Cue]
    label: Section | None
    start: int  # index of the first word after the label
    binding: bool  # holds an order that the speaker gives

    @property
    def padded(self) -> str:
        """Its words with a space on each side, as phrases are compared."""
        return f" {' '.join(self.lows)} "

    @property
    def is_question(self) -> bool:
        """Whether it ends as a question does."""
        return self.text.rstrip("\"') ").endswith(QUESTION_MARKS)

    @property
    def is_hard(self) -> bool:
        """Whether it lays down something that must not be lost."""
        if self.is_question or Cue.DOUBT in self.cues:
            return False
        return self.label is Section.RULE or self.binding

    @property
    def is_dependent(self) -> bool:
        """Whether it cannot be understood without the sentence before."""
        return bool(self.lows) and self.lows[0] in _DEPENDENT

    @property
    def is_negative(self) -> bool:
        """Whether it says no."""
        return any(low in NEGATIONS or low.endswith("n't") for low in self.lows) or any(
            mark in self.text for mark in NEGATIVE_CHARACTERS
        )

    @property
    def section(self) -> Section:
        """Where it belongs."""
        if self.label is not None:
            return self.label
        if self.is_hard:
            return Section.RULE
        return next((section for cue, section in _SECTIONS if cue in self.cues), Section.FACT)


_SECTIONS = (
    (Cue.PREFER, Section.PREFERENCE),
    (Cue.STANDING, Section.PREFERENCE),
    (Cue.DECIDE, Section.DECISION),
    (Cue.STATE, Section.STATE),
)


@lru_cache(maxsize=8_192)
def read_statement(text: str) -> Statement:
    """Return `text` (one sentence) with what can be told about it."""
    raw = pieces(text)
    words = tuple(bare(token) for token in raw)
    lows = tuple(word.casefold().replace(APOSTROPHE, "'") for word in words)
    label, start = _label(raw, lows)
    cues = _cues(text, raw, lows, start)
    return Statement(
        text=text,
        words=words,
        lows=lows,
        kinds=_kinds(words, lows),
        cues=cues,
        label=label,
        start=start,
        binding=_binds(text, raw, lows, start),
    )


def _kinds(words: tuple[str, ...], lows: tuple[str, ...]) -> tuple[Kind, ...]:
    """Return what the words name; a number before a currency is an amount, as it is behind its sign."""
    kinds = [kind_of(word) for word in words]
    for index, low in enumerate(lows[1:]):
        if kinds[index] is Kind.NUMBER and low in CURRENCIES:
            kinds[index] = Kind.AMOUNT
    return tuple(kinds)


def worth(statement: Statement) -> int:
    """Return how informative the sentence is: below 2 is small talk, 10 and more a rule or a rich fact."""
    points = sum(weight for cue, weight in _WEIGHTS.items() if cue in statement.cues)
    points += 2 * (Cue.ORDER not in statement.cues and statement.is_negative)
    points += 8 * statement.is_hard + 6 * (statement.label is not None)
    points += _worth_of_things(statement) + _worth_of_form(statement)
    return points + _worth_of_script(statement)


_WEIGHTS = {
    Cue.PREFER: 5,
    Cue.DECIDE: 4,
    Cue.STATE: 3,
    Cue.REMEMBER: 4,
    Cue.UPDATE: 1,
    Cue.MATTER: 2,
    Cue.OURS: 1,
    Cue.STANDING: 4,
    Cue.ORDER: 2,
    Cue.TASK: -2,
    Cue.DOUBT: -4,
}


def _worth_of_things(statement: Statement) -> int:
    kinds = statement.kinds[statement.start :]
    exact = sum(kind in IDENTIFIERS for kind in kinds)
    names = kinds[1:].count(Kind.NAME) + 2 * (kinds[:2] == (Kind.NAME, Kind.NAME))
    points = min(2 + 3 * exact, 8) if exact else 0
    points += min(2 * kinds.count(Kind.NUMBER), 3) + min(2 * names, 4) + 2 * _quotes_a_term(statement.text)
    if points and not statement.cues.isdisjoint({Cue.COPULA, Cue.MATTER, Cue.UPDATE, Cue.OURS}):
        points += 2
    return points


def _quotes_a_term(text: str) -> bool:
    """Whether something stands in quotation marks inside the sentence: a literal, or a word that is defined."""
    return any(0 <= text.find(mark) < text.rfind(end) for mark, end in QUOTATION_MARKS)


def _worth_of_form(statement: Statement) -> int:
    points, size = 0, len(statement.words)
    if statement.is_question:
        points -= 3 if _asks_for_a_standing_thing(statement) else 9
    elif statement.lows and statement.lows[0] in _OPENERS and not _STATING & statement.cues:
        points -= 2
    if Cue.CHATTER in statement.cues:
        points -= 4 if size <= 8 else 2
    if size > _LONG_WORDS:
        points -= 2
    if (
        statement.lows[statement.start : statement.start + 1]
        and statement.lows[statement.start] in UNIVERSALS
    ):
        points += 4
    if Cue.COPULA in statement.cues and statement.lows[0] in DEFINITE:
        points += 1
    return points - (3 if size < 3 and not _says_much_in_two_words(statement) else 0)


def _says_much_in_two_words(statement: Statement) -> bool:
    """Whether so short a sentence still says something: what it is about, that it may not be, or in a dense script."""
    forbids = len(statement.lows) == 2 and statement.lows[0] in NEGATIONS
    return forbids or Cue.MATTER in statement.cues or not statement.text.isascii()


def _asks_for_a_standing_thing(statement: Statement) -> bool:
    asks = bool(statement.lows) and statement.lows[0] in REQUESTS
    return asks and (
        statement.binding or not statement.cues.isdisjoint({Cue.PREFER, Cue.REMEMBER, Cue.STANDING})
    )


def _worth_of_script(statement: Statement) -> int:
    """Return what a sentence is worth for being somebody's words in a language that the tables hardly know.

    Han, kana and hangul say in a few characters what takes a sentence elsewhere. A sentence with no word
    that any table holds is kept for being short and not a question.
    """
    if statement.is_question or len(statement.words) > _LONG_WORDS:
        return 0
    if any(char >= _FIRST_DENSE_CHARACTER for char in statement.text):
        return 3 if Cue.CHATTER not in statement.cues else 0
    size = len(statement.words)
    return (
        4
        if (size > 3 or (size and not statement.text.isascii()))
        and not statement.cues
        and STOPWORDS.isdisjoint(statement.lows)
        else 0
    )


def _label(raw: list[str], lows: tuple[str, ...]) -> tuple[Section | None, int]:
    for index, token in enumerate(raw[:6]):
        if token.rstrip("*_").endswith(COLONS):
            sections = [LABELS[low] for low in lows[: index + 1] if low in LABELS]
            return (Section(sections[0]) if sections else None), index + 1
    return None, 0


def _cues(text: str, raw: list[str], lows: tuple[str, ...], start: int) -> frozenset[Cue]:
    present = set(lows)
    padded = f" {' '.join(lows)} "
    found = {cue for cue, words in WORDS.items() if not words.isdisjoint(present)}
    if WORDS[Cue.CHATTER].isdisjoint(lows[:2]):
        found.discard(Cue.CHATTER)
    found |= {cue for cue, phrases in PHRASES.items() if any(phrase in padded for phrase in phrases)}
    if not text.isascii():
        found |= {cue for cue, marks in CHARACTERS.items() if any(mark in text for mark in marks)}
    return frozenset(found - {Cue.STANDING, Cue.TASK} | _imperatives(raw, lows, start))


def _imperatives(raw: list[str], lows: tuple[str, ...], start: int) -> set[Cue]:
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


def _binds(text: str, raw: list[str], lows: tuple[str, ...], start: int) -> bool:
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
    return index > 0 and lows[index - 1] in {"i", "ich", "yo"}


def _orders(raw: list[str], lows: tuple[str, ...], index: int, start: int) -> bool:
    """Whether an order word stands where a clause begins, or after a modal."""
    is_do_not = lows[index : index + 2] == ("do", "not")
    if not is_do_not and lows[index] not in WORDS[Cue.ORDER]:
        return False
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
    never = lows[index] == "never" and previous in _BEING
    return never or raw[index - 1].endswith(PAUSES) or previous in _JOINERS or previous in _MODALS
