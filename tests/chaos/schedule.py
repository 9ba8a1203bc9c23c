"""The schedule of a chaos run: which fault strikes whom and when, drawn from a seed."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can happen to a process."""

    KILL_WORKER = "worker killed"
    FREEZE_WORKER = "worker frozen"
    DRAIN_WORKER = "worker drained"
    KILL_API = "API killed"
    FREEZE_API = "API frozen"
    KILL_REDIS = "Redis killed"
    FREEZE_REDIS = "Redis frozen"

    @property
    def is_a_workers(self) -> bool:
        """Whether a worker is its victim."""
        return self in (Kind.KILL_WORKER, Kind.FREEZE_WORKER, Kind.DRAIN_WORKER)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `victim` is drawn for whoever has several processes to choose from."""

    at_seconds: float
    kind: Kind
    victim: int
    # Until a killed process is started again, or a frozen one is thawed.
    lasts_seconds: float


# Frozen workers sleep through their lease: some wake up while another has just taken over, some well beyond.
_LEASES_FROZEN = (1.1, 3.0)
_MOST_REDIS_FROZEN_SECONDS = 10.0


def draw_schedule(seed: int, count: int, *, span_seconds: float, lease_seconds: float) -> list[Fault]:
    """Return `count` faults over the span, in order; each kind occurs before any occurs again."""
    chance = random.Random(f"schedule {seed}")
    deck: list[Kind] = []
    faults = []
    for number in range(count):
        deck = deck or chance.sample(list(Kind), len(Kind))
        kind = deck.pop()
        at = span_seconds * (number + chance.uniform(0.1, 0.9)) / count
        lasts = _lasts_seconds(kind, chance, span_seconds=span_seconds, lease_seconds=lease_seconds)
        faults.append(Fault(at, kind, chance.randrange(2), lasts))
    return faults


def _lasts_seconds(kind: Kind, chance: random.Random, *, span_seconds: float, lease_seconds: float) -> float:
    match kind:
        case Kind.FREEZE_WORKER:
            return lease_seconds * chance.uniform(*_LEASES_FROZEN)
        case Kind.FREEZE_REDIS:
            return chance.uniform(1.0, min(_MOST_REDIS_FROZEN_SECONDS, span_seconds / 5))
        case Kind.FREEZE_API:
            return chance.uniform(1.0, lease_seconds * 2)
        case _:
            return chance.uniform(0.2, 1.5)
