"""Promotion: rules in a summary that nobody laid down. Found by their words, in any language, without a model."""

import math
import re
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
_WORD = re.compile(r"[^\W_]+")
# The first letter of scripts that put no spaces between words, or hang their particles on them.
_UNSPACED = "\u2e80"
_THAI = ("\u0e00", "\u0eff")
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
    said, returned = _Heard(_of_people(people)), _Heard(_of_tools(tools))
    kept = [line for line, is_rule in judged if not is_rule or _is_supported(line, said, returned)]
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
        """Return which share of the words' weight stands together in the piece that has most of it."""
        found: defaultdict[int, float] = defaultdict(float)
        for word, weight in weights.items():
            for index in self._by_word.get(word, ()):
                found[index] += weight
        return max(found.values(), default=0) / sum(weights.values())


def _is_supported(line: str, people: _Heard, tools: _Heard) -> bool:
    weights = {word: people.weight(word) for word in _words_of(line)}
    if not weights or any(not people.knows(word) for word in weights if _has_digit(word)):
        return False
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
    return frozenset(stem for word in _WORD.findall(text.casefold()) for stem in _stems(word))


def _stems(word: str) -> Iterator[str]:
    if word[0] >= _UNSPACED or _THAI[0] <= word[0] <= _THAI[1]:
        yield from (word[start : start + 2] for start in range(max(len(word) - 1, 1)))
    elif _has_digit(word):
        yield word
    elif len(word) >= _SHORTEST and word not in _FRAME:
        yield word[:_STEM]


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)
