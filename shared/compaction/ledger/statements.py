"""Statements: what a sentence is (rule, preference, decision, state, fact) and how much it is worth keeping."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TypeVar

from shared.compaction.ledger.binding import binds, orders_in
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
    PHRASES,
    QUESTION_MARKS,
    QUESTIONS,
    QUOTATION_MARKS,
    REQUESTS,
    SETTING,
    STOPWORDS,
    UNIVERSALS,
    WORDS,
    Cue,
    without_neutral,
    word_set,
)
from shared.compaction.ledger.entries import Section
from shared.compaction.ledger.tokens import IDENTIFIERS, Kind, bare, kind_of, pieces

_Read = TypeVar("_Read")
_LONG_WORDS, _LONGEST_LABEL = 45, 3
_MONTH = "May"
# What is longer is read anew each time: the number of what is remembered is bounded, and so must its size be.
_LONGEST_CACHED = 400
FIRST_DENSE_CHARACTER = "\u3040"
_STATING = frozenset({Cue.COPULA, Cue.STANDING})
_OPENERS = QUESTIONS - CONDITIONS
_POLITE_OPENINGS = REQUESTS | word_set("please and so then sorry ok okay you sie du bitte por favor")
_REASONS = word_set("because since weil da denn porque pues parce puisque car потому")
# What hurts somebody is worth knowing, however unsure the speaker is.
_TAGS = frozenset(
    (
        ("will", "you"),
        ("would", "you"),
        ("ok",),
        ("okay",),
        ("please",),
        ("pls",),
        ("bitte",),
        ("por", "favor"),
    )
)
_HARMS = word_set(
    """allergic allergy allergies allergisch allergie alérgico alérgica alergia allergique аллергия аллергии एलर्जी حساسية"""
)
_DEPENDENT = word_set(
    "it this that these those he she they its his her their them otherwise dies dieser dieses esto eso ella ça cela"
)


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A sentence, read: its bare words, their kinds, the cues in it, and the label before it.

    Two of the same text are equal: all else follows from it.
    """

    text: str
    words: tuple[str, ...]
    lows: tuple[str, ...]
    kinds: tuple[Kind, ...]
    cues: frozenset[Cue]
    label: Section | None
    start: int  # index of the first word after the label
    binding: bool  # holds an order that the speaker gives

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Statement) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def padded(self) -> str:
        """Its words with a space on each side, as phrases are compared."""
        return f" {' '.join(self.lows)} "

    @property
    def is_question(self) -> bool:
        """Whether it ends as a question does, and is not an order with a polite word behind it."""
        return self.text.rstrip("\"') ").endswith(QUESTION_MARKS) and not self._is_tagged

    @property
    def _is_tagged(self) -> bool:
        """Whether a word of politeness alone asks: "put the page number behind it, will you?"."""
        return self.lows[-2:] in _TAGS or self.lows[-1:] in _TAGS

    @property
    def opening(self) -> str:
        """The first word behind the label and those of politeness: the verb, where it is an order."""
        return next((low for low in self.lows[self.start :] if low not in _POLITE_OPENINGS), "")

    @property
    def is_doubtful(self) -> bool:
        """Whether it asks or wonders, so that nothing is told by it; a request for something is no question."""
        if self.is_question:
            return not self._is_request
        return Cue.DOUBT in self.cues and " never mind " not in self.padded

    @property
    def _is_request(self) -> bool:
        asks = not REQUESTS.isdisjoint(self.lows[self.start : self.start + 1])
        return asks and self.opening in WORDS[Cue.STANDING] | SETTING

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
        if any(low in NEGATIONS or low.endswith("n't") for low in self.lows):
            return True
        text = without_neutral(self.text)
        return any(mark in text for mark in NEGATIVE_CHARACTERS)

    @property
    def section(self) -> Section:
        """Where it belongs."""
        if self.label is not None:
            return self.label
        if self.is_hard:
            return Section.RULE
        return next((section for cue, section in _SECTIONS if cue in self.cues), Section.FACT)


def remembered(read: Callable[[Statement], _Read]) -> Callable[[Statement], _Read]:
    """Return a function that reads a statement, and remembers what it read of the last short ones."""
    cached = lru_cache(maxsize=1_024)(read)

    @wraps(read)
    def reading(statement: Statement) -> _Read:
        return cached(statement) if len(statement.text) <= _LONGEST_CACHED else read(statement)

    return reading


_SECTIONS = (
    (Cue.PREFER, Section.PREFERENCE),
    (Cue.STANDING, Section.PREFERENCE),
    (Cue.DECIDE, Section.DECISION),
    (Cue.STATE, Section.STATE),
)


def read_statement(text: str) -> Statement:
    """Return `text` (one sentence) with what can be told about it."""
    return _read_short(text) if len(text) <= _LONGEST_CACHED else _read(text)


def _read(text: str) -> Statement:
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
        binding=binds(text, raw, lows, start),
    )


_read_short = lru_cache(maxsize=8_192)(_read)


def _kinds(words: tuple[str, ...], lows: tuple[str, ...]) -> tuple[Kind, ...]:
    """Return what the words name; a number before a currency is an amount, as it is behind its sign.

    Beside a number "May" is a month.
    """
    kinds = [kind_of(word) for word in words]
    for index, low in enumerate(lows[1:]):
        if kinds[index] is Kind.NUMBER and low in CURRENCIES:
            kinds[index] = Kind.AMOUNT
        if words[index + 1] == _MONTH and kinds[index] is Kind.NUMBER:
            kinds[index + 1] = Kind.DATE
        elif words[index] == _MONTH and kinds[index + 1] is Kind.NUMBER:
            kinds[index] = Kind.DATE
    return tuple(kinds)


def worth(statement: Statement) -> int:
    """Return how informative the sentence is: below 2 is small talk, 10 and more a rule or a rich fact."""
    points = sum(weight for cue, weight in _WEIGHTS.items() if cue in statement.cues)
    points += 2 * (Cue.ORDER not in statement.cues and statement.is_negative)
    points += 2 * (Cue.DECIDE in statement.cues and not _REASONS.isdisjoint(statement.lows))
    points += 8 * statement.is_hard + 6 * (statement.label is not None)
    points += _worth_of_things(statement) + _worth_of_form(statement)
    return points + _worth_of_script(statement)


_WEIGHTS = {
    Cue.PREFER: 5,
    Cue.DECIDE: 5,
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
    return forbids or not statement.cues.isdisjoint({Cue.UPDATE, Cue.MATTER}) or not statement.text.isascii()


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
    if any(char >= FIRST_DENSE_CHARACTER for char in statement.text):
        return 3 if Cue.CHATTER not in statement.cues else 0
    size = len(statement.words)
    return (
        4
        if (size > 3 or (size and not statement.text.isascii()))
        and not statement.cues
        and STOPWORDS.isdisjoint(statement.lows)
        else 0
    )


def _doubts_only_before_but(lows: tuple[str, ...]) -> bool:
    """Whether what is unsure is how much it matters: "a detail maybe, but temperatures in kelvin"."""
    if "but" not in lows[:6]:
        return False
    after = lows[lows.index("but") :]
    return WORDS[Cue.DOUBT].isdisjoint(after) and not any(
        phrase in f" {' '.join(after)} " for phrase in PHRASES[Cue.DOUBT]
    )


def _label(raw: list[str], lows: tuple[str, ...]) -> tuple[Section | None, int]:
    for index, token in enumerate(raw[:6]):
        if token.rstrip("*_").endswith(COLONS):
            named = [low for low in lows[: index + 1] if low]
            # "Alert rules / storage:" is a heading, and says nothing of what follows.
            sections = [LABELS[low] for low in named if low in LABELS] if len(named) <= _LONGEST_LABEL else []
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
        marked = without_neutral(text)
        found |= {cue for cue, marks in CHARACTERS.items() if any(mark in marked for mark in marks)}
    if not _HARMS.isdisjoint(present) or _doubts_only_before_but(lows):
        found.discard(Cue.DOUBT)
    return frozenset(found - {Cue.STANDING, Cue.TASK} | orders_in(raw, lows, start))
