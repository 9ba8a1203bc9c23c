"""The compaction jobs of windows: when one is due, under which policy, of how much of the window."""

from collections.abc import Sequence
from dataclasses import replace

from shared.compaction.gain import Room
from shared.compaction.ledger import Ledger
from shared.compaction.pins import pins_of
from shared.compaction.plan import split_window
from shared.compaction.policy import (
    OURS,
    ROOMY_TOKENS,
    Choice,
    Policy,
    automatic_policy,
    endpoint_policy,
    trigger_policy,
)
from shared.compaction.sections import fold_sections
from shared.compactions import CompactionJob, PromptHead
from shared.prefixes import compaction_id
from shared.routing import NO_ROUTES, Routes
from shared.settings import Settings
from shared.turns import Turn
from shared.window.calibration import EXACT, Correction
from shared.window.calls import safe_cuts
from shared.window.entry import Entry, total_tokens
from shared.window.hashing import prefix_hashes
from shared.window.payload import Payload, SizedItem
from shared.window.undone import Replaced
from shared.wire.items import said_by
from shared.wire.model import JsonObject
from shared.wire.options import HithertoOptions

# When a client asks for compaction and names no threshold, and the model's window is not known.
UNNAMED_THRESHOLD = 100_000


# One part in so many of what a compaction leaves may be pinned.
_PINNED_SHARE = 2


class CompactionJobs:
    """Makes the jobs; nothing is asked or stored."""

    def __init__(self, settings: Settings, routes: Routes = NO_ROUTES, choice: Choice = OURS) -> None:
        self._settings = settings
        self._routes = routes
        self.choice = choice

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

    def policy(self, turn: Turn, window: Sequence[Entry], threshold: int) -> Policy:
        """Return the policy of a compaction that the turn's threshold calls for."""
        return automatic_policy(
            threshold=threshold,
            target=target_tokens(turn, self._settings),
            model=self._settings.summarizer_model or turn.request.model,
            choice=self.choice,
            pins=pins_of(window, turn.pins),
        )

    def due(
        self, turn: Turn, window: Sequence[Entry], room: Room
    ) -> tuple[CompactionJob, Sequence[Entry]] | None:
        """Return the job for a window that does not fit its room, and the tail that stays as it came.

        None when there is too little to gain. It is cut and named in the model's tokens, so that what is
        learned of them renames nothing.
        """
        policy = self.policy(turn, window, room.threshold)
        cut = divide(window, policy)
        prefix, tail = window[:cut], window[cut:]
        counted = policy.corrected(room.correction)
        if not room.is_worth_it(prefix, tail, counted):
            return None
        left = room.target_of(tail, counted)
        job = self.of_window(turn, prefix, policy)
        return replace(job, policy=counted.leaving(left), threshold=room.threshold), tail

    def triggered(self, turn: Turn, window: Sequence[Entry], correction: Correction = EXACT) -> CompactionJob:
        """Return the job that compacts the whole window because the client says so."""
        policy = trigger_policy(
            target=self.roomy_target(turn.request.model, turn.request.hitherto),
            model=self._settings.summarizer_model or turn.request.model,
            choice=self.choice,
            pins=pins_of(window, turn.pins),
        )
        return replace(self.of_window(turn, window, policy), policy=policy.corrected(correction))

    def asked(self, turn: Turn, window: Sequence[Entry], correction: Correction = EXACT) -> CompactionJob:
        """Return the job behind /responses/compact."""
        policy = self.asked_policy(turn, window)
        job = self.job(window, policy, tenant=turn.tenant)
        return replace(job, policy=policy.corrected(correction), asked_by=turn.id)

    def asked_policy(self, turn: Turn, window: Sequence[Entry]) -> Policy:
        """Return the policy of /responses/compact: what the turn's instructions say is for its summary."""
        return endpoint_policy(
            target=self.roomy_target(turn.request.model, turn.request.hitherto),
            model=self._settings.summarizer_model or turn.request.model or None,
            instructions=turn.request.instructions,
            choice=self.choice,
            pins=pins_of(window, turn.pins),
        )

    def most_pinned_tokens(self, turn: Turn) -> int:
        """Return how much may be pinned of what the turn's compactions leave."""
        target, threshold = target_tokens(turn, self._settings), self.threshold(turn)
        if threshold is None:
            target = self.roomy_target(turn.request.model, turn.request.hitherto)
            policy = trigger_policy(target=target, model=None, choice=self.choice)
        else:
            policy = automatic_policy(threshold=threshold, target=target, model=None, choice=self.choice)
        return policy.target_tokens // _PINNED_SHARE

    def job(
        self, prefix: Sequence[Entry], policy: Policy, *, tenant: str, head: PromptHead | None = None
    ) -> CompactionJob:
        """Return the job that compacts `prefix`, for the upstream that is to read what it makes."""
        native = self._settings.summarizer == "native" and policy.model is not None
        route = self._routes.find(policy.model or "") if native else None
        job = compaction_job(prefix, policy, tenant=tenant, upstream=route.name if route else None)
        return replace(job, head=head)

    def of_window(self, turn: Turn, prefix: Sequence[Entry], policy: Policy) -> CompactionJob:
        """Return the job that compacts `prefix` of the turn's window, with what its prompts began with.

        It is to be removed with the turn's response, if that is stored.
        """
        request, settings = turn.request, self._settings
        in_place = settings.summarizer_mode == "in_place" and settings.summarizes_with_model
        head = None
        if in_place or settings.summarizer == "native":
            head = PromptHead(
                request.model, request.instructions, request.tools or [], request.prompt_cache_key
            )
        job = self.job(prefix, policy, tenant=turn.tenant, head=head)
        asked_by = turn.id if request.is_stored else None
        return replace(job, asked_by=asked_by, asker_is_stored=request.is_background)


def is_compacted(window: Sequence[Entry], policy: Policy) -> bool:
    """Return whether the window is what a compaction under `policy` left: made anew, it would be the same again.

    That is an item that stands alone or, from /responses/compact, with the user messages that it stands beside.
    """
    *beside, last = window
    payload = last.payload
    if payload is None or total_tokens(window) > policy.target_tokens:
        return False
    if not payload.supersedes and policy.origin == "automatic":
        return False  # what is to supersede all before it must hold it
    if any(payload.supersedes or entry.payload or not said_by(entry.item, "user") for entry in beside):
        return False
    pins_stay = payload.pins == policy.pins and payload.pinned_items == policy.pinned_items
    return pins_stay and all(text in payload.record for text in policy.pinned_texts)


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
    newest = max((index for index, entry in enumerate(window) if said_by(entry.item, "user")), default=0)
    if cuts[newest] and 0 < sum(tokens[newest:]) <= policy.target_tokens // 3:
        return newest
    return split_window(tokens, cuts, tail_tokens=0)


def compaction_job(
    prefix: Sequence[Entry], policy: Policy, *, tenant: str, upstream: str | None = None
) -> CompactionJob:
    """Return the job that compacts `prefix`: equal prefixes and policies of a tenant are one job.

    `upstream` is the one whose own compaction items it may hold; what others sealed is told by its record.
    """
    digest = prefix_hashes([entry.item for entry in prefix])[-1]
    # What compaction items say is carried on as it is: read again, their records would be a user's words.
    payloads = [entry.payload for entry in prefix if entry.payload]
    ledger, summary = _carried(payloads, policy)
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


def _carried(payloads: Sequence[Payload], policy: Policy) -> tuple[JsonObject, str | None]:
    """Return the ledger and the summary that these compaction items carry, as one of each."""
    if len(payloads) <= 1:
        return (payloads[0].ledger, payloads[0].summary) if payloads else ({}, None)
    ledgers = [Ledger.from_json(payload.ledger) for payload in payloads if payload.ledger]
    entries = {entry.key: entry for ledger in ledgers for entry in ledger.entries}
    seen = sum(ledger.items_seen for ledger in ledgers)
    moulds = tuple(dict.fromkeys(mould for ledger in ledgers for mould in ledger.moulds))
    summaries = [payload.summary for payload in payloads if payload.summary]
    summary = fold_sections(summaries, policy.sections) if len(summaries) > 1 else next(iter(summaries), None)
    return Ledger(tuple(entries.values()), seen, moulds).to_json(), summary
