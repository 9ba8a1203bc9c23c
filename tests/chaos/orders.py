"""What the clients of a chaos run want: sessions of background responses, drawn from a seed."""

import random
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shared.wire.model import JsonObject
from tests.fixtures.conversations import long_conversation

# fail: HTTP 500; limit: 429; hang: no answer at all; stall, cut: it stops, or breaks off, in mid-stream.
Trouble: TypeAlias = Literal["fail", "limit", "hang", "cut", "stall"]
TROUBLES: tuple[Trouble, ...] = ("fail", "limit", "hang", "cut", "stall")
SessionKind: TypeAlias = Literal["single", "long", "vast", "chain", "conversation"]

_WORDS = [
    "amber",
    "basin",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "haven",
    "inlet",
    "jetty",
    "knoll",
    "ledge",
    "moor",
    "north",
    "orchard",
]
_KINDS: tuple[SessionKind, ...] = ("single", "long", "chain", "conversation")
_WEIGHTS = (8, 1, 2, 2)
# One in so many sessions brings a history that is summarised in parts.
_VAST_EACH = 50
_LONG_EXCHANGES, _VAST_EXCHANGES = 16, 220


@dataclass(frozen=True, slots=True)
class Order:
    """One response that a client wants; its marker tells it from all others wherever it goes."""

    marker: str
    streamed: bool = False
    # Whether a second client follows the stream, through the other door.
    watched: bool = False
    # Whether it is asked for twice at once, as by a client that gave its first try up too soon.
    repeated: bool = False
    cancelled_after_seconds: float | None = None
    trouble: Trouble | None = None
    # How many calls of the model are met by the trouble; the SDK tries a refused one twice again.
    troubled_calls: int = 0
    # A history that comes with the input and is over the threshold: its number, and how many exchanges.
    history: tuple[int, int] | None = None

    @property
    def key(self) -> str:
        """The Idempotency-Key under which the order is asked for, however often."""
        return f"order-{self.marker}"

    @property
    def text(self) -> str:
        """What the user says: about 250 tokens."""
        chance = random.Random(f"text {self.marker}")
        said = " ".join(chance.choice(_WORDS) for _ in range(220))
        return f"Tell me of {self.marker}, please. {said}"

    @property
    def input(self) -> list[JsonObject]:
        """The items that are sent."""
        earlier = [] if self.history is None else _history(*self.history)
        return [*earlier, {"role": "user", "content": self.text}]


@dataclass(frozen=True, slots=True)
class Session:
    """Orders of one client, each made when the one before it has ended."""

    kind: SessionKind
    at_seconds: float
    orders: tuple[Order, ...]


def draw_sessions(seed: int, count: int, *, span_seconds: float) -> list[Session]:
    """Return sessions with `count` orders altogether, spread over the span; no marker occurs twice."""
    chance = random.Random(f"orders {seed}")
    sessions: list[Session] = []
    drawn = 0
    while drawn < count:
        is_vast = len(sessions) % _VAST_EACH == 0
        kind = "vast" if is_vast else chance.choices(_KINDS, _WEIGHTS)[0]
        length = min(chance.randint(3, 6) if kind in ("chain", "conversation") else 1, count - drawn)
        orders = tuple(_draw_order(chance, f"m{drawn + n}x", kind) for n in range(length))
        drawn += length
        # What takes long begins early enough to end within the span, more or less.
        sessions.append(Session(kind, chance.uniform(0, span_seconds) / (2 if length > 1 else 1), orders))
    return sorted(sessions, key=lambda session: session.at_seconds)


def _draw_order(chance: random.Random, marker: str, kind: SessionKind) -> Order:
    streamed = chance.random() < 0.4
    single = kind == "single"
    trouble = chance.choice(TROUBLES) if chance.random() < 0.08 else None
    return Order(
        marker,
        streamed=streamed,
        watched=streamed and chance.random() < 0.3,
        repeated=chance.random() < 0.15,
        cancelled_after_seconds=chance.uniform(0, 2) if single and chance.random() < 0.2 else None,
        trouble=trouble,
        troubled_calls=chance.randint(1, 3) if trouble else 0,
        history=_draw_history(chance, kind),
    )


def _draw_history(chance: random.Random, kind: SessionKind) -> tuple[int, int] | None:
    match kind:
        case "long":
            # Few enough that equal ones meet, whose compaction is one job.
            return chance.randrange(20), _LONG_EXCHANGES
        case "vast":
            return chance.getrandbits(32), _VAST_EXCHANGES
        case _:
            return None


def _history(number: int, exchanges: int) -> list[JsonObject]:
    opening = {"role": "user", "content": f"This is history {number}: keep to rule {number}."}
    return [opening, *long_conversation(exchanges)[1:]]
