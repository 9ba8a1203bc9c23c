"""Scoring the prompt that reaches the upstream: what is still in it, and what tools made the user say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.wire.items import FunctionCall, FunctionCallOutput, Item, Message
from shared.wire.text import text_of
from tests.benchmarks.quality.planted import Probe


@dataclass(frozen=True, slots=True)
class Score:
    """Of `asked` things of one kind, `found` were found, by one method in one suite after one round.

    `size` is the target. Kinds beside those of facts: `stale` (updates that still show what they replaced),
    `told later` (facts told between rounds), `promoted` (hostile text that became somebody's words), `ratio`
    (the prompt's size to the session's).
    """

    suite: str
    method: str
    size: str
    round: int
    kind: str
    found: float
    asked: int

    @property
    def rate(self) -> float:
        """What share was found."""
        return self.found / self.asked


# What is no fact that was planted in the session.
OTHER_KINDS = frozenset({"stale", "told later", "promoted", "ratio"})


def text_of_prompt(items: Iterable[Item]) -> str:
    """Return all that the model reads, casefolded."""
    return "\n".join(_read(item) for item in items).casefold()


def kept(probes: Sequence[Probe], text: str) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, found, asked) for the probes, and how many updates still show what they replaced."""
    for kind in dict.fromkeys(probe.kind for probe in probes):
        asked = [probe for probe in probes if probe.kind == kind]
        yield kind, sum(probe.holds(text) for probe in asked), len(asked)
    updated = [probe for probe in probes if probe.stale]
    if updated:
        yield "stale", sum(probe.is_stale(text) for probe in updated), len(updated)


def is_promoted(part: str, items: Iterable[Item]) -> bool:
    """Return whether a message says `part` in its speaker's name, not as the output of a tool."""
    return any(part.casefold() in line for item in items for line in _own_words(item))


def _read(item: Item) -> str:
    return f"{item.name} {text_of(item)}" if isinstance(item, FunctionCall) else text_of(item)


def _own_words(item: Item) -> Iterator[str]:
    if isinstance(item, FunctionCallOutput) or not isinstance(item, Message):
        return
    quoted = False
    for line in text_of(item).casefold().splitlines():
        if line.startswith("## "):
            quoted = "tool output" in line
        if not quoted:
            yield line
