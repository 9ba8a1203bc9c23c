"""Previews: what a compaction of a window would do now, and what it would cost. Nothing is asked or stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.asking import sized_request
from api.records import fates_json, ledger_json, sources_json
from shared.compaction.fates import Fate, ItemFate
from shared.compaction.gain import Room
from shared.compactions import CompactionJob, CompactionResult
from shared.services import Services
from shared.turns import Turn
from shared.window.calibration import Correction
from shared.window.entry import Entry, total_tokens
from shared.wire.items import Message
from shared.wire.model import JsonObject
from shared.wire.requests import PreviewRequest
from shared.wire.responses import Usage

# Why an item stays that no compaction would look at.
_TAIL = "tail"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a compaction of a window would do; `job` and `result` are None where none would be made.

    `tokens` is the size of the window and all that surrounds it, `tail` what would stay as it came.
    """

    is_due: bool
    threshold: int | None
    tokens: int
    job: CompactionJob | None
    result: CompactionResult | None
    tail: Sequence[Entry]

    @property
    def tokens_before(self) -> int:
        """The size of the items."""
        return total_tokens(self.tail) + (self.result.tokens_before if self.result is not None else 0)

    @property
    def tokens_after(self) -> int:
        """The size of what would be left of them."""
        return total_tokens(self.tail) + (self.result.tokens_after if self.result is not None else 0)

    @property
    def fates(self) -> list[ItemFate]:
        """What would become of each item, in order."""
        items = self.result.items if self.result is not None else []
        return [*items, *_kept(self.tail, first=len(items))]


async def preview(services: Services, wanted: PreviewRequest, *, tenant: str) -> Preview:
    """Return what a turn with this window would have compacted, were it over its threshold.

    Without a threshold it is what a `compaction_trigger` would do: the whole window is compacted. Raises
    InvalidRequest for a past that cannot be found or opened.
    """
    asked = await sized_request(services, wanted, tenant=tenant)
    turn, window, correction = asked.turn, asked.window, asked.correction
    threshold = None if wanted.has_trigger else services.window_compactor.threshold(turn)
    room = Room(threshold, asked.overhead, correction) if threshold is not None else None
    job, tail = _job(services, turn, window, room, correction)
    result = await services.compactor.forecast(job) if job is not None else None
    is_over = threshold is not None and asked.tokens > threshold
    return Preview(is_over and result is not None, threshold, asked.tokens, job, result, tail)


def preview_json(seen: Preview) -> JsonObject:
    """Return a preview as its client reads it."""
    job, result = seen.job, seen.result
    payload = result.payload if result is not None else None
    return {
        "object": "compaction.preview",
        "due": seen.is_due,
        "threshold": seen.threshold,
        "tokens": seen.tokens,
        "target_tokens": job.policy.target_tokens if job is not None else None,
        "method": result.method if result is not None else None,
        "model": result.model if result is not None else None,
        "calls": result.calls if result is not None else 0,
        "usage": (result.usage if result is not None else Usage()).to_json(),
        "tokens_before": seen.tokens_before,
        "tokens_after": seen.tokens_after,
        "items": fates_json(seen.fates),
        "pins": job.policy.pinned_texts if job is not None else [],
        "ledger": ledger_json(payload),
        "ledger_sources": sources_json(payload),
    }


def _job(
    services: Services, turn: Turn, window: list[Entry], room: Room | None, correction: Correction
) -> tuple[CompactionJob | None, Sequence[Entry]]:
    if not window:
        return None, []
    if room is None:
        return services.window_compactor.jobs.triggered(turn, window, correction), []
    return services.window_compactor.jobs.due(turn, window, room) or (None, window)


def _kept(tail: Sequence[Entry], *, first: int) -> list[ItemFate]:
    return [
        ItemFate(
            position=position,
            id=entry.item.id,
            type=entry.item.type,
            role=entry.item.role if isinstance(entry.item, Message) else None,
            tokens=entry.tokens,
            fate=Fate.KEPT,
            reason=_TAIL,
        )
        for position, entry in enumerate(tail, start=first)
    ]
