"""The gain of a compaction: how small a prefix is to become, and whether that is worth the work."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.compaction.plan import protected_items
from shared.compaction.policy import MIN_RECORD_TOKENS, Policy
from shared.window.calibration import EXACT, Correction
from shared.window.entry import Entry, flatten, total_tokens
from shared.window.sizing import size_of_window

# What is won must be at least this part of the threshold, or the next turns would trip it again.
_LEAST_GAIN = 16
# Where what always stays leaves less than this part of it, the threshold is out of reach whatever is done …
_LEAST_ROOM = 8
# … and only this part of it is worth a compaction.
_GAIN_OUT_OF_REACH = 2


@dataclass(frozen=True, slots=True)
class Room:
    """What a threshold, which is in the model's tokens, leaves to what is compacted, in counted tokens.

    `beside` is what takes room beside the prefix and the tail: instructions and tools.
    """

    threshold: int
    beside: int = 0
    correction: Correction = EXACT

    @property
    def limit(self) -> int:
        """The threshold in counted tokens."""
        return self.correction.counted(self.threshold)

    def holds(self, window: Sequence[Entry]) -> bool:
        """Return whether the window is not over the threshold."""
        return self.correction.real(size_of_window(window, overhead=self.beside)) <= self.threshold

    def target_of(self, tail: Sequence[Entry], policy: Policy) -> int:
        """Return the size that the prefix before `tail` is to be left with, so that both fit with some to spare."""
        left = max(policy.target_tokens - total_tokens(tail), policy.target_tokens // 2)
        free = self._free(tail)
        # With less room than that, the next turn would be over the threshold again.
        return left if left <= free * 3 // 4 else max(min(left, free // 2), min(left, MIN_RECORD_TOKENS))

    def is_worth_it(self, prefix: Sequence[Entry], tail: Sequence[Entry], policy: Policy) -> bool:
        """Return whether compacting `prefix` wins enough.

        Where what always stays is near the threshold by itself, that is much: else each turn would compact.
        """
        stays = _protected_tokens(prefix, policy)
        gain = total_tokens(prefix) - max(self.target_of(tail, policy), stays)
        is_out_of_reach = stays + self.limit // _LEAST_ROOM >= self._free(tail)
        return gain >= self.limit // (_GAIN_OUT_OF_REACH if is_out_of_reach else _LEAST_GAIN)

    def _free(self, tail: Sequence[Entry]) -> int:
        return self.limit - self.beside - total_tokens(tail)


def _protected_tokens(prefix: Sequence[Entry], policy: Policy) -> int:
    flat = flatten(prefix)
    return sum(
        flat[index].tokens for index in protected_items([each.item for each in flat], policy.pinned_items)
    )
