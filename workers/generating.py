"""Generating: the work of one attempt at a background turn."""

import structlog

from shared.errors import HithertoError, LeaseLost, StoreUnreachable, UpstreamBusy
from shared.failures import failed_turn
from shared.jitter import jittered
from shared.lifecycle import Lease
from shared.partial import fold
from shared.services import Services
from shared.turns import Parked, Turn, TurnResult
from shared.upstream_gate import MOST_PAUSE_SECONDS
from workers.progress import LoggedProgress

# A watched stream is told of news sooner than a poll would notice it.
_STREAMED_INTERVAL_SECONDS = 0.04
_POLLED_INTERVAL_SECONDS = 0.25

_log = structlog.get_logger()


async def generate(services: Services, lease: Lease) -> None:
    """Run the turn behind a lease and end it, or let it wait for its compaction. Raises LeaseLost."""
    turn = await services.responses.load_turn(lease)
    try:
        outcome = await _run(services, lease, turn)
    except (LeaseLost, StoreUnreachable):
        raise
    except UpstreamBusy as busy:
        await _defer(services, lease, busy)
        return
    except Exception as error:  # the worker's door: whatever went wrong ends the response
        _log.warning(
            "response_failed",
            job_id=turn.id,
            error=type(error).__name__,
            exc_info=not isinstance(error, HithertoError),
        )
        outcome = failed_turn(turn, error)
    if isinstance(outcome, Parked):
        await _park(services, lease, outcome)
    else:
        await services.responses.finish(lease, turn, outcome)
        await services.window_compactor.compact_ahead(turn, outcome)
        _log.info("response_ended", job_id=turn.id, status=outcome.response.status, attempt=lease.attempt)


def deferred_seconds(busy: UpstreamBusy) -> float:
    """Return how long a turn waits for its upstream: as it was told, but not beyond the time of its gate."""
    return jittered(min(busy.retry_after_seconds or 1, MOST_PAUSE_SECONDS), 1, 1.5)


async def _run(services: Services, lease: Lease, turn: Turn) -> TurnResult | Parked:
    told = fold(await services.events.read(turn.id))
    interval = _STREAMED_INTERVAL_SECONDS if turn.request.is_streamed else _POLLED_INTERVAL_SECONDS
    async with LoggedProgress(services.events, lease, interval_seconds=interval) as progress:
        return await services.turns.run(turn, progress, told)


async def _defer(services: Services, lease: Lease, busy: UpstreamBusy) -> None:
    """Have the turn tried again when its upstream may have time for it, which may be until its deadline."""
    seconds = deferred_seconds(busy)
    await services.jobs.defer(lease, seconds=seconds, fields={})
    _log.info("response_deferred", job_id=lease.job_id, seconds=round(seconds, 1), reason=busy.message)


async def _park(services: Services, lease: Lease, parked: Parked) -> None:
    await services.jobs.join(parked.compaction_id, lease.job_id)
    [status] = await services.compactions.statuses([parked.compaction_id])
    if status is None or status.ended:
        # It ended before it knew of this turn: nobody would wake it.
        await services.jobs.release(lease)
        return
    await services.jobs.park(lease, waits_for=parked.compaction_id)
