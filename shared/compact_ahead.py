"""Compacting ahead: a compaction that is started before anybody needs it, and found when somebody does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.compaction.gain import Room
from shared.compaction.policy import Policy
from shared.compaction_jobs import CompactionJobs
from shared.errors import TooManyRequests
from shared.lifecycle import JobStatus
from shared.ports import Calibration, Compactions
from shared.prefixes import named_prefixes
from shared.settings import Settings
from shared.turns import Turn, TurnResult
from shared.window.calls import settled_length
from shared.window.entry import Entry, total_tokens
from shared.window.payload import SizedItem
from shared.wire.items import Compaction, Item, Message

# A compaction is started ahead when so many more turns like the last one would cross the threshold.
_TURNS_AHEAD = 1.5
# … or one like the largest in so many items. Half of the threshold is never too much.
_REMEMBERED_ITEMS = 16
# One that would leave nearly as much as there is is not worth a call.
_WORTH_IT = 1.5
# An earlier one will still do until so much of the threshold was said after it.
_STILL_DOES = 4


@dataclass(frozen=True, slots=True)
class Made:
    """A compaction of a window's beginning that somebody asked for before, and the tail after it."""

    compaction_id: str
    status: JobStatus
    tail: Sequence[Entry]

    @property
    def is_ready(self) -> bool:
        """Whether nobody has to wait for it."""
        return self.status is JobStatus.COMPLETED


class AheadCompactor:
    """Starts compactions ahead, finds them again, and gives up those that others took the place of."""

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
        would cross it. Nothing is started where an earlier one will still do, nor for store:false. Calls that
        wait for their outputs are left to the tail: a prefix that ended with them would part the two.
        """
        await self._give_up_what_came_before(turn, result)
        threshold = self._jobs.threshold(turn)
        if threshold is None:
            return False
        correction = await self._calibration.correction(turn.request.model)
        room = Room(threshold, result.beside, correction)
        if not self._is_soon(turn, result, room.limit):
            return False
        items = [entry.item for entry in result.window]
        settled = settled_length(items, newest=len(result.output))
        prefix, tail = result.window[:settled], result.window[settled:]
        policy = self._jobs.policy(turn, result.window, threshold)
        counted = policy.corrected(correction)
        if total_tokens(prefix) <= counted.target_tokens * _WORTH_IT or not room.is_worth_it(
            prefix, tail, counted
        ):
            return False
        earlier = await self._serving(turn, prefix, policy)
        most = max(counted.target_tokens, room.limit // _STILL_DOES)
        if any(total_tokens(made.tail) <= most for made in earlier):
            return False
        job = replace(self._jobs.of_window(turn, prefix, policy), policy=counted)
        conversation = turn.request.conversation_id
        job = replace(job, ahead=True, threshold=threshold, asker_is_stored=True, ahead_in=conversation)
        try:
            started = await self._compactions.enqueue(job)
        except TooManyRequests:
            return False
        if started:
            await self.supersede(earlier)
        return started

    async def find(self, turn: Turn, window: Sequence[Entry], room: Room) -> list[Made]:
        """Return the compactions of prefixes of the window that somebody asked for before, the best one first.

        That is the longest one that is ready, or else the longest. None is among them that would leave so much
        that the threshold is soon crossed again.
        """
        policy = self._jobs.policy(turn, window, room.threshold)
        target = policy.corrected(room.correction).target_tokens
        most = min(room.limit // 2, max(room.limit - target, 0) * 2 // 3)
        serving = await self._serving(turn, window, policy)
        return sorted(
            (made for made in serving if total_tokens(made.tail) <= most), key=lambda made: not made.is_ready
        )

    async def supersede(self, made: Sequence[Made]) -> None:
        """Give up compactions that another one takes the place of."""
        if made:
            await self._compactions.supersede([each.compaction_id for each in made])

    async def _give_up_what_came_before(self, turn: Turn, result: TurnResult) -> None:
        """Give up what was made ahead for the past of a turn that was compacted otherwise.

        Under another threshold, target or pins, or by a trigger: nobody who goes on from this turn will ask for it.
        """
        used = [item.id for item in result.response.output if isinstance(item, Compaction) and item.id]
        if not used or not turn.request.is_stored:
            return
        conversation = turn.request.conversation_id
        past = [conversation] if conversation is not None else result.whole_path[:-1]
        if past:
            await self._compactions.supersede_made_for(past, but=used)

    def _is_soon(self, turn: Turn, result: TurnResult, limit: int) -> bool:
        ratio = self._settings.compact_ahead_ratio
        if ratio == 0 or not turn.request.is_stored or turn.request.has_trigger:
            return False
        grown = newest_tokens(result.input) + sum(entry.tokens for entry in result.output)
        expected = max(_TURNS_AHEAD * grown, _largest_turn(result.window))
        most = min(limit * ratio, limit - min(expected, limit // 2))
        return total_tokens(result.window) + result.beside > most

    async def _serving(self, turn: Turn, window: Sequence[Entry], policy: Policy) -> list[Made]:
        """Return what is made or being made of the window's prefixes, the longest first."""
        prefixes = named_prefixes(window, policy, tenant=turn.tenant)
        statuses = await self._compactions.statuses([prefix.compaction_id for prefix in prefixes])
        return [
            Made(prefix.compaction_id, status, window[prefix.length :])
            for prefix, status in zip(prefixes, statuses, strict=True)
            if status is not None and _may_serve(status)
        ]


def _largest_turn(window: Sequence[Entry]) -> int:
    """Return the size of the largest of the last few turns: what was said to the model, and what it said."""
    turns, was_models = [0], False
    for entry in window[-_REMEMBERED_ITEMS:]:
        is_models = _is_models(entry.item)
        if was_models and not is_models:
            turns.append(0)
        turns[-1] += 0 if entry.payload else entry.tokens
        was_models = is_models
    return max(turns)


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
