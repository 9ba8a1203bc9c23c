"""What was heard: how much of a sentence stands together in what somebody said, by its words, in any language."""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from shared.compaction.ledger.cues import word_set
from shared.compaction.ledger.sentences import lines_of, sentences_of

_LONGEST_LINE = 2_000
_STEM = 5
_SHORTEST = 3
# Where scripts begin and end that put no spaces between words, or hang their particles on them: Thai to Myanmar,
# Khmer, those of the Tai, Chinese and all after it.
_UNSPACED = (("\u0e00", "\u109f"), ("\u1780", "\u17ff"), ("\u1950", "\u1aaf"), ("\u2e80", "\U0010ffff"))
# The first letter of those in which a word of two letters or one may say as much as any other.
_TERSE = "\u0590"
_ASCII_WORD = re.compile("[a-z0-9]+")
# What parts a number into groups, or into two.
_IN_NUMBERS = re.compile(r"(?<=\d)(?:[.,_'\u2019](?=\d)|[ \u00a0\u2009\u202f](?=\d{3}(?!\d)))")
# A word on more than a tenth of so many pieces tells nothing of any of them.
_MANY_PIECES, _COMMON = 1_000, 10
# What a summariser frames other people's rules with.
_FRAME = word_set(
    """the and for not that this with from has have had are was were been being must shall should will would can may
    never always only all any every each user users wants want asked asks said says requires required until unless
    when before after into them they their its you your"""
)


class Heard:
    """What was said, in pieces that are short enough to be about one thing."""

    def __init__(self, pieces: Iterable[frozenset[str]]) -> None:
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        self._count = 0
        for index, words in enumerate(pieces):
            self._count = index + 1
            for word in words:
                self._by_word[word].append(index)

    def weight(self, word: str) -> float:
        """Return how telling a word is: a rare one more than one that is said all the time."""
        return math.log(1 + (self._count + 1) / (len(self._by_word.get(word, ())) + 0.5))

    def knows(self, word: str) -> bool:
        """Whether anybody said the word."""
        return word in self._by_word

    def nearness(self, weights: dict[str, float]) -> float:
        """Return which share of the words' weight stands together in the piece that has most of it.

        Words that stand everywhere are left out of it, unless there are no others.
        """
        telling = {word: weight for word, weight in weights.items() if not self._is_common(word)} or weights
        found: defaultdict[int, float] = defaultdict(float)
        for word, weight in telling.items():
            for index in self._by_word.get(word, ()):
                found[index] += weight
        return max(found.values(), default=0) / sum(telling.values()) if telling else 0.0

    def _is_common(self, word: str) -> bool:
        return len(self._by_word.get(word, ())) > max(self._count, _MANY_PIECES) // _COMMON


def sentences_heard(texts: Iterable[str]) -> Iterator[frozenset[str]]:
    """Yield the words of each sentence together with the one after it: rules are often told in two."""
    for text in texts:
        sentences = [words_of(each) for line, _ in lines_of(text) for each in sentences_of(line)]
        yield from (one | other for one, other in pairwise([*sentences, frozenset[str]()]))


def lines_heard(texts: Iterable[str]) -> Iterator[str]:
    """Yield the lines of the texts that say something, a very long one in parts."""
    for text in texts:
        for line in text.splitlines():
            if line.strip():
                yield from (line[at : at + _LONGEST_LINE] for at in range(0, len(line), _LONGEST_LINE))


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, those of each of its readings."""
    return frozenset[str]().union(*readings(text))


def readings(text: str) -> list[frozenset[str]]:
    """Return the words of a text: with the parts of its numbers as they stand and, where there are any, as one."""
    whole = _IN_NUMBERS.sub("", text)
    texts = [text] if whole == text else [text, whole]
    return [frozenset(stem for word in split_words(each) for stem in _stems(word)) for each in texts]


class _Breaks(dict[int, str | None]):
    """What becomes of a character where a text is split into words, by its code; each is looked up once."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Nd":
            kept: str | None = str(unicodedata.decimal(character))
        elif category == "Cf":
            kept = None  # joiners inside words
        else:
            # The vowel signs of a script are marks, and part of its words.
            kept = character if category[0] in "LNM" else " "
        self[code] = kept
        return kept


_BREAKS = _Breaks()


def split_words(text: str) -> list[str]:
    """Return all words of a text as they stand there, but for their case."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return unicodedata.normalize("NFKC", text.casefold()).translate(_BREAKS).split()


def _stems(word: str) -> Iterator[str]:
    if word[0] < _TERSE:
        if has_digit(word):
            yield word
        elif len(word) >= _SHORTEST and word not in _FRAME:
            yield word[:_STEM]
    elif any(first <= word[0] <= last for first, last in _UNSPACED):
        yield from (word[start : start + 2] for start in range(max(len(word) - 1, 1)))
    else:
        yield word if has_digit(word) else word[:_STEM]


def has_digit(word: str) -> bool:
    """Whether a word names a number, or something by one."""
    return any(character.isdigit() for character in word)
