"""Compactions as values: the job, its result, and what is known about it from outside."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.compaction.fates import ItemFate
from shared.compaction.ledger import Ledger
from shared.compaction.policy import Policy
from shared.lifecycle import JobStatus
from shared.window.payload import Payload, SizedItem
from shared.window.undone import Replaced
from shared.wire.model import JsonObject
from shared.wire.responses import Usage

# How one that was made ahead came: before the turn that used it, after it, or for nobody: as another took its place
# or what it was for was deleted, or as nobody ever asked for it again.
AheadOutcome: TypeAlias = Literal["in_time", "late", "superseded", "unused"]

CompactionMethod: TypeAlias = Literal["model", "ledger", "native"]


@dataclass(frozen=True, slots=True)
class PromptHead:
    """What the turns of a history were asked with: the model, and what stands before their items."""

    model: str
    instructions: str | None = None
    tools: list[JsonObject] = field(default_factory=list)
    prompt_cache_key: str | None = None


@dataclass(frozen=True, slots=True)
class CompactionJob:
    """A prefix to compact. `history` is flat: `ledger` and `summary` stand for what came before it.

    `record` is the text of these two that the model was given, and `head` what its prompt began with, if known.
    `tokens` is the size of what the compaction replaces. `ahead` is one that nobody waits for yet. `threshold`
    is what it is asked for by, in tokens; None for one that the client asked for. A `transient` one is for a
    turn that is not stored: it is listed nowhere, and soon forgotten. `asked_by` is the response with which it is
    to be removed, and `asker_is_stored` says that this is known to the store already. `ahead_in` is the conversation
    for whose next turn it is made ahead, if it is for one.
    """

    id: str
    tenant: str
    policy: Policy
    history: list[SizedItem]
    tokens: int
    ledger: JsonObject = field(default_factory=dict)
    summary: str | None = None
    ahead: bool = False
    record: str = ""
    head: PromptHead | None = None
    replaces: Replaced | None = None
    threshold: int | None = None
    transient: bool = False
    asked_by: str | None = None
    asker_is_stored: bool = False
    ahead_in: str | None = None

    @property
    def known(self) -> Ledger:
        """The ledger of what came before the history."""
        return Ledger.from_json(self.ledger) if self.ledger else Ledger()


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """A finished compaction: what to seal, how it was made, what it cost.

    `beside` are the user messages that /responses/compact hands back in the open, before the item. `model` and
    `calls` tell who was asked and how often, `items` what became of each item of the history.
    """

    payload: Payload
    method: CompactionMethod
    usage: Usage
    tokens_before: int
    tokens_after: int
    seconds: float
    warnings: list[str] = field(default_factory=list)
    beside: list[SizedItem] = field(default_factory=list)
    model: str | None = None
    calls: int = 0
    items: list[ItemFate] = field(default_factory=list)

    @property
    def usage_of_pass(self) -> Usage:
        """What is told to who asked for this compaction and nothing else.

        Where no model was asked, it is what was read and what is left, as counted.
        """
        return self.usage if self.usage.total_tokens else Usage.of(self.tokens_before, self.tokens_after)

    @property
    def account(self) -> "CompactionAccount":
        """How it was made and what it cost."""
        return CompactionAccount(
            method=self.method,
            usage=self.usage,
            tokens_before=self.tokens_before,
            tokens_after=self.tokens_after,
            seconds=self.seconds,
            warnings=self.warnings,
            model=self.model,
            calls=self.calls,
        )


@dataclass(frozen=True, slots=True)
class CompactionState:
    """Where a compaction stands; `result` is there once it is completed, without its `items`.

    One that was `undone` serves no window any more.
    """

    id: str
    status: JobStatus
    result: CompactionResult | None = None
    undone: bool = False

    @property
    def ended(self) -> bool:
        """Whether the status can never change again."""
        return self.status.ended


@dataclass(frozen=True, slots=True)
class CompactionAccount:
    """How a compaction was made and what it cost: of a result all that holds no item and no text."""

    method: CompactionMethod
    usage: Usage
    tokens_before: int
    tokens_after: int
    seconds: float
    warnings: list[str]
    model: str | None = None
    calls: int = 0


@dataclass(frozen=True, slots=True)
class CompactionRecord:
    """A compaction as its owner is told of it. Times are milliseconds since 1970, by Redis's clock.

    `tokens` is the size of what it compacts. `message` says why one failed. `account` is there once it is
    completed; `outcome`, `used_at_ms` and `tokens_in_vain` tell what became of one that was made `ahead`, the last
    what it had cost when it was found to be for nobody. `items` and `payload` only where one was asked for by its id.
    """

    id: str
    tenant: str
    status: JobStatus
    policy: Policy
    created_at_ms: int
    ended_at_ms: int | None
    tokens: int
    threshold: int | None
    ahead: bool
    undone: bool
    outcome: AheadOutcome | None
    used_at_ms: int | None
    tokens_in_vain: int
    message: str | None
    account: CompactionAccount | None
    items: list[ItemFate]
    payload: Payload | None
