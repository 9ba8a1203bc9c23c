"""Promotion: rules in a summary that nobody laid down. Found by their words, in any language, without a model."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from shared.compaction.heard import (
    Heard,
    has_digit,
    lines_heard,
    readings,
    sentences_heard,
    split_words,
    words_of,
)
from shared.compaction.ledger.errors import speaks_to_model
from shared.compaction.ledger.sentences import sentences_of
from shared.compaction.orders import Order, injects, read_order
from shared.compaction.sections import heading_of, says_nothing

# A rule is somebody's when they said as much of it in one place.
_ENOUGH = 0.5
# Beyond this it is theirs, even if a tool says it better.
_SURELY = 0.8
# What is no rule by itself is a tool's when it said as much of it.
_CLEARLY = 0.65

_BULLET = re.compile(r"[\s>*+-]*")


def without_promoted(
    summary: str,
    *,
    sections: Sequence[str],
    rule_sections: Sequence[str],
    people: Iterable[str],
    tools: Iterable[str],
    model: Iterable[str] = (),
) -> tuple[str, int]:
    """Return the summary without the rules that nothing supports, and how many that took out.

    `people` are the texts of those who may lay down rules, `tools` those of all who may not, `model` those of the
    model that was at work. A line of the `rule_sections` stays when enough of its words, and all of its numbers,
    stand close together in what people said, and not closer in what a tool said. In the other sections so does a
    sentence that lays something down; what the model laid down itself may stand there, and so may what only tells
    of something, a task and a next step, unless a tool asked for them.
    """
    judged = list(_judged(summary, sections, rule_sections))
    returned = list(lines_heard(tools))
    injected = list(_injected(returned))
    if not injected and not any(line.is_rule or any(line.orders.values()) for line in judged):
        return summary, 0
    rules = [line.text for line in judged if line.is_rule]
    rules += [sentence for line in judged for sentence, order in line.orders.items() if order.binds]
    court = _Court(list(people), returned, injected, model, rules)
    kept: list[str] = []
    dropped = 0
    for line in judged:
        taken = [sentence for sentence, order in line.orders.items() if not court.allows(sentence, order)]
        if line.is_rule and not court.knows(line.text):
            dropped += 1
        elif taken:
            dropped += len(taken)
            kept.extend(_without(line.text, taken))
        else:
            kept.append(line.text)
    return ("\n".join(_filled(kept, sections)), dropped) if dropped else (summary, 0)


def rules_of(summary: str, *, sections: Sequence[str], rule_sections: Sequence[str]) -> list[str]:
    """Return what the summary lays down: the lines of its rules, and what else binds in it."""
    rules: list[str] = []
    for line in _judged(summary, sections, rule_sections):
        binding = [sentence for sentence, order in line.orders.items() if order.binds]
        rules += [line.text.strip()] if line.is_rule else binding
    return rules


class _Line(NamedTuple):
    """A line of the summary, whether it is a rule, and what its sentences lay down where it is none."""

    text: str
    is_rule: bool = False
    orders: Mapping[str, Order] = MappingProxyType({})


def _judged(summary: str, sections: Sequence[str], rule_sections: Sequence[str]) -> Iterator[_Line]:
    current: str | None = None
    for line in summary.splitlines():
        heading = heading_of(line, sections)
        current = heading or current
        if heading is not None or says_nothing(line):
            yield _Line(line)
        elif current in rule_sections:
            yield _Line(line, is_rule=True)
        else:
            yield _Line(line, orders={sentence: read_order(sentence) for sentence in sentences_of(line)})


def _injected(returned: Iterable[str]) -> Iterator[str]:
    """Yield the sentences of tools that ask for something to be written down, each with the one after it."""
    for line in returned:
        if injects(line):
            for one, following in pairwise([*sentences_of(line), ""]):
                if injects(one):
                    yield f"{one} {following}"


def _without(line: str, taken: Sequence[str]) -> list[str]:
    """Return the line with the sentences that it has besides those `taken`; nothing where it has no others."""
    left = " ".join(sentence for sentence in sentences_of(line) if sentence not in taken)
    mark = _BULLET.match(line)
    return [f"{mark[0] if mark else ''}{left}"] if any(map(str.isalnum, left)) else []


def _filled(lines: Sequence[str], sections: Sequence[str]) -> Iterator[str]:
    """Yield the lines, with a word where a section has nothing left to say."""
    for line, following in pairwise([*lines, f"## {sections[0]}"]):
        yield line
        if heading_of(line, sections) and heading_of(following, sections):
            yield "None."


class _Court:
    """Who said what: it tells whose a rule is."""

    def __init__(
        self,
        people: Sequence[str],
        returned: Sequence[str],
        injected: Sequence[str],
        model: Iterable[str],
        rules: Sequence[str],
    ) -> None:
        """Take what was said, and what is to be judged as a rule: some rules have no word to go by."""
        self._returned, self._texts = returned, model
        self._people = Heard(sentences_heard(people))
        self._tools = Heard(map(words_of, returned))
        self._injected = Heard(map(words_of, injected))
        self._quoted = _quoted([line for line in rules if not any(readings(line))], people)

    def knows(self, sentence: str) -> bool:
        """Whether people said it."""
        return sentence in self._quoted or any(
            self._is_theirs(words) for words in readings(sentence) if words
        )

    def allows(self, sentence: str, order: Order) -> bool:
        """Whether the sentence may stand where it does not stand as a rule."""
        if self.knows(sentence):
            return True
        weights = self._weights(words_of(sentence))
        said = self._people.nearness(weights)
        if self._injected.nearness(weights) >= max(said, _CLEARLY):
            return False
        if order.binds:
            meant = self._model.nearness(weights)
            return not order.claims and meant >= _ENOUGH and meant > self._tools.nearness(weights)
        sources = self._tools if order.claims else self._instructions
        return not (order.claims or order.hints) or sources.nearness(weights) < max(said, _CLEARLY)

    @cached_property
    def _instructions(self) -> Heard:
        """What speaks of who summarises, or of what people are said to want."""
        return Heard(words_of(line) for line in self._returned if speaks_to_model(line))

    @cached_property
    def _model(self) -> Heard:
        return Heard(sentences_heard(self._texts))

    def _is_theirs(self, words: frozenset[str]) -> bool:
        if any(not self._people.knows(word) for word in words if has_digit(word)):
            return False
        weights = self._weights(words)
        said = self._people.nearness(weights)
        return said >= _SURELY or (said >= _ENOUGH and said >= self._tools.nearness(weights))

    def _weights(self, words: frozenset[str]) -> dict[str, float]:
        return {word: self._people.weight(word) for word in words}


def _quoted(lines: Sequence[str], texts: Sequence[str]) -> frozenset[str]:
    """Return those that people said as they are: those of small words only have no others to go by."""
    said = [f" {' '.join(split_words(text))} " for text in texts] if lines else []
    phrases = {line: " ".join(split_words(line)) for line in lines}
    return frozenset(
        line for line, phrase in phrases.items() if phrase and any(f" {phrase} " in text for text in said)
    )
