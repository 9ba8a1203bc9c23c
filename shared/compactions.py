"""Compactions as values: the job, its result, and what is known about it from outside."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.compaction.policy import Policy
from shared.lifecycle import JobStatus
from shared.window.payload import Payload, SizedItem
from shared.wire.model import JsonObject
from shared.wire.responses import Usage

CompactionMethod: TypeAlias = Literal["model", "ledger"]


@dataclass(frozen=True, slots=True)
class CompactionJob:
    """A prefix to compact. `history` is flat: `ledger` and `summary` stand for what came before it.

    `tokens` is the size of what the compaction replaces.
    """

    id: str
    tenant: str
    policy: Policy
    history: list[SizedItem]
    tokens: int
    ledger: JsonObject = field(default_factory=dict)
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """A finished compaction: what to seal, how it was made, what it cost.

    `beside` are the user messages that /responses/compact hands back in the open, before the item.
    """

    payload: Payload
    method: CompactionMethod
    usage: Usage
    tokens_before: int
    tokens_after: int
    seconds: float
    warnings: list[str] = field(default_factory=list)
    beside: list[SizedItem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CompactionState:
    """Where a compaction stands; `result` is there once it is completed."""

    id: str
    status: JobStatus
    result: CompactionResult | None = None

    @property
    def ended(self) -> bool:
        """Whether the status can never change again."""
        return self.status.ended
