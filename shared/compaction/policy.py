"""The policy of a compaction: how much may be left, who gets which share of it, and what is always left."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Literal

from pydantic import TypeAdapter

from shared.compaction.outline import OUTLINE
from shared.compaction.pins import NO_PINS, Pins
from shared.window.calibration import Correction
from shared.wire.model import JsonObject

# What OpenAI's /responses/compact keeps of user messages, and what ours seals beside them, in tokens.
ENDPOINT_USER_TOKENS = 64_000
ENDPOINT_RECORD_TOKENS = 8_000

# The size of all that a compaction on request leaves, unless something else is said.
ROOMY_TOKENS = ENDPOINT_USER_TOKENS + ENDPOINT_RECORD_TOKENS

# A compaction drains well below its threshold, so that the next turns do not trip it again.
DRAIN_DIVISOR = 4

# The record must be able to say something, however little the target leaves for it.
MIN_RECORD_TOKENS = 256

# With a model, its prose gets this share of the record, and the ledger what is left.
SUMMARY_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """What an operator chose for all compactions. Shares are of the target; None is the share of old.

    `user_tokens` is the most that is kept of older user messages, `summary_share` the summary's part of the
    record. `prompt` is what a summariser is told in place of our own words, `pins` are texts that stand in
    every record.
    """

    user_tokens: int = ENDPOINT_USER_TOKENS
    user_share: float | None = None
    recent_share: float | None = None
    summary_share: float = SUMMARY_SHARE
    sections: tuple[str, ...] = OUTLINE.sections
    rule_sections: tuple[str, ...] = OUTLINE.rules
    prompt: str | None = None
    pins: tuple[str, ...] = ()


OURS = Choice()


@dataclass(frozen=True, slots=True)
class Policy:
    """What one compaction may leave: all sizes are absolute, in tokens.

    `target_tokens` bounds everything that is left, `user_tokens` the older user messages in it,
    `recent_tokens` the recent items in it; the record gets the rest, up to `record_tokens` if that is set.
    `pins` and the `operator_pins` stand in the record word for word, the items with ids in `pinned_items` stay.
    """

    target_tokens: int
    user_tokens: int
    recent_tokens: int
    record_tokens: int | None = None
    origin: Literal["automatic", "endpoint"] = "automatic"
    model: str | None = None
    instructions: str | None = None
    summary_share: float = SUMMARY_SHARE
    sections: tuple[str, ...] = OUTLINE.sections
    rule_sections: tuple[str, ...] = OUTLINE.rules
    prompt: str | None = None
    pins: tuple[str, ...] = ()
    pinned_items: tuple[str, ...] = ()
    operator_pins: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A digest that is equal for policies that ask for the same."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def corrected(self, correction: Correction) -> "Policy":
        """Return the policy in counted tokens, where this one is in the model's own.

        A job is named by the model's own, so that what is learned about a model renames nothing.
        """
        record = self.record_tokens
        return replace(
            self,
            target_tokens=correction.budget(self.target_tokens),
            user_tokens=correction.budget(self.user_tokens),
            recent_tokens=correction.budget(self.recent_tokens),
            record_tokens=correction.budget(record) if record is not None else None,
        )

    def leaving(self, target_tokens: int) -> "Policy":
        """Return the policy for another target, with the same shares of it; `record_tokens` is no share."""
        return replace(
            self,
            target_tokens=target_tokens,
            user_tokens=self.user_tokens * target_tokens // self.target_tokens,
            recent_tokens=self.recent_tokens * target_tokens // self.target_tokens,
        )

    @property
    def pinned_texts(self) -> list[str]:
        """All texts that stand in the record word for word, each once, the operator's first."""
        return list(dict.fromkeys([*self.operator_pins, *self.pins]))

    @staticmethod
    def from_json(value: JsonObject) -> "Policy":
        """Return the policy of which `value` holds the fields; what this version does not know is left out."""
        return _POLICY.validate_python(value)


_POLICY = TypeAdapter(Policy)


def automatic_policy(
    *,
    threshold: int,
    target: int | None,
    model: str | None,
    choice: Choice = OURS,
    pins: Pins = NO_PINS,
) -> Policy:
    """Return the policy of a compaction that a threshold of `threshold` tokens calls for."""
    left = target or max(threshold // DRAIN_DIVISOR, MIN_RECORD_TOKENS)
    policy = Policy(
        target_tokens=left,
        user_tokens=min(choice.user_tokens, _share(left, choice.user_share, left // 6)),
        recent_tokens=_share(left, choice.recent_share, left // 10),
        model=model,
    )
    return _chosen(policy, choice, pins)


def endpoint_policy(
    *,
    target: int | None,
    model: str | None,
    instructions: str | None,
    choice: Choice = OURS,
    pins: Pins = NO_PINS,
) -> Policy:
    """Return the policy of /responses/compact: user messages beside the item, the rest within it."""
    roomy = _chosen(_roomy(target, choice), choice, pins)
    return replace(roomy, origin="endpoint", model=model, instructions=instructions)


def trigger_policy(
    *, target: int | None, model: str | None, choice: Choice = OURS, pins: Pins = NO_PINS
) -> Policy:
    """Return the policy of a compaction that the client triggers: as roomy, but the item holds it all."""
    return replace(_chosen(_roomy(target, choice), choice, pins), model=model)


def _roomy(target: int | None, choice: Choice) -> Policy:
    if target is not None:
        return Policy(
            target_tokens=target,
            user_tokens=min(choice.user_tokens, _share(target, choice.user_share, target // 3)),
            recent_tokens=_share(target, choice.recent_share, min(ENDPOINT_RECORD_TOKENS, target) // 8),
        )
    return Policy(
        target_tokens=choice.user_tokens + ENDPOINT_RECORD_TOKENS,
        user_tokens=choice.user_tokens,
        recent_tokens=_share(ENDPOINT_RECORD_TOKENS, choice.recent_share, ENDPOINT_RECORD_TOKENS // 4),
        record_tokens=ENDPOINT_RECORD_TOKENS * 3 // 4,
    )


def _share(whole: int, share: float | None, otherwise: int) -> int:
    return otherwise if share is None else int(whole * share)


def _chosen(policy: Policy, choice: Choice, pins: Pins) -> Policy:
    return replace(
        policy,
        summary_share=choice.summary_share,
        sections=choice.sections,
        rule_sections=choice.rule_sections,
        prompt=choice.prompt,
        pins=pins.texts,
        pinned_items=pins.items,
        operator_pins=choice.pins,
    )
