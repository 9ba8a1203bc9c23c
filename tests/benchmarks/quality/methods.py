"""Ways to keep a conversation small; each tells what the next model is given after every round of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.wire.items import Item, Message
from shared.wire.responses import Response
from tests.benchmarks.counting import COUNTER, size_of
from tests.fakes import Script
from tests.talk import Talk

# A conversation is compacted when it is this many times as large as what is to be left of it.
THRESHOLD_FACTOR = 3
_LEAST_THRESHOLD_TOKENS = 1_000

GO_ON = "Let's go on from here."


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is said before each round of compaction, and the tokens that each is to leave."""

    rounds: list[list[Item]]
    target_tokens: int

    @property
    def threshold_tokens(self) -> int:
        """The size at which the conversation is to be compacted."""
        return max(THRESHOLD_FACTOR * self.target_tokens, _LEAST_THRESHOLD_TOKENS)

    def said(self, number: int) -> list[Item]:
        """Return what is said before round `number`, counted from 0, with a last word of the user."""
        return [*self.rounds[number], Message(role="user", content=GO_ON)]


class Method(Protocol):
    """A way to keep a conversation small."""

    name: str

    def prompts(self, stretch: Stretch) -> list[list[Item]]:
        """Return the items of the prompt that the model gets after each round."""
        ...


class Truncation:
    """The newest items that fit, whole, and nothing else; only those that `counts` says."""

    def __init__(self, name: str, counts: Callable[[Item], bool]) -> None:
        self.name = name
        self._counts = counts

    def prompts(self, stretch: Stretch) -> list[list[Item]]:
        """Return what is left after each round."""
        prompts: list[list[Item]] = []
        kept: list[Item] = []
        for number in range(len(stretch.rounds)):
            window = [item for item in [*kept, *stretch.said(number)] if self._counts(item)]
            kept = _newest(window, stretch.target_tokens)
            prompts.append(kept)
        return prompts


TAIL = Truncation("tail truncation", lambda _item: True)
NEWEST_USER = Truncation(
    "newest user messages", lambda item: isinstance(item, Message) and item.role == "user"
)


class Ours:
    """Real turns through the real use cases, with the ledger alone or beside a scripted summariser."""

    def __init__(self, name: str = "ours, no model", summarizer: Script | None = None) -> None:
        self.name = name
        self._summarizer = summarizer

    def prompts(self, stretch: Stretch) -> list[list[Item]]:
        """Return what reached the upstream in each turn. Raises RuntimeError where one did not compact."""
        return asyncio.run(self._run(stretch))

    async def _run(self, stretch: Stretch) -> list[list[Item]]:
        talk = Talk(summarizer=self._summarizer, counter=COUNTER)
        prompts: list[list[Item]] = []
        last: str | None = None
        for number in range(len(stretch.rounds)):
            said = [item.to_json() for item in stretch.said(number)]
            turn = {"threshold": stretch.threshold_tokens, "target": stretch.target_tokens}
            response = (await talk.say(said, after=last, **turn)).response
            if not _has_compaction(response):
                raise RuntimeError(f"round {number} was not compacted: too little was said before it")
            last = response.id
            prompts.append(talk.seen)
        return prompts


def _has_compaction(response: Response) -> bool:
    return any(item.type == "compaction" for item in response.output)


def _newest(items: Sequence[Item], tokens: int) -> list[Item]:
    left = tokens
    for index in range(len(items) - 1, -1, -1):
        left -= size_of(items[index : index + 1])
        if left < 0:
            return list(items[index + 1 :])
    return list(items)
