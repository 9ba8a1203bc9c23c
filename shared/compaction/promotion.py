"""Promotion: rules in a summary that nobody laid down. Found by their words, in any language, without a model."""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from shared.compaction.ledger.sentences import lines_of, sentences_of
from shared.compaction.sections import heading_of, says_nothing

# A rule is somebody's when they said as much of it in one place.
_ENOUGH = 0.5
# Beyond this it is theirs, even if a tool says it better.
_SURELY = 0.8

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
_FRAME = frozenset(
    [
        "the",
        "and",
        "for",
        "not",
        "that",
        "this",
        "with",
        "from",
        "has",
        "have",
        "had",
        "are",
        "was",
        "were",
        "been",
        "being",
        "must",
        "shall",
        "should",
        "will",
        "would",
        "can",
        "may",
        "never",
        "always",
        "only",
        "all",
        "any",
        "every",
        "each",
        "user",
        "users",
        "wants",
        "want",
        "asked",
        "asks",
        "said",
        "says",
        "requires",
        "required",
        "until",
        "unless",
        "when",
        "before",
        "after",
        "into",
        "them",
        "they",
        "their",
        "its",
        "you",
        "your",
    ]
)


def without_promoted(
    summary: str,
    *,
    sections: Sequence[str],
    rule_sections: Sequence[str],
    people: Iterable[str],
    tools: Iterable[str],
) -> tuple[str, int]:
    """Return the summary without the rules that nothing supports, and how many lines that took out.

    `people` are the texts of those who may lay down rules, `tools` those of all who may not. A line of the
    `rule_sections` stays when enough of its words, and all of its numbers, stand close together in what
    people said, and not closer in what a tool said.
    """
    judged = list(_judged(summary, sections, rule_sections))
    if not any(is_rule for _, is_rule in judged):
        return summary, 0
    texts = list(people)
    said, returned = _Heard(_of_people(texts)), _Heard(_of_tools(tools))
    quoted = _quoted([line for line, is_rule in judged if is_rule and not any(_readings(line))], texts)
    kept = [
        line
        for line, is_rule in judged
        if not is_rule or line in quoted or _is_supported(line, said, returned)
    ]
    dropped = len(judged) - len(kept)
    return ("\n".join(_filled(kept, sections)), dropped) if dropped else (summary, 0)


def _judged(
    summary: str, sections: Sequence[str], rule_sections: Sequence[str]
) -> Iterator[tuple[str, bool]]:
    """Yield each line of the summary, and whether it is a rule."""
    current: str | None = None
    for line in summary.splitlines():
        heading = heading_of(line, sections)
        current = heading or current
        yield line, heading is None and current in rule_sections and not says_nothing(line)


def _filled(lines: Sequence[str], sections: Sequence[str]) -> Iterator[str]:
    """Yield the lines, with a word where a section has nothing left to say."""
    for line, following in pairwise([*lines, f"## {sections[0]}"]):
        yield line
        if heading_of(line, sections) and heading_of(following, sections):
            yield "None."


class _Heard:
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
        return max(found.values(), default=0) / sum(telling.values())

    def _is_common(self, word: str) -> bool:
        return len(self._by_word.get(word, ())) > max(self._count, _MANY_PIECES) // _COMMON


def _quoted(lines: Sequence[str], texts: Sequence[str]) -> frozenset[str]:
    """Return the lines that people said as they are: those of small words only have no others to go by."""
    said = [f" {' '.join(_split(text))} " for text in texts] if lines else []
    phrases = {line: " ".join(_split(line)) for line in lines}
    return frozenset(
        line for line, phrase in phrases.items() if phrase and any(f" {phrase} " in text for text in said)
    )


def _is_supported(line: str, people: _Heard, tools: _Heard) -> bool:
    return any(_stands(words, people, tools) for words in _readings(line) if words)


def _stands(words: frozenset[str], people: _Heard, tools: _Heard) -> bool:
    if any(not people.knows(word) for word in words if _has_digit(word)):
        return False
    weights = {word: people.weight(word) for word in words}
    said = people.nearness(weights)
    return said >= _SURELY or (said >= _ENOUGH and said >= tools.nearness(weights))


def _of_people(texts: Iterable[str]) -> Iterator[frozenset[str]]:
    """Yield the words of each sentence together with the one after it: rules are often told in two."""
    for text in texts:
        sentences = [_words_of(each) for line, _ in lines_of(text) for each in sentences_of(line)]
        yield from (one | other for one, other in pairwise([*sentences, frozenset[str]()]))


def _of_tools(texts: Iterable[str]) -> Iterator[frozenset[str]]:
    for text in texts:
        yield from (_words_of(line[:_LONGEST_LINE]) for line in text.splitlines() if line.strip())


def _words_of(text: str) -> frozenset[str]:
    return frozenset[str]().union(*_readings(text))


def _readings(text: str) -> list[frozenset[str]]:
    """Return the words of a text: with the parts of its numbers as they stand and, where there are any, as one."""
    whole = _IN_NUMBERS.sub("", text)
    texts = [text] if whole == text else [text, whole]
    return [frozenset(stem for word in _split(each) for stem in _stems(word)) for each in texts]


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


def _split(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return unicodedata.normalize("NFKC", text.casefold()).translate(_BREAKS).split()


def _stems(word: str) -> Iterator[str]:
    if word[0] < _TERSE:
        if _has_digit(word):
            yield word
        elif len(word) >= _SHORTEST and word not in _FRAME:
            yield word[:_STEM]
    elif any(first <= word[0] <= last for first, last in _UNSPACED):
        yield from (word[start : start + 2] for start in range(max(len(word) - 1, 1)))
    else:
        yield word if _has_digit(word) else word[:_STEM]


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)
