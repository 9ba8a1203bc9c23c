"""The policy of a compaction: how much may be left, and who gets which share of it."""

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Literal

# What OpenAI's /responses/compact keeps of user messages, and what ours seals beside them, in tokens.
ENDPOINT_USER_TOKENS = 64_000
ENDPOINT_RECORD_TOKENS = 8_000

# The size of all that a compaction on request leaves, unless something else is said.
ROOMY_TOKENS = ENDPOINT_USER_TOKENS + ENDPOINT_RECORD_TOKENS

# A compaction drains well below its threshold, so that the next turns do not trip it again.
DRAIN_DIVISOR = 4

# The record must be able to say something, however little the target leaves for it.
MIN_RECORD_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Policy:
    """What one compaction may leave: all sizes are absolute, in tokens.

    `target_tokens` bounds everything that is left, `user_tokens` the older user messages in it,
    `recent_tokens` the recent items in it; the record gets the rest, up to `record_tokens` if that is set.
    """

    target_tokens: int
    user_tokens: int
    recent_tokens: int
    record_tokens: int | None = None
    origin: Literal["automatic", "endpoint"] = "automatic"
    model: str | None = None
    instructions: str | None = None

    @property
    def fingerprint(self) -> str:
        """A digest that is equal for policies that ask for the same."""
        parts = "\n".join(f"{name}={value!r}" for name, value in sorted(asdict(self).items()))
        return hashlib.sha256(parts.encode()).hexdigest()


def automatic_policy(*, threshold: int, target: int | None, model: str | None) -> Policy:
    """Return the policy of a compaction that a threshold of `threshold` tokens calls for."""
    left = target or max(threshold // DRAIN_DIVISOR, MIN_RECORD_TOKENS)
    return Policy(
        target_tokens=left,
        user_tokens=min(ENDPOINT_USER_TOKENS, left // 6),
        recent_tokens=left // 10,
        model=model,
    )


def endpoint_policy(*, target: int | None, model: str | None, instructions: str | None) -> Policy:
    """Return the policy of /responses/compact: user messages beside the item, the rest within it."""
    return replace(_roomy(target), origin="endpoint", model=model, instructions=instructions)


def trigger_policy(*, target: int | None, model: str | None) -> Policy:
    """Return the policy of a compaction that the client triggers: as roomy, but the item holds it all."""
    return replace(_roomy(target), model=model)


def _roomy(target: int | None) -> Policy:
    if target is not None:
        return Policy(
            target_tokens=target,
            user_tokens=min(ENDPOINT_USER_TOKENS, target // 3),
            recent_tokens=min(ENDPOINT_RECORD_TOKENS, target) // 8,
        )
    return Policy(
        target_tokens=ROOMY_TOKENS,
        user_tokens=ENDPOINT_USER_TOKENS,
        recent_tokens=ENDPOINT_RECORD_TOKENS // 4,
        record_tokens=ENDPOINT_RECORD_TOKENS * 3 // 4,
    )
