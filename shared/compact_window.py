"""Compacting a window that is due: asking for the job, waiting for it or not, and using what it made."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from shared.compact_ahead import AheadCompactor, Made
from shared.compaction.gain import Room
from shared.compaction.pins import pins_of
from shared.compaction.record import render_record
from shared.compaction_jobs import CompactionJobs, is_compacted
from shared.compactions import CompactionJob, CompactionResult, CompactionState
from shared.errors import HithertoError, InvalidSeal, TooManyRequests
from shared.ids import new_id
from shared.lifecycle import JobStatus
from shared.ports import Calibration, Compactions, Sealer, Signals
from shared.prefixes import next_attempt
from shared.sealing import seal_payload, unseal_payload
from shared.settings import Settings
from shared.turns import Parked, Turn, TurnResult
from shared.uncalibrated import UNCALIBRATED
from shared.window.entry import Entry, flatten, total_tokens
from shared.window.media import MOST_MEDIA_BYTES, with_less_media
from shared.window.payload import VERSION, Payload
from shared.wire.items import Compaction
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
        self,
        compactions: Compactions,
        signals: Signals,
        sealer: Sealer,
        settings: Settings,
        jobs: CompactionJobs,
        calibration: Calibration = UNCALIBRATED,
    ) -> None:
        self.jobs = jobs
        self.calibration = calibration
        self._ahead = AheadCompactor(compactions, jobs, settings, calibration)
        self._compactions = compactions
        self._signals = signals
        self._sealer = sealer
        self._settings = settings

    def threshold(self, turn: Turn) -> int | None:
        """Return the size in tokens at which the turn's window is to be compacted, or None for never."""
        return self.jobs.threshold(turn)

    async def compact(
        self, turn: Turn, window: Sequence[Entry], room: Room
    ) -> CompactedWindow | Parked | None:
        """Return the compacted window; or the job that a background turn waits for; or None.

        None means that the window stays as it is: there was too little to gain, or the job failed.
        """
        made = await self._ahead.find(turn, window, room)
        found = await self._use_made(turn, made[0]) if made else None
        if isinstance(found, Parked) or (found is not None and room.holds([found.entry])):
            await self._ahead.supersede(made[1:])
            return found
        due = self.jobs.due(turn, window, room)
        if due is None:
            return _smaller(found, window)
        job, tail = due
        outcome: CompactedWindow | Parked | None = None
        with suppress(TooManyRequests):  # a full queue is no reason to fail a turn that can do without
            outcome = await self._outcome(turn, job, tail)
        return outcome if isinstance(outcome, Parked) else _smaller(outcome or found, window)

    async def compact_ahead(self, turn: Turn, result: TurnResult) -> bool:
        """Start the compaction that the next turn will need, if that is soon; whether one was started."""
        return await self._ahead.start(turn, result)

    async def compact_all(self, turn: Turn, window: Sequence[Entry]) -> CompactedWindow | Parked | None:
        """Compact the whole window because the client says so; None means that the job failed.

        Raises TooManyRequests when its queue is full.
        """
        if not window:
            return self._sealed(turn, _nothing_yet(pins_of(window, turn.pins).texts), Usage())
        correction = await self.calibration.correction(turn.request.model)
        job = self.jobs.triggered(turn, window, correction)
        if is_compacted(window, job.policy):
            return CompactedWindow(window[-1], Usage())
        return await self._outcome(turn, job, [])

    async def is_compacted(self, turn: Turn, window: Sequence[Entry]) -> bool:
        """Return whether the window is what /responses/compact would leave of it."""
        correction = await self.calibration.correction(turn.request.model)
        return is_compacted(window, self.jobs.asked_policy(turn, window).corrected(correction))

    async def compact_on_request(self, turn: Turn, window: Sequence[Entry]) -> CompactionState | None:
        """Return how the compaction ended that /responses/compact asks for, or where it stands if that takes long.

        None when it is gone. Raises TooManyRequests when its queue is full.
        """
        correction = await self.calibration.correction(turn.request.model)
        state = await self._state_of(self.jobs.asked(turn, window, correction))
        if state is None or state.ended:
            return state
        return await self.wait(state.id) or await self._state(state.id)

    async def reopen(self, turn: Turn, item: Compaction) -> CompactedWindow:
        """Return the window behind an item that an earlier attempt of this turn made."""
        payload = unseal_payload(self._sealer, item.encrypted_content, tenant=turn.tenant)
        state = await self._state(payload.id)
        usage = state.result.usage if state and state.result else Usage()
        return CompactedWindow(Entry(item=item, tokens=payload.tokens, payload=payload), usage)

    async def wait(self, compaction_id: str) -> CompactionState | None:
        """Wait until a compaction has ended, and return how; None when it is unknown or takes too long."""
        until = time.monotonic() + self._settings.compaction_wait_seconds
        async with self._signals.watch(compaction_id) as bell:
            while True:
                state = await self._state(compaction_id)
                if state is None or state.ended:
                    return state
                left = until - time.monotonic()
                if left <= 0:
                    return None
                await bell.wait(min(left, _LOOK_SECONDS))

    async def _use_made(self, turn: Turn, made: Made) -> CompactedWindow | Parked | None:
        told = [self._compactions.note_use(made.compaction_id, in_time=made.is_ready)]
        if turn.request.is_stored:
            told.append(self._compactions.share(made.compaction_id, turn.id))
        if made.is_ready:
            # Side by side: the model's first word waits for all of them.
            state, *_ = await asyncio.gather(self._state(made.compaction_id), *told)
        else:
            await asyncio.gather(*told)
            await self._compactions.hurry(made.compaction_id)
            if turn.request.is_background:
                return Parked(made.compaction_id)
            state = await self.wait(made.compaction_id)
        return await self._use(turn, state.result, made.tail) if state and state.result else None

    async def _outcome(
        self, turn: Turn, job: CompactionJob, tail: Sequence[Entry]
    ) -> CompactedWindow | Parked | None:
        job = replace(job, transient=not turn.request.is_stored)
        state = await self._state_of(job)
        if state is None:
            return None
        if not state.ended and turn.request.is_background:
            return Parked(state.id)
        ended = await self._ended(job, state)
        if ended is None or ended.result is None:
            return None
        if not turn.request.is_stored:
            await self._compactions.forget_transient(ended.id)
        return await self._use(turn, ended.result, tail)

    async def _state_of(self, job: CompactionJob) -> CompactionState | None:
        """Return where the job's compaction stands, asked for if nobody did before. Raises TooManyRequests."""
        state = await self._state(job.id)
        # One that was given up stands for nothing: whoever needs it after all has it made anew.
        while state is not None and (state.undone or state.status is JobStatus.CANCELLED):
            job = replace(job, id=next_attempt(job.id))
            state = await self._state(job.id)
        if state is None:
            await self._compactions.enqueue(job)
            return await self._state(job.id)
        if not state.ended:
            # It may have been made ahead, which can wait and can be given up: now somebody waits for it.
            await self._compactions.note_use(job.id, in_time=False)
            await self._compactions.hurry(job.id)
        if job.asked_by is not None:
            await self._compactions.share(job.id, job.asked_by)
        return state

    async def _state(self, compaction_id: str) -> CompactionState | None:
        """Return where a compaction stands, or None; one sealed with a key that was retired is as good as undone."""
        try:
            return await self._compactions.state(compaction_id)
        except InvalidSeal:
            return CompactionState(compaction_id, JobStatus.COMPLETED, undone=True)

    async def _ended(self, job: CompactionJob, state: CompactionState) -> CompactionState | None:
        """Wait for the job's compaction; None when it takes too long."""
        until = time.monotonic() + self._settings.compaction_wait_seconds
        while True:
            ended = state if state.ended else await self.wait(state.id)
            if ended is not None or time.monotonic() >= until:
                return ended
            # A turn that is not stored waited for the same, and left nothing of it behind.
            again = await self._state_of(job)
            if again is None:
                return None
            state = again

    async def _use(
        self, turn: Turn, result: CompactionResult, tail: Sequence[Entry]
    ) -> CompactedWindow | None:
        # Images may be few tokens and many bytes.
        payload = result.payload.extended(flatten(tail))
        return await asyncio.to_thread(self._sealed, turn, payload, result.usage)

    def _sealed(self, turn: Turn, payload: Payload, usage: Usage) -> CompactedWindow | None:
        """Return the window with its item, or None where it is too large for one.

        This turn's model is given all images; those that come after it are left what an item can carry.
        """
        lighter = with_less_media(payload, min(MOST_MEDIA_BYTES, self._settings.max_body_bytes // 2))
        try:
            sealed = seal_payload(self._sealer, lighter, tenant=turn.tenant)
        except HithertoError:
            return None
        item = Compaction(id=payload.id, encrypted_content=sealed)
        return CompactedWindow(Entry(item=item, tokens=payload.tokens, payload=payload), usage)


def _smaller(made: CompactedWindow | None, window: Sequence[Entry]) -> CompactedWindow | None:
    return made if made is not None and made.entry.tokens < total_tokens(window) else None


def _nothing_yet(pins: tuple[str, ...]) -> Payload:
    record = render_record(summary=None, facts="", pins=pins)
    return Payload(
        version=VERSION,
        id=new_id("cmp"),
        origin="automatic",
        kept=[],
        record=record,
        ledger={},
        # Estimated upwards: nothing is counted here.
        tokens=len(record.encode()) // 2,
        pins=pins,
    )
