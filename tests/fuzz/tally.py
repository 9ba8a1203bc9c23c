"""The tally of a run: what was asked, how it was answered, what broke a promise, and what ought to be stored."""

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.fuzz.answers import EVENT_STREAM, JSON, Answer, broken_promises

# In a request: stands for the id or seal of something that an earlier answer named.
_KNOWN = re.compile(rb"known-(resp|job|conv|item|place|seal|cmp|hook|url|model)-(\d+)")
# What the ids of a list are; elsewhere they are items'.
_LISTED = {"/v1/compactions": b"cmp", "/v1/webhook_endpoints": b"hook", "/v1/models": b"model"}
_REMEMBERED = 40
_LONGEST_SHOWN = 2_000


class Tally:
    """Counts answers and remembers what they named. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[bytes, list[bytes]] = defaultdict(list)
        self._statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self._samples: dict[str, bytes] = {}
        self._broken: Counter[str] = Counter()
        self.slowest_seconds = 0.0
        self.stored: set[str] = set()
        self.deleted: set[str] = set()
        # Of those stored: failed, as they should have.
        self.failed: set[str] = set()
        self.workers_died = False

    @property
    def total(self) -> int:
        """How many answers there were."""
        return sum(counter.total() for counter in self._statuses.values())

    def with_known(self, sent: bytes) -> bytes:
        """Return `sent` with names in the place of what stands for them."""
        return _KNOWN.sub(self._named, sent)

    def know(self, kind: str, name: str) -> None:
        """Have `known-KIND-0` stand for a name that no answer tells."""
        with self._lock:
            self._remember(kind.encode(), name)

    def add(self, operation: str, answer: Answer, sent: bytes) -> None:
        """Count an answer to `sent`; `operation` is such as `POST /v1/responses`."""
        broken = broken_promises(answer)
        with self._lock:
            self._statuses[operation][answer.status] += 1
            self.slowest_seconds = max(self.slowest_seconds, answer.seconds)
            if not broken and answer.status == 200:
                self._learn(answer)
        for sentence in broken:
            outcome = f"\n  => {answer.status} after {answer.seconds:.1f} s: ".encode()
            self.broke(operation, sentence, sent[:_LONGEST_SHOWN] + outcome + answer.body)

    def broke(self, operation: str, sentence: str, sent: bytes) -> None:
        """Note a promise that was broken, with the first request that showed it."""
        with self._lock:
            self._broken[f"{operation}: {sentence}"] += 1
            self._samples.setdefault(f"{operation}: {sentence}", sent[: 2 * _LONGEST_SHOWN])

    def broken_promises(self) -> list[str]:
        """Return each promise that was broken, how often, and by what."""
        return [f"{count} x {name}\n  {self._samples[name]!r}" for name, count in self._broken.items()]

    def unasked(self, operations: Iterable[str]) -> list[str]:
        """Return which of these nobody asked."""
        return [operation for operation in operations if not self._statuses[operation]]

    def unheard(self, operations: Iterable[str]) -> list[str]:
        """Return which of these, but for deletions, no request did what it is for."""
        return [
            operation
            for operation in operations
            if not operation.startswith("DELETE ")
            and not any(200 <= status < 300 for status in self._statuses[operation])
        ]

    def report(self) -> Iterator[str]:
        """Yield lines for a person: the answers by operation and status."""
        for operation, counter in sorted(self._statuses.items()):
            statuses = ", ".join(f"{status}: {count}" for status, count in sorted(counter.items()))
            yield f"{counter.total():>7}  {operation:<48} {statuses}"
        yield f"{self.total:>7}  in all; slowest answer {self.slowest_seconds:.2f} s; {len(self.stored)} stored"

    def _named(self, match: re.Match[bytes]) -> bytes:
        with self._lock:
            names = self._known[match[1]]
            return names[int(match[2]) % len(names)] if names else match[0]

    def _learn(self, answer: Answer) -> None:
        if answer.content_type == EVENT_STREAM:
            self._learn_from_stream(answer)
        elif answer.content_type == JSON:
            self._learn_from(answer, answer.document)

    def _learn_from_stream(self, answer: Answer) -> None:
        for event in answer.events[-1:]:
            response = event["response"]
            # A foreground response that fails is told so, and not stored.
            if response["background"] or response["status"] != "failed":
                self._learn_from(answer, response)

    def _learn_from(self, answer: Answer, document: dict[str, Any]) -> None:
        if answer.method == "DELETE" and document.get("deleted"):
            self.deleted.add(document["id"])
        elif document.get("object") in ("response", "response.compaction") and document.get("store", True):
            self.stored.add(document["id"])
            self._remember(b"job" if document.get("background") else b"resp", document["id"])
        elif document.get("object") == "conversation":
            self.stored.add(document["id"])
            self._remember(b"conv", document["id"])
        elif document.get("object") == "webhook_endpoint":
            self._remember(b"hook", document["id"])
        for item in [*document.get("output", []), *document.get("data", [])]:
            # An item of its own may have an `output` too: text, or parts.
            if isinstance(item, dict):
                self._learn_from_item(answer.path, item)

    def _learn_from_item(self, path: str, item: dict[str, Any]) -> None:
        self._remember(_LISTED.get(path, b"item"), item.get("id"))
        if path.startswith("/v1/conversations/"):
            self._remember(b"place", f"{path.removeprefix('/v1/conversations/')}/{item.get('id')}")
        if item.get("type") == "compaction":
            self._remember(b"seal", item.get("encrypted_content"))

    def _remember(self, kind: bytes, name: object) -> None:
        if isinstance(name, str) and name.isascii() and 0 < len(name) < 5_000:
            self._known[kind] = [*self._known[kind][-_REMEMBERED:], name.encode()]
