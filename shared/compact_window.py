"""Compacting a window that is due: asking for the job, waiting for it or not, and using what it made."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.compaction.ledger import Ledger
from shared.compaction.plan import split_window
from shared.compaction.policy import ROOMY_TOKENS, Policy, automatic_policy, trigger_policy
from shared.compaction.sections import fold_sections
from shared.compactions import CompactionJob, CompactionResult, CompactionState, PromptHead
from shared.errors import TooManyRequests
from shared.ids import new_id
from shared.lifecycle import JobStatus
from shared.ports import Compactions, Sealer, Signals
from shared.prefixes import compaction_id, named_prefixes, next_attempt
from shared.routing import NO_ROUTES, Routes
from shared.sealing import seal_payload, unseal_payload
from shared.settings import Settings
from shared.turns import Parked, Turn, TurnResult
from shared.window.calls import safe_cuts
from shared.window.entry import Entry, flatten, total_tokens
from shared.window.hashing import prefix_hashes
from shared.window.payload import VERSION, Payload, SizedItem
from shared.window.undone import Replaced
from shared.wire.items import Compaction, Item, Message
from shared.wire.model import JsonObject
from shared.wire.options import HithertoOptions
from shared.wire.responses import Usage

# How often a waiting foreground turn looks for itself, in case the news was lost.
_LOOK_SECONDS = 1.0

# When a client asks for compaction and names no threshold, and the model's window is not known.
UNNAMED_THRESHOLD = 100_000

# A compaction is started ahead when so many more turns like the last one would cross the threshold.
_TURNS_AHEAD = 1.5
# One that would leave nearly as much as there is is not worth a call.
_WORTH_IT = 1.5


@dataclass(frozen=True, slots=True)
class CompactedWindow:
    """What a compaction made of a window: one entry, and what it cost."""

    entry: Entry
    usage: Usage


class WindowCompactor:
    """Compacts windows by jobs; a turn never loses its history by it."""

    def __init__(
        self,
        compactions: Compactions,
        signals: Signals,
        sealer: Sealer,
        settings: Settings,
        routes: Routes = NO_ROUTES,
    ) -> None:
        self._routes = routes
        self._compactions = compactions
        self._signals = signals
        self._sealer = sealer
        self._settings = settings

    def threshold(self, turn: Turn) -> int | None:
        """Return the size in tokens at which the turn's window is to be compacted, or None for never.

        A threshold that the model's window cannot reach would never be crossed: it is as if none were named.
        """
        asked = turn.request.compaction
        window = self.context_window_tokens(turn.request.model)
        named = asked.compact_threshold if asked is not None else None
        if named is not None and (window is None or named <= window):
            return named
        default = self._settings.default_compact_threshold
        if asked is None or default is not None:
            return default
        # Compaction was asked for, and left to us when: before the model's window is full.
        return window * 4 // 5 if window else UNNAMED_THRESHOLD

    def context_window_tokens(self, model: str) -> int | None:
        """Return the size of the model's window, if it is known."""
        return self._routes.context_window_tokens(model) or self._settings.context_window_tokens

    def roomy_target(self, model: str, asked: HithertoOptions | None) -> int | None:
        """Return the size that a compaction on request is to leave, or None for as much as OpenAI's leaves.

        As much as that is too much where the model's window is small: what is left must fit with room to spare.
        """
        target = _target_tokens(asked, self._settings)
        window = self.context_window_tokens(model)
        if target is not None or window is None or window * 3 // 4 >= ROOMY_TOKENS:
            return target
        return max(window // 2, 1)

    async def compact(
        self, turn: Turn, window: Sequence[Entry], *, threshold: int
    ) -> CompactedWindow | Parked | None:
        """Return the compacted window; or the job that a background turn waits for; or None.

        None means that the window stays as it is: there was too little to gain, or the job failed.
        """
        ahead = await self._made_ahead(turn, window, threshold)
        if ahead is not None:
            return ahead
        due = self.due(turn, window, threshold)
        if due is None:
            return None
        job, tail = due
        outcome = await self._outcome(turn, job, tail)
        if isinstance(outcome, CompactedWindow) and outcome.entry.tokens >= total_tokens(window):
            return None
        return outcome

    async def compact_ahead(self, turn: Turn, result: TurnResult) -> bool:
        """Start the compaction that the next turn will need, if that is soon; whether one was started.

        Soon is when the window is above a share of its threshold, or when another turn or two like this one
        would cross it. Nothing is started where an earlier one will still do, nor for store:false.
        """
        threshold = self.threshold(turn)
        if threshold is None or not self._is_soon(turn, result, threshold):
            return False
        policy, window = self._policy(turn, threshold), result.window
        if total_tokens(window) <= policy.target_tokens * _WORTH_IT:
            return False
        if await self._will_still_do(turn, window, policy):
            return False
        job = self._job(turn, window, policy)
        try:
            return await self._compactions.enqueue(replace(job, ahead=True, threshold=threshold))
        except TooManyRequests:
            return False

    def _is_soon(self, turn: Turn, result: TurnResult, threshold: int) -> bool:
        ratio = self._settings.compact_ahead_ratio
        if ratio == 0 or not turn.request.is_stored or turn.request.has_trigger:
            return False
        grown = newest_tokens(result.input) + sum(entry.tokens for entry in result.output)
        return total_tokens(result.window) > min(threshold * ratio, threshold - _TURNS_AHEAD * grown)

    async def _will_still_do(self, turn: Turn, window: Sequence[Entry], policy: Policy) -> bool:
        prefixes = named_prefixes(window, policy, tenant=turn.tenant)
        statuses = await self._compactions.statuses([prefix.compaction_id for prefix in prefixes])
        return any(
            status is not None
            and _may_serve(status)
            and total_tokens(window[prefix.length :]) <= policy.target_tokens
            for prefix, status in zip(prefixes, statuses, strict=True)
        )

    async def compact_all(self, turn: Turn, window: Sequence[Entry]) -> CompactedWindow | Parked | None:
        """Compact the whole window because the client says so; None means that the job failed."""
        if not window:
            return self._sealed(turn, _nothing_yet(), Usage())
        return await self._outcome(turn, self.triggered(turn, window), [])

    def triggered(self, turn: Turn, window: Sequence[Entry]) -> CompactionJob:
        """Return the job that compacts the whole window because the client says so."""
        policy = trigger_policy(
            target=self.roomy_target(turn.request.model, turn.request.hitherto),
            model=self._settings.summarizer_model or turn.request.model,
        )
        return self._job(turn, window, policy)

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

    async def _made_ahead(
        self, turn: Turn, window: Sequence[Entry], threshold: int
    ) -> CompactedWindow | Parked | None:
        """Return what the longest prefix of the window came to that somebody asked to compact before."""
        policy = self._policy(turn, threshold)
        prefixes = named_prefixes(window, policy, tenant=turn.tenant)
        statuses = await self._compactions.statuses([prefix.compaction_id for prefix in prefixes])
        for prefix, status in zip(prefixes, statuses, strict=True):
            tail = window[prefix.length :]
            # What it leaves and the tail must stay well under the threshold, or it is soon crossed again.
            if status is None or not _may_serve(status) or total_tokens(tail) > threshold // 2:
                continue
            return await self._use_ahead(turn, prefix.compaction_id, status, tail)
        return None

    async def _use_ahead(
        self, turn: Turn, compaction_id: str, status: JobStatus, tail: Sequence[Entry]
    ) -> CompactedWindow | Parked | None:
        if not status.ended:
            await self._compactions.hurry(compaction_id)
            if turn.request.is_background:
                return Parked(compaction_id)
        state = await self.wait(compaction_id)
        return self._use(turn, state.result, tail) if state and state.result else None

    def _policy(self, turn: Turn, threshold: int) -> Policy:
        return automatic_policy(
            threshold=threshold,
            target=target_tokens(turn, self._settings),
            model=self._settings.summarizer_model or turn.request.model,
        )

    async def _outcome(
        self, turn: Turn, job: CompactionJob, tail: Sequence[Entry]
    ) -> CompactedWindow | Parked | None:
        state = await self._state_of(replace(job, transient=not turn.request.is_stored))
        if state is None:
            return None
        if not state.ended and turn.request.is_background:
            return Parked(state.id)
        result = await self._result(state)
        if result is not None and not turn.request.is_stored:
            await self._compactions.forget_transient(state.id)
        return self._use(turn, result, tail) if result is not None else None

    async def _state_of(self, job: CompactionJob) -> CompactionState | None:
        state = await self._compactions.state(job.id)
        while state is not None and state.undone:
            job = replace(job, id=next_attempt(job.id))
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

    def due(
        self, turn: Turn, window: Sequence[Entry], threshold: int
    ) -> tuple[CompactionJob, Sequence[Entry]] | None:
        """Return the job for a window over its threshold, and the tail that stays as it came.

        None when there is too little to gain.
        """
        policy = self._policy(turn, threshold)
        cut = divide(window, policy)
        prefix, tail = window[:cut], window[cut:]
        if total_tokens(prefix) <= policy.target_tokens:
            return None
        left = max(policy.target_tokens - total_tokens(tail), policy.target_tokens // 2)
        job = self._job(turn, prefix, policy)
        return replace(job, policy=replace(policy, target_tokens=left), threshold=threshold), tail

    def job(
        self, prefix: Sequence[Entry], policy: Policy, *, tenant: str, head: PromptHead | None = None
    ) -> CompactionJob:
        """Return the job that compacts `prefix`, for the upstream that is to read what it makes."""
        native = self._settings.summarizer == "native" and policy.model is not None
        route = self._routes.find(policy.model or "") if native else None
        job = compaction_job(prefix, policy, tenant=tenant, upstream=route.name if route else None)
        return replace(job, head=head)

    def _job(self, turn: Turn, prefix: Sequence[Entry], policy: Policy) -> CompactionJob:
        request, settings = turn.request, self._settings
        in_place = settings.summarizer_mode == "in_place" and settings.summarizes_with_model
        if not in_place and settings.summarizer != "native":
            return self.job(prefix, policy, tenant=turn.tenant)
        head = PromptHead(request.model, request.instructions, request.tools or [], request.prompt_cache_key)
        return self.job(prefix, policy, tenant=turn.tenant, head=head)

    def _use(self, turn: Turn, result: CompactionResult, tail: Sequence[Entry]) -> CompactedWindow:
        return self._sealed(turn, result.payload.extended(flatten(tail)), result.usage)

    def _sealed(self, turn: Turn, payload: Payload, usage: Usage) -> CompactedWindow:
        sealed = seal_payload(self._sealer, payload, tenant=turn.tenant)
        item = Compaction(id=payload.id, encrypted_content=sealed)
        return CompactedWindow(Entry(item=item, tokens=payload.tokens, payload=payload), usage)


def _may_serve(status: JobStatus) -> bool:
    return status is JobStatus.COMPLETED or not status.ended


def _nothing_yet() -> Payload:
    return Payload(
        version=VERSION, id=new_id("cmp"), origin="automatic", kept=[], record="", ledger={}, tokens=0
    )


def target_tokens(turn: Turn, settings: Settings) -> int | None:
    """Return the absolute size that a compaction of this turn's window is to leave, if one was set."""
    return _target_tokens(turn.request.hitherto, settings)


def _target_tokens(asked: HithertoOptions | None, settings: Settings) -> int | None:
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


def newest_tokens(items: Sequence[SizedItem]) -> int:
    """Return the size of what is new in a turn's input: all that comes after what the model said last."""
    size = 0
    for entry in reversed(items):
        if _is_models(entry.item):
            break
        size += entry.tokens
    return size


def _is_models(item: Item) -> bool:
    return item.type.endswith("_call") or (isinstance(item, Message) and item.role == "assistant")


def _is_users(item: Item) -> bool:
    return isinstance(item, Message) and item.role == "user"


def compaction_job(
    prefix: Sequence[Entry], policy: Policy, *, tenant: str, upstream: str | None = None
) -> CompactionJob:
    """Return the job that compacts `prefix`: equal prefixes and policies of a tenant are one job.

    `upstream` is the one whose own compaction items it may hold; what others sealed is told by its record.
    """
    digest = prefix_hashes([entry.item for entry in prefix])[-1]
    # What compaction items say is carried on as it is: read again, their records would be a user's words.
    payloads = [entry.payload for entry in prefix if entry.payload]
    ledger, summary = _carried(payloads)
    records = [payload.readable_by(upstream)[0] for payload in payloads]
    return CompactionJob(
        id=compaction_id(tenant, digest, policy),
        replaces=Replaced(digest, len(prefix)),
        tenant=tenant,
        policy=policy,
        history=[each for entry in prefix for each in _word_for_word(entry, upstream)],
        tokens=total_tokens(prefix),
        ledger=ledger,
        summary=summary,
        record="\n\n".join(record for record in records if record),
    )


def _word_for_word(entry: Entry, upstream: str | None) -> list[SizedItem]:
    if entry.payload is None:
        return [SizedItem(item=entry.item, tokens=entry.tokens)]
    return entry.payload.readable_by(upstream)[1]


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
