"""The demo session: a long engineering conversation as data, and questions that only it can answer."""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from shared.wire.model import JsonObject


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask about the session.

    A right answer holds every string of `expects`, letter for letter. `early`: the fact stands in the first
    tenth of the session, and so in what a compaction replaces first. `why` says what the question shows.
    """

    ask: str
    expects: tuple[str, ...]
    early: bool
    why: str

    def missing_in(self, answer: str) -> list[str]:
        """Return what `answer` should hold and does not."""
        return [expected for expected in self.expects if expected not in answer]


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation that ends with an assistant's message, so that a question can come next.

    `items` are JSON objects as a client sends them.
    """

    about: str
    instructions: str
    questions: list[Question]
    items: list[JsonObject]


def load_session() -> Session:
    """Return the session that ships with the package."""
    document = json.loads(files("api.demo").joinpath("session.json").read_text(encoding="utf-8"))
    questions = [_question(entry) for entry in document.pop("questions")]
    return Session(**document, questions=questions)


def _question(entry: dict[str, Any]) -> Question:
    return Question(**{**entry, "expects": tuple(entry["expects"])})
