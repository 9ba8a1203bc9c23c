"""Ports to the models: tokens counted, answers streamed, calls let through a gate."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from shared.prompt import CompactedItems, Prompt, UpstreamEvent
from shared.routing import Route
from shared.upstream_gate import Closed, Entry, GateFigures, Report
from shared.window.calibration import Correction, Size
from shared.wire.responses import Usage


class TokenCounter(Protocol):
    """Counts tokens as the upstream's tokenizer would."""

    def count(self, text: str) -> int:
        """Return the number of tokens in `text`; text that looks like a special token is text."""
        ...


class Calibration(Protocol):
    """What upstreams' reports taught about how each model counts. It is shared, and lost after a time."""

    async def correction(self, model: str) -> Correction:
        """Return what corrects our counts for a model; none are known, or can be read: that of its family.

        It may be some seconds old, so that few turns ask the store.
        """
        ...

    async def learn(self, model: str, size: Size, usage: Usage) -> None:
        """Learn from the usage that was reported for a request of `size`; what is not plausible is left out.

        A failure of the store is told in the log and nowhere else: the turn does not depend on it.
        """
        ...


class Upstream(Protocol):
    """A model provider."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        """Yield the answer as it is made, ending with one `Finished`.

        Raises UpstreamError. What tries again does so only before the first event. Closing the generator ends
        the provider's work at once.
        """
        ...

    async def list_models(self) -> Sequence[str]:
        """Return the names of the models that can be asked. Raises UpstreamError."""
        ...


class Gates(Protocol):
    """The gates before upstreams, the same for all processes: gates.lua says when each lets a call in."""

    async def enter(self, route: Route, owner: str) -> Entry | Closed:
        """Take a place at the upstream for one lease, or learn why there is none now.

        The same owner asking again gets the same place.
        """
        ...

    async def keep(self, route: Route, entry: Entry) -> None:
        """Keep the place for another lease."""
        ...

    async def begin(self, route: Route, entry: Entry) -> None:
        """Say that the upstream begins to answer: a gate that was shut is open again."""
        ...

    async def leave(self, route: Route, entry: Entry, report: Report, *, pause_seconds: float = 0.0) -> float:
        """Give the place back and say how it went; return for how many seconds the gate is shut now.

        `pause_seconds` is for how long an upstream that limits wants to be asked nothing. Of that a second is
        believed, and twice as much after each refusal in a row.
        """
        ...

    async def figures(self, route: Route) -> GateFigures:
        """Return how the gate stands."""
        ...


class ProviderCompaction(Protocol):
    """A model provider that compacts windows itself, into an item that only it can read."""

    async def compact(self, prompt: Prompt) -> CompactedItems:
        """Return what is left of the prompt's items. Raises UpstreamError."""
        ...
