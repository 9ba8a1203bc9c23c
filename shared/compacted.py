"""Compacted: the result of a compaction, told from its plan and from what it left."""

from collections.abc import Collection

from shared.compaction.fates import ItemFate, our_fates, provider_fates
from shared.compaction.ledger import Ledger
from shared.compaction.plan import Plan
from shared.compactions import CompactionJob, CompactionMethod, CompactionResult
from shared.summaries import Summary
from shared.window.media import with_less_media
from shared.window.payload import Payload, SizedItem
from shared.wire.items import said_by

_TOO_HEAVY = "older images and files were left out: all of them had too many bytes for one item."


def result_of(
    job: CompactionJob,
    plan: Plan,
    whole: Payload,
    summary: Summary,
    method: CompactionMethod,
    recent: Collection[int] = (),
) -> CompactionResult:
    """Return the result of a job whose window is now `whole`; `recent` are positions that stayed beside the plan's."""
    lighter = with_less_media(whole)
    heavy = [] if lighter is whole else [_TOO_HEAVY]
    beside, payload = _apart(lighter)
    return CompactionResult(
        payload=payload,
        method=method,
        usage=summary.usage,
        tokens_before=job.tokens,
        tokens_after=lighter.tokens,
        seconds=0.0,
        warnings=[*summary.warnings, *heavy],
        beside=beside,
        model=job.policy.model if summary.calls else None,
        calls=summary.calls,
        items=_fates(job, plan, whole, method, recent),
    )


def _fates(
    job: CompactionJob, plan: Plan, whole: Payload, method: CompactionMethod, recent: Collection[int]
) -> list[ItemFate]:
    if method == "native":
        return provider_fates(job.history, whole.kept, pinned=job.policy.pinned_items)
    return our_fates(
        job.history,
        plan,
        ledger=Ledger.from_json(whole.ledger),
        seen=job.known.items_seen,
        summarised=method == "model",
        recent=recent,
    )


def _apart(whole: Payload) -> tuple[list[SizedItem], Payload]:
    """Return the user messages that go beside the item, and what goes into it."""
    if whole.origin == "automatic":
        return [], whole
    beside = [entry for entry in whole.kept if said_by(entry.item, "user")]
    inside = [entry for entry in whole.kept if not said_by(entry.item, "user")]
    tokens = whole.tokens - sum(entry.tokens for entry in beside)
    return beside, whole.model_copy(update={"kept": inside, "tokens": tokens})
