"""Compacting a window that is due: asking for the job, waiting for it or not, and using what it made."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.compaction.ledger import Ledger
from shared.compaction.plan import split_window
from shared.compaction.policy import Policy, automatic_policy, trigger_policy
from shared.compaction.sections import fold_sections
from shared.compactions import CompactionJob, CompactionResult, CompactionState
from shared.errors import TooManyRequests
from shared.ids import new_id
from shared.ports import Compactions, Sealer, Signals
from shared.sealing import seal_payload, unseal_payload
from shared.settings import Settings
from shared.turns import Parked, Turn
from shared.window.calls import safe_cuts
from shared.window.entry import Entry, flatten, total_tokens
from shared.window.hashing import prefix_hashes
from shared.window.payload import VERSION, Payload, SizedItem
from shared.wire.items import Compaction, Item, Message
from shared.wire.model import JsonObject
from shared.wire.responses import Usage

# How often a waiting foreground turn looks for itself, in case the news was lost.
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class CompactedWindow:
    """What a compaction made of a window: one entry, and what it cost."""

    entry: Entry
    usage: Usage


class WindowCompactor:
    """Compacts windows by jobs; a turn never loses its history by it."""

    def __init__(
        self, compactions: Compactions, signals: Signals, sealer: Sealer, settings: Settings
    ) -> None:
        self._compactions = compactions
        self._signals = signals
        self._sealer = sealer
        self._settings = settings

    def threshold(self, turn: Turn) -> int | None:
        """Return the size in tokens at which the turn's window is to be compacted, or None for never."""
        asked = turn.request.compaction
        if asked is not None and asked.compact_threshold is not None:
            return asked.compact_threshold
        return self._settings.default_compact_threshold

    async def compact(
        self, turn: Turn, window: Sequence[Entry], *, threshold: int
    ) -> CompactedWindow | Parked | None:
        """Return the compacted window; or the job that a background turn waits for; or None.

        None means that the window stays as it is: there was too little to gain, or the job failed.
        """
        due = self._due(turn, window, threshold)
        if due is None:
            return None
        job, tail = due
        outcome = await self._outcome(turn, job, tail)
        if isinstance(outcome, CompactedWindow) and outcome.entry.tokens >= total_tokens(window):
            return None
        return outcome

    async def compact_all(self, turn: Turn, window: Sequence[Entry]) -> CompactedWindow | Parked | None:
        """Compact the whole window because the client says so; None means that the job failed."""
        if not window:
            return self._sealed(turn, _nothing_yet(), Usage())
        policy = trigger_policy(
            target=target_tokens(turn, self._settings),
            model=self._settings.summarizer_model or turn.request.model,
        )
        return await self._outcome(turn, compaction_job(window, policy, tenant=turn.tenant), [])

    async def reopen(self, turn: Turn, item: Compaction) -> CompactedWindow:
        """Return the window behind an item that an earlier attempt of this turn made."""
        payload = unseal_payload(self._sealer, item.encrypted_content, tenant=turn.tenant)
        state = await self._compactions.state(payload.id)
        usage = state.result.usage if state and state.result else Usage()
        return CompactedWindow(Entry(item=item, tokens=payload.tokens, payload=payload), usage)

    async def wait(self, compaction_id: str) -> CompactionState | None:
        """Wait until a compaction has ended, and return how; None when it is unknown or takes too long."""
        until = time.monotonic() + self._settings.compaction_wait_seconds
        async with self._signals.watch(compaction_id) as bell:
            while True:
                state = await self._compactions.state(compaction_id)
                if state is None or state.ended:
                    return state
                left = until - time.monotonic()
                if left <= 0:
                    return None
                await bell.wait(min(left, _LOOK_SECONDS))

    async def _outcome(
        self, turn: Turn, job: CompactionJob, tail: Sequence[Entry]
    ) -> CompactedWindow | Parked | None:
        state = await self._state_of(job)
        if state is None:
            return None
        if not state.ended and turn.request.is_background:
            return Parked(job.id)
        result = await self._result(state)
        return self._use(turn, result, tail) if result is not None else None

    async def _state_of(self, job: CompactionJob) -> CompactionState | None:
        state = await self._compactions.state(job.id)
        if state is not None:
            return state
        try:
            await self._compactions.enqueue(job)
        except TooManyRequests:
            return None  # a full queue is no reason to fail a turn that can do without
        return await self._compactions.state(job.id)

    async def _result(self, state: CompactionState) -> CompactionResult | None:
        ended = state if state.ended else await self.wait(state.id)
        return ended.result if ended else None

    def _due(
        self, turn: Turn, window: Sequence[Entry], threshold: int
    ) -> tuple[CompactionJob, Sequence[Entry]] | None:
        policy = automatic_policy(
            threshold=threshold,
            target=target_tokens(turn, self._settings),
            model=self._settings.summarizer_model or turn.request.model,
        )
        cut = divide(window, policy)
        prefix, tail = window[:cut], window[cut:]
        if total_tokens(prefix) <= policy.target_tokens:
            return None
        left = max(policy.target_tokens - total_tokens(tail), policy.target_tokens // 2)
        job = compaction_job(prefix, policy, tenant=turn.tenant)
        return replace(job, policy=replace(policy, target_tokens=left)), tail

    def _use(self, turn: Turn, result: CompactionResult, tail: Sequence[Entry]) -> CompactedWindow:
        return self._sealed(turn, result.payload.extended(flatten(tail)), result.usage)

    def _sealed(self, turn: Turn, payload: Payload, usage: Usage) -> CompactedWindow:
        sealed = seal_payload(self._sealer, payload, tenant=turn.tenant)
        item = Compaction(id=payload.id, encrypted_content=sealed)
        return CompactedWindow(Entry(item=item, tokens=payload.tokens, payload=payload), usage)


def _nothing_yet() -> Payload:
    return Payload(
        version=VERSION, id=new_id("cmp"), origin="automatic", kept=[], record="", ledger={}, tokens=0
    )


def target_tokens(turn: Turn, settings: Settings) -> int | None:
    """Return the absolute size that a compaction of this turn's window is to leave, if one was set."""
    asked = turn.request.hitherto
    if asked is not None and asked.compact_target_tokens is not None:
        return asked.compact_target_tokens
    return settings.compact_target_tokens


def divide(window: Sequence[Entry], policy: Policy) -> int:
    """Return where the window's prefix ends that is compacted: what comes after stays as it came.

    That is the newest user message and all after it, or, where that is too much, the least that can stay.
    What is recent before it gets its share from the plan. A compaction item is always in the prefix: in the
    tail its record would be carried on as a user's words.
    """
    tokens = [entry.tokens for entry in window]
    first = max((index + 1 for index, entry in enumerate(window) if entry.payload), default=0)
    cuts = safe_cuts([entry.item for entry in window])
    cuts[:first] = [False] * first
    newest = max((index for index, entry in enumerate(window) if _is_users(entry.item)), default=0)
    if cuts[newest] and 0 < sum(tokens[newest:]) <= policy.target_tokens // 3:
        return newest
    return split_window(tokens, cuts, tail_tokens=0)


def _is_users(item: Item) -> bool:
    return isinstance(item, Message) and item.role == "user"


def compaction_job(prefix: Sequence[Entry], policy: Policy, *, tenant: str) -> CompactionJob:
    """Return the job that compacts `prefix`: equal prefixes and policies of a tenant are one job."""
    digest = prefix_hashes([entry.item for entry in prefix])[-1]
    name = hashlib.sha256(f"{tenant}\n{digest}\n{policy.fingerprint}".encode()).hexdigest()
    # What compaction items say is carried on as it is: read again, their records would be a user's words.
    ledger, summary = _carried([entry.payload for entry in prefix if entry.payload])
    return CompactionJob(
        id=f"cmp_{name[:48]}",
        tenant=tenant,
        policy=policy,
        history=[each for entry in prefix for each in _word_for_word(entry)],
        tokens=total_tokens(prefix),
        ledger=ledger,
        summary=summary,
    )


def _word_for_word(entry: Entry) -> list[SizedItem]:
    return entry.payload.kept if entry.payload else [SizedItem(item=entry.item, tokens=entry.tokens)]


def _carried(payloads: Sequence[Payload]) -> tuple[JsonObject, str | None]:
    """Return the ledger and the summary that these compaction items carry, as one of each."""
    if len(payloads) <= 1:
        return (payloads[0].ledger, payloads[0].summary) if payloads else ({}, None)
    ledgers = [Ledger.from_json(payload.ledger) for payload in payloads if payload.ledger]
    entries = {entry.key: entry for ledger in ledgers for entry in ledger.entries}
    seen = sum(ledger.items_seen for ledger in ledgers)
    summaries = [payload.summary for payload in payloads if payload.summary]
    summary = fold_sections(summaries) if len(summaries) > 1 else next(iter(summaries), None)
    return Ledger(tuple(entries.values()), seen).to_json(), summary
