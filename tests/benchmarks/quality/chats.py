"""Chat sessions: small talk with planted facts in it, whole or in the middle of a message."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.wire.items import Item
from tests.benchmarks.quality.planted import SOFT_KINDS, Planted, Probe, Template, draw
from tests.benchmarks.quality.small_talk import Bank, say

# Small talk has about so many characters a token.
CHARACTERS_PER_TOKEN = 4.6

_COUNTS = {"rule": 7} | dict.fromkeys(SOFT_KINDS, 2) | {"update": 3}
_REPLIES = (
    "Noted.",
    "Understood, I'll keep to that.",
    "Thanks for telling me.",
    "Got it.",
    "Sure.",
    "All right.",
)


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation so far, what must survive its compaction, and what must never become a rule."""

    items: list[Item]
    probes: list[Probe]
    hostile: tuple[str, ...] = ()
    sentences: tuple[str, ...] = field(default=())  # in which the facts were stated


def chat(rng: random.Random, bank: Sequence[Template], talk: Bank, tokens: int) -> Session:
    """Return a session of about so many tokens with 26 facts of all kinds, three of them updated later."""
    planted = draw(rng, bank, _COUNTS)
    items = [
        say("system", "You are a helpful assistant."),
        *talk.exchanges(rng, int(tokens * CHARACTERS_PER_TOKEN)),
    ]
    plant(rng, items, planted, talk)
    return Session(items, [fact.probe for fact in planted], sentences=_said(planted))


def side_constraints(
    rng: random.Random, bank: Sequence[Template], talk: Bank, tokens: int, *, count: int
) -> Session:
    """Return a long session with so many rules in it, each said once, in passing."""
    planted = draw(rng, bank, {"rule": count})
    items = talk.exchanges(rng, int(tokens * CHARACTERS_PER_TOKEN))
    for fact in planted:
        text = f"{talk.question(rng)} {fact.sentences[0]} {talk.question(rng)}"
        _insert(rng, items, text, talk, start=0.02, end=0.9)
    return Session(items, [fact.probe for fact in planted], sentences=_said(planted))


def plant(rng: random.Random, items: list[Item], planted: Sequence[Planted], talk: Bank) -> None:
    """Put the facts into the session: an update's first sentence in its first half, the second in its second."""
    for fact in planted:
        spread = [(0.0, 0.93)] if len(fact.sentences) == 1 else [(0.0, 0.45), (0.5, 0.93)]
        for sentence, (start, end) in zip(fact.sentences, spread, strict=True):
            _insert(rng, items, _in_context(rng, sentence, talk), talk, start=start, end=end)


def _in_context(rng: random.Random, sentence: str, talk: Bank) -> str:
    match rng.randrange(5):
        case 0 | 1:
            return sentence
        case 2:
            return f"{talk.question(rng)} {sentence}"
        case 3:
            return f"{sentence} {talk.question(rng)}"
        case _:
            return f"{talk.question(rng)}\n\n{sentence}\n\n{talk.question(rng)}"


def _insert(
    rng: random.Random, items: list[Item], text: str, talk: Bank, *, start: float, end: float
) -> None:
    users = [index for index, item in enumerate(items) if getattr(item, "role", "") == "user"]
    position = users[int(len(users) * rng.uniform(start, end))]
    reply = rng.choice(_REPLIES) if rng.random() < 0.5 else talk.answer(rng)
    items[position:position] = [say("user", text), say("assistant", reply)]


def _said(planted: Sequence[Planted]) -> tuple[str, ...]:
    return tuple(fact.sentences[-1] for fact in planted)
