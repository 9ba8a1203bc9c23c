"""Statements: what a sentence is: a rule, a preference, a decision, a state or a fact."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TypeVar

from shared.compaction.ledger.binding import binds, orders_in
from shared.compaction.ledger.cues import (
    CHARACTERS,
    COLONS,
    LABELS,
    NEGATIONS,
    NEGATIVE_CHARACTERS,
    PHRASES,
    QUESTION_MARKS,
    REQUESTS,
    SETTING,
    WORDS,
    Cue,
    without_neutral,
    word_set,
)
from shared.compaction.ledger.entries import Section
from shared.compaction.ledger.tokens import Kind, bare, kind_of, lowered, pieces
from shared.compaction.ledger.wordlists import CURRENCIES

_Read = TypeVar("_Read")
_LONGEST_LABEL = 3
_MONTH = "May"
# What is longer is read anew each time: the number of what is remembered is bounded, and so must its size be.
_LONGEST_CACHED = 400
FIRST_DENSE_CHARACTER = "\u3040"
_POLITE_OPENINGS = REQUESTS | word_set("please and so then sorry ok okay you sie du bitte por favor")
# Behind an order they ask nothing.
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
# What hurts somebody is worth knowing, however unsure the speaker is.
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
    lows = tuple(map(lowered, words))
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
