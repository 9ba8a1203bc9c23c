"""Compacting: the work of one attempt at a compaction."""

import structlog
from redis.exceptions import RedisError

from shared.errors import LeaseLost
from shared.lifecycle import Lease
from shared.reconciler import wake_waiters
from shared.services import Services

_log = structlog.get_logger()


async def compact(services: Services, lease: Lease) -> None:
    """Make the compaction behind a lease, publish it, and wake who waits for it. Raises LeaseLost."""
    job = await services.compactions.load_job(lease)
    try:
        result = await services.compactor.compact(job)
    except (LeaseLost, RedisError, OSError):
        raise
    except Exception:
        # The worker's door: a compaction that fails leaves every turn its history as it was.
        _log.exception("compaction_failed", job_id=job.id)
        await services.compactions.fail(lease, "The compaction failed; the history stays as it was.")
    else:
        await services.compactions.finish(lease, job, result)
        _log.info(
            "compaction_ready",
            job_id=job.id,
            method=result.method,
            tokens_before=result.tokens_before,
            tokens_after=result.tokens_after,
            seconds=result.seconds,
            warnings=len(result.warnings),
        )
    await wake_waiters(services.jobs, job.id)
