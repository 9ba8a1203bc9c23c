"""Small talk: what people and models say between the things that matter; nothing in it needs keeping."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.wire.items import Item, Message, Role

_SLOT = re.compile(r"\{(\w+?)2?\}")


@dataclass(frozen=True, slots=True)
class Bank:
    """Templates, a line each, of what users say and models answer, and the words for their `{slots}`.

    `{slot2}` is another word of the same kind.
    """

    said: str
    answered: str
    listed: str
    words: Mapping[str, Sequence[str]]

    def exchanges(self, rng: random.Random, characters: int) -> list[Item]:
        """Return small talk of about so many characters, users and models in turn, users first."""
        items: list[Item] = []
        size = 0
        while size < characters:
            asked, answered = self.question(rng), self.answer(rng)
            items += [say("user", asked), say("assistant", answered)]
            size += len(asked) + len(answered)
        return items

    def question(self, rng: random.Random) -> str:
        """Return what a person says in one message: one to three sentences."""
        return " ".join(
            self._filled(rng, line) for line in _some(rng, self.said, rng.choice((1, 1, 2, 2, 3)))
        )

    def answer(self, rng: random.Random) -> str:
        """Return what a model says to that: paragraphs, sometimes with a list."""
        paragraphs = [self._paragraph(rng) for _ in range(rng.randrange(1, 4))]
        if rng.random() < 0.3:
            lines = _some(rng, self.listed, rng.randrange(2, 5))
            paragraphs.insert(1, "\n".join(f"- {self._filled(rng, line)}" for line in lines))
        return "\n\n".join(paragraphs)

    def _paragraph(self, rng: random.Random) -> str:
        return " ".join(self._filled(rng, line) for line in _some(rng, self.answered, rng.randrange(2, 6)))

    def _filled(self, rng: random.Random, line: str) -> str:
        chosen = {kind: rng.sample(words, 2) for kind, words in self.words.items()}
        text = _SLOT.sub(lambda found: chosen[found[1]][found[0].endswith("2}")], line)
        return text[:1].upper() + text[1:]


def say(role: Role, text: str) -> Message:
    """Return a message."""
    return Message(role=role, content=text)


def _some(rng: random.Random, lines: str, count: int) -> list[str]:
    return rng.sample(lines.strip().splitlines(), count)
