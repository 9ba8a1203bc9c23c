"""Named prefixes: the compaction that each prefix of a window would be, whether or not anybody asked for it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from shared.compaction.policy import Policy
from shared.window.calls import safe_cuts
from shared.window.entry import Entry
from shared.window.hashing import prefix_hashes

# A compaction that was made ahead covers the window of a few turns ago: further back nobody looks.
_LOOKED_BACK_ITEMS = 64


@dataclass(frozen=True, slots=True)
class NamedPrefix:
    """The first `length` entries of a window, and the id of their compaction."""

    length: int
    compaction_id: str


def named_prefixes(window: Sequence[Entry], policy: Policy, *, tenant: str) -> list[NamedPrefix]:
    """Return the prefixes at which a window may be cut, longest first; its last compaction item is in each."""
    items = [entry.item for entry in window]
    cuts = safe_cuts(items)
    digests = prefix_hashes(items)
    fingerprint = policy.fingerprint
    first = max((index + 1 for index, entry in enumerate(window) if entry.payload), default=1)
    lengths = range(len(window), max(first, len(window) - _LOOKED_BACK_ITEMS) - 1, -1)
    return [
        NamedPrefix(length, _named(tenant, digests[length - 1], fingerprint))
        for length in lengths
        if cuts[length]
    ]


def compaction_id(tenant: str, digest: str, policy: Policy) -> str:
    """Return the id of the compaction of a prefix: the same for whoever asks for the same."""
    return _named(tenant, digest, policy.fingerprint)


def next_attempt(compaction_id: str) -> str:
    """Return the id of the compaction that is made in place of one that was undone."""
    return f"cmp_{hashlib.sha256(compaction_id.encode()).hexdigest()[:48]}"


def _named(tenant: str, digest: str, fingerprint: str) -> str:
    name = hashlib.sha256(f"{tenant}\n{digest}\n{fingerprint}".encode()).hexdigest()
    return f"cmp_{name[:48]}"
