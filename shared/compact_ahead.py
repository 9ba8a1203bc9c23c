"""Compacting ahead: a compaction that is started before anybody needs it, and found when somebody does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.compaction.policy import Policy
from shared.compaction_jobs import CompactionJobs
from shared.errors import TooManyRequests
from shared.lifecycle import JobStatus
from shared.ports import Calibration, Compactions
from shared.prefixes import named_prefixes
from shared.settings import Settings
from shared.turns import Turn, TurnResult
from shared.window.entry import Entry, total_tokens
from shared.window.payload import SizedItem
from shared.wire.items import Item, Message

# A compaction is started ahead when so many more turns like the last one would cross the threshold.
_TURNS_AHEAD = 1.5
# One that would leave nearly as much as there is is not worth a call.
_WORTH_IT = 1.5


@dataclass(frozen=True, slots=True)
class Made:
    """A compaction of a window's beginning that somebody asked for before, and the tail after it."""

    compaction_id: str
    status: JobStatus
    tail: Sequence[Entry]


class AheadCompactor:
    """Starts compactions ahead, and finds them again."""

    def __init__(
        self, compactions: Compactions, jobs: CompactionJobs, settings: Settings, calibration: Calibration
    ) -> None:
        self._calibration = calibration
        self._compactions = compactions
        self._jobs = jobs
        self._settings = settings

    async def start(self, turn: Turn, result: TurnResult) -> bool:
        """Start the compaction that the next turn will need, if that is soon; whether one was started.

        Soon is when the window is above a share of its threshold, or when another turn or two like this one
        would cross it. Nothing is started where an earlier one will still do, nor for store:false.
        """
        threshold = self._jobs.threshold(turn)
        if threshold is None:
            return False
        correction = await self._calibration.correction(turn.request.model)
        if not self._is_soon(turn, result, correction.counted(threshold)):
            return False
        window = result.window
        policy = self._jobs.policy(turn, window, threshold)
        counted = policy.corrected(correction)
        if total_tokens(window) <= counted.target_tokens * _WORTH_IT:
            return False
        if await self._will_still_do(turn, window, policy):
            return False
        job = replace(self._jobs.of_window(turn, window, policy), policy=counted)
        try:
            return await self._compactions.enqueue(
                replace(job, ahead=True, threshold=threshold, asker_is_stored=True)
            )
        except TooManyRequests:
            return False

    async def find(self, turn: Turn, window: Sequence[Entry], threshold: int) -> Made | None:
        """Return the compaction of the longest prefix of the window that somebody asked to compact before."""
        policy = self._jobs.policy(turn, window, threshold)
        prefixes = named_prefixes(window, policy, tenant=turn.tenant)
        statuses = await self._compactions.statuses([prefix.compaction_id for prefix in prefixes])
        for prefix, status in zip(prefixes, statuses, strict=True):
            tail = window[prefix.length :]
            # What it leaves and the tail must stay well under the threshold, or it is soon crossed again.
            if status is None or not _may_serve(status) or total_tokens(tail) > threshold // 2:
                continue
            return Made(prefix.compaction_id, status, tail)
        return None

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


def _may_serve(status: JobStatus) -> bool:
    return status is JobStatus.COMPLETED or not status.ended


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
