"""Whatever people say, a ledger is made of it: sentences of all cues, values and marks, said again with other values."""

import random

import pytest

from shared.compaction.ledger import EMPTY, Ledger, collect
from shared.compaction.ledger.cues import CHARACTERS, LABELS, PHRASES, SETTING, WORDS
from shared.wire.items import FunctionCall, FunctionCallOutput, Item, Message, Role
from tests.shared.compaction.ledger_sessions import tokens

_VALUES = [
    "7432",
    "8080",
    "10:30",
    "2026-11-22",
    "March",
    "4711",
    "INC-55",
    "src/a.py",
    "https://x.example/y",
    "1,204",
    "3.1.2",
    "Ada",
    "Lovelace",
    "Berlin",
    "$12",
    "27",
    "hundred",
    "€40",
    "42%",
    "v2",
    "a@b.example",
    "10.0.0.1:80",
]
_NOUNS = [
    "port",
    "table",
    "deploy",
    "export",
    "car",
    "budget",
    "cap",
    "report",
    "ticket",
    "owner",
    "the",
    "a",
    "of",
    "to",
    "from",
    "for",
    "in",
    "on",
    "with",
    "and",
    "or",
    "not",
    "no",
    "it",
    "is",
]
_CHANGES = ("now", "instead", "actually", "no longer", "moved", "changed to")
_CUES = [word for words in WORDS.values() for word in sorted(words)]
_CUES += [phrase.strip() for phrases in PHRASES.values() for phrase in sorted(phrases)]
_CUES += [*sorted(SETTING), *(f"{label}:" for label in LABELS)]
_CHARACTERS = [mark for marks in CHARACTERS.values() for mark in marks]
_ENDS = (*".!?…。，,;:—", "\n\n", "```", "\n> ", "\n- ", " | ")
_LAST = (".", ".", "!", "?", "", "。")
_ROLES: tuple[Role, ...] = ("user", "user", "user", "assistant", "system")


def _word(rng: random.Random) -> str:
    words = rng.choices((_CUES, _VALUES, _CHARACTERS, _NOUNS), weights=(6, 4, 1, 9))[0]
    word = rng.choice(words)
    word = word.capitalize() if rng.random() < 0.1 else word
    return word + (rng.choice(_ENDS) if rng.random() < 0.15 else "")


def _sentence(rng: random.Random) -> str:
    return " ".join(_word(rng) for _ in range(rng.randint(1, 18))) + rng.choice(_LAST)


def _said_otherwise(rng: random.Random, sentence: str) -> str:
    words = sentence.split(" ")
    for _ in range(rng.randint(1, 3)):
        words[rng.randrange(len(words))] = rng.choice((*_VALUES, *_CHANGES))
    return " ".join(words)


def _session(rng: random.Random) -> list[Item]:
    sentences = [_sentence(rng) for _ in range(rng.randint(2, 12))]
    sentences += [_said_otherwise(rng, each) for each in sentences if rng.random() < 0.6]
    rng.shuffle(sentences)
    items: list[Item] = []
    while sentences:
        count = rng.randint(1, 4)
        text = rng.choice((" ", "\n", "\n\n")).join(sentences[:count])
        items.append(Message(role=rng.choice(_ROLES), content=text))
        del sentences[:count]
    items.append(
        FunctionCall(call_id="c", name="bash", arguments=f'{{"command": "make {_word(rng).strip()}"}}')
    )
    items.append(FunctionCallOutput(call_id="c", output="\n".join(_sentence(rng) for _ in range(4))))
    return items


@pytest.mark.parametrize("seed", range(8))
def test_a_ledger_is_made_of_whatever_was_said(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(25):
        ledger, items = EMPTY, _session(rng)
        for part in (items[: len(items) // 2], items[len(items) // 2 :]):
            ledger = collect(part, known=ledger)
        assert tokens(ledger.fitted(120, tokens).render()) <= 120
        assert Ledger.from_json(ledger.to_json()) == ledger
