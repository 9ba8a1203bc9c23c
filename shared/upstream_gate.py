"""Gates before upstreams, as values: what is reported of a call, and how a gate stands."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

# A provider that names a longer pause is asked again after this one.
MOST_PAUSE_SECONDS = 3600.0


class Report(StrEnum):
    """How a call to an upstream went, as far as the next ones are concerned."""

    ANSWERED = "answered"
    LIMITED = "limited"  # it refused: too many requests
    FAILED = "failed"  # it could not be reached, or failed itself
    UNKNOWN = "unknown"  # it was not asked to the end, or the fault was the request's


@dataclass(frozen=True, slots=True)
class Entry:
    """A place at an upstream; one `on_trial` is alone there, after failures."""

    owner: str
    on_trial: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """Why nobody is let in: for how long, where that is known."""

    why: Literal["full", "paused", "shut"]
    seconds: float = 0.0


GateState: TypeAlias = Literal["open", "shut", "trial"]


@dataclass(frozen=True, slots=True)
class GateFigures:
    """How a gate stands: calls under way, and how many there may be; None for no limit."""

    state: GateState
    calls: int
    limit: int | None
