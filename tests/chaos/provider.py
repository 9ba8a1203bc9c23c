"""The model provider of a chaos run: its answer follows from the order's marker, its troubles from the order."""

import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, TypeAlias

from shared.compaction.outline import SECTIONS
from tests.chaos.orders import Order, Trouble
from tests.scripted_replies import last_user_text
from tests.scripted_upstream import Json, Reply, ScriptedUpstream

SUMMARIZER = "summarizer"
_MARKER = re.compile(r"Tell me of (\w+), please\.")

Fate: TypeAlias = Literal["answered"] | Trouble
# Of these the provider said nothing that a turn could have used: the SDK asks again within the attempt.
UNHEARD: tuple[Fate, ...] = ("fail", "limit", "hang")

_LATELY_SECONDS = 0.5
_SLOW_SHARE, _SLOWNESS = 0.2, 4
_A_FEW = 2


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request that reached the provider: when (monotonic), from which worker, and what came of it."""

    at_seconds: float
    worker: str
    fate: Fate
    # What was said to it, if all of it was: no two calls are answered alike.
    answer: str
    body: Json


class Provider:
    """Answers each call in its own words. Its calls are kept by marker."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self._orders = {order.marker: order for order in orders}
        self._met: Counter[str] = Counter()
        self._met_with: list[tuple[float, str, Fate, str]] = []
        self.upstream = ScriptedUpstream(self._reply)

    @property
    def calls(self) -> dict[str, list[ModelCall]]:
        """All calls until now, by marker, in the order in which they came."""
        by_marker: defaultdict[str, list[ModelCall]] = defaultdict(list)
        # One line for each request, in the order in which the upstream noted them.
        noted = zip(self._met_with, self.upstream.keys, self.upstream.requests, strict=False)
        for (at, marker, fate, said), worker, body in noted:
            by_marker[marker].append(ModelCall(at, worker, fate, said, body))
        return by_marker

    def is_asked_by(self, worker: str) -> bool:
        """Whether a worker has asked a few times within the last half second: it is in the middle of turns."""
        since = time.monotonic() - _LATELY_SECONDS
        recent = zip(reversed(self._met_with), reversed(self.upstream.keys), strict=False)
        asked = (name for (at, *_), name in takewhile(lambda call: call[0][0] > since, recent))
        return sum(name == worker for name in asked) >= _A_FEW

    def _reply(self, body: Json) -> Reply:
        if body["model"] == SUMMARIZER:
            self._met_with.append((time.monotonic(), SUMMARIZER, "answered", ""))
            return Reply(chunks=tuple(f"## {name}\n- As agreed.\n" for name in SECTIONS), delay_seconds=0.1)
        found = _MARKER.search(last_user_text(body))
        marker = found[1] if found else ""
        fate = self._fate(marker)
        pieces = _pieces(marker, self._met[marker])
        self._met_with.append((time.monotonic(), marker, fate, "".join(pieces)))
        return _reply(fate, marker, pieces)

    def _fate(self, marker: str) -> Fate:
        order = self._orders.get(marker)
        self._met[marker] += 1
        if order is None or order.trouble is None or self._met[marker] > order.troubled_calls:
            return "answered"
        return order.trouble


def _reply(fate: Fate, marker: str, pieces: Sequence[str]) -> Reply:
    chance = random.Random(f"pace {marker}")
    # Who takes long is still at it when a worker that slept through its lease wakes up to go on, too.
    slowness = _SLOWNESS if chance.random() < _SLOW_SHARE else 1
    spoken = Reply(chunks=tuple(pieces), delay_seconds=slowness * chance.uniform(0.03, 0.12))
    match fate:
        case "answered":
            return spoken
        case "fail":
            return Reply(status=500)
        case "limit":
            return Reply(status=429, retry_after_seconds=0.2)
        case "hang":
            return Reply(hang_after=0)
        case "cut":
            return Reply(chunks=spoken.chunks, cut_after=3)
        case "stall":
            return Reply(chunks=spoken.chunks, hang_after=3)


def _pieces(marker: str, call: int) -> list[str]:
    """Return what is said to a call: long enough to be broken off somewhere, and known by its number."""
    chance = random.Random(f"answer {marker} {call}")
    return [
        f"{marker}.{call} {number}: {chance.getrandbits(40):010x} " for number in range(chance.randint(8, 24))
    ]
