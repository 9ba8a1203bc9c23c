"""Varied chats: facts in lists, in the middle of long messages, in comments of pasted code, and on their own."""

import random
from collections.abc import Sequence

from shared.wire.items import Item
from tests.benchmarks.quality.chats import CHARACTERS_PER_TOKEN, Session
from tests.benchmarks.quality.planted import SOFT_KINDS, Planted, Template, draw
from tests.benchmarks.quality.small_talk import Bank, say

_COUNTS = {"rule": 7} | dict.fromkeys(SOFT_KINDS, 2) | {"implicit": 3, "foreign": 4, "update": 3}
_REPLIES = ("Noted.", "Will do.", "Okay, I'll bear it in mind.", "Thanks, that helps.", "Clear.")
_CODE = (
    "total = sum(rows)",
    "for row in rows:",
    "    seen.add(row.key)",
    "return sorted(seen)",
    "print(total)",
)


def varied(rng: random.Random, bank: Sequence[Template], talk: Bank, tokens: int) -> Session:
    """Return a session of about so many tokens with 33 facts of all kinds, three of them updated later."""
    planted = draw(rng, bank, _COUNTS)
    items: list[Item] = [
        say("system", "You are an assistant for a small team."),
        *talk.exchanges(rng, int(tokens * CHARACTERS_PER_TOKEN)),
    ]
    for fact in planted:
        spread = [(0.0, 0.93)] if len(fact.sentences) == 1 else [(0.0, 0.45), (0.5, 0.93)]
        for sentence, (start, end) in zip(fact.sentences, spread, strict=True):
            _insert(rng, items, _setting(rng, sentence, fact, talk), talk, rng.uniform(start, end))
    return Session(items, [fact.probe for fact in planted], sentences=tuple(f.sentences[-1] for f in planted))


def _insert(rng: random.Random, items: list[Item], text: str, talk: Bank, place: float) -> None:
    users = [index for index, item in enumerate(items) if getattr(item, "role", "") == "user"]
    position = users[int(len(users) * place)]
    reply = rng.choice(_REPLIES) if rng.random() < 0.5 else talk.answer(rng)
    items[position:position] = [say("user", text), say("assistant", reply)]


def _setting(rng: random.Random, sentence: str, fact: Planted, talk: Bank) -> str:
    match rng.randrange(6):
        case 0:
            return sentence
        case 1:
            return f"{talk.question(rng)} {sentence} {talk.question(rng)}"
        case 2:
            return f"{_long(rng, talk)}\n\n{talk.question(rng)} {sentence} {talk.question(rng)}\n\n{_long(rng, talk)}"
        case 3:
            return f"{talk.question(rng)}\n\n* {sentence}\n* {talk.question(rng)}"
        case 4 if fact.probe.kind == "rule":
            return _in_code(rng, sentence)
        case _:
            return f"{sentence} {talk.question(rng)}"


def _long(rng: random.Random, talk: Bank) -> str:
    return "\n\n".join(talk.question(rng) for _ in range(5))


def _in_code(rng: random.Random, sentence: str) -> str:
    mark = rng.choice(("#", "//", "--"))
    return "\n".join(("Why is this slow?", "```", *_CODE[:2], f"{mark} {sentence}", *_CODE[2:], "```"))
