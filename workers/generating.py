"""Generating: the work of one attempt at a background turn."""

import structlog
from redis.exceptions import RedisError

from shared.errors import HithertoError, LeaseLost, RequestError, UpstreamError
from shared.lifecycle import Lease
from shared.partial import fold
from shared.services import Services
from shared.turns import Parked, Turn, TurnResult
from shared.window.payload import SizedItem
from shared.wire.responses import ResponseError
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
    except (LeaseLost, RedisError, OSError):
        raise
    except Exception as error:  # the worker's door: whatever went wrong ends the response
        outcome = _failed(turn, error)
    if isinstance(outcome, Parked):
        await _park(services, lease, outcome)
    else:
        await services.responses.finish(lease, turn, outcome)
        _log.info("response_ended", job_id=turn.id, status=outcome.response.status, attempt=lease.attempt)


async def _run(services: Services, lease: Lease, turn: Turn) -> TurnResult | Parked:
    told = fold(await services.events.read(turn.id))
    interval = _STREAMED_INTERVAL_SECONDS if turn.request.is_streamed else _POLLED_INTERVAL_SECONDS
    async with LoggedProgress(services.events, lease, interval_seconds=interval) as progress:
        return await services.turns.run(turn, progress, told)


async def _park(services: Services, lease: Lease, parked: Parked) -> None:
    await services.jobs.join(parked.compaction_id, lease.job_id)
    state = await services.compactions.state(parked.compaction_id)
    if state is None or state.ended:
        # It ended before it knew of this turn: nobody would wake it.
        await services.jobs.release(lease)
        return
    await services.jobs.park(lease, waits_for=parked.compaction_id)


def _failed(turn: Turn, error: Exception) -> TurnResult:
    _log.warning("response_failed", job_id=turn.id, error=type(error).__name__, exc_info=_unexpected(error))
    told = ResponseError(code=_code(error), message=_message(error))
    response = turn.head.changed(status="failed", error=told, service_tier="default")
    return TurnResult(response=response, input=[SizedItem(item=item, tokens=0) for item in turn.input])


def _unexpected(error: Exception) -> bool:
    return not isinstance(error, HithertoError)


def _code(error: Exception) -> str:
    if isinstance(error, UpstreamError):
        return error.code
    if isinstance(error, RequestError):
        return error.code or "invalid_prompt"
    return "server_error"


def _message(error: Exception) -> str:
    if isinstance(error, HithertoError):
        return error.message
    return "The server had an error while processing your request."
