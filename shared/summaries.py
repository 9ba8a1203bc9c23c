"""Summaries as values: a portion of a history that a model is asked to summarise, and what came of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.compaction.passages import Passage
from shared.compaction.summary import SummaryRequest, Wish, summary_request
from shared.wire.responses import Usage

_DIGEST_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary that passed its checks, or None with the reasons in `warnings`; and what it cost."""

    text: str | None
    usage: Usage = field(default_factory=Usage)
    warnings: list[str] = field(default_factory=list)
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Portion:
    """What a model is asked to summarise at once: passages, and the summary so far that they are merged into.

    `number` counts the portions of a `round`; round 0 is the history, the next the summaries of round 0.
    """

    round: int
    number: int
    passages: Sequence[Passage]
    model: str
    wish: Wish
    anchor: str | None = None

    @property
    def name(self) -> str:
        """Its place and a digest of all that is asked: no other portion, divided otherwise, has this name."""
        asked = self.request(nonce="")
        text = "\n".join([self.model, asked.instructions, asked.text])
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARACTERS]
        return f"{self.round}-{self.number}-{digest}"

    def request(self, *, nonce: str) -> SummaryRequest:
        """Return the request for its summary; see `summary_request`."""
        return summary_request(self.passages, self.wish, nonce=nonce, anchor=self.anchor)


class PartsAsked(Exception):
    """The portions that are missing became jobs of their own: try again when these have ended."""
