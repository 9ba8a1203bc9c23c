"""Compacting: the work of one attempt at a compaction, or at a part of one."""

import structlog

from shared.errors import LeaseLost, StoreUnreachable
from shared.lifecycle import Lease
from shared.reconciler import wake_waiters
from shared.services import Services
from shared.summaries import PartsAsked

_log = structlog.get_logger()


async def compact(services: Services, lease: Lease) -> None:
    """Make the compaction behind a lease, publish it, and wake who waits for it. Raises LeaseLost.

    One whose portions became jobs of their own lets its worker go, and is done again after the last of them.
    """
    job = await services.compactions.load_job(lease)
    try:
        result = await services.compactor.compact(job, services.parts.checkpoints(lease))
    except PartsAsked:
        await services.jobs.park(lease, waits_for=job.id)
        _log.info("compaction_spread", job_id=job.id, attempt=lease.attempt)
        return
    except (LeaseLost, StoreUnreachable):
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


async def summarize(services: Services, lease: Lease) -> None:
    """Summarise the portion behind a lease for its compaction. Raises LeaseLost."""
    portion = await services.parts.load(lease)
    try:
        summary = await services.compactor.summarize(portion)
    except (LeaseLost, StoreUnreachable):
        raise
    except Exception:  # the worker's door: whatever went wrong, the compaction goes on without a summary
        _log.exception("part_failed", job_id=lease.job_id)
        await services.parts.fail(lease, "it met an error in its worker.")
    else:
        await services.parts.finish(lease, summary)
        _log.info("part_ready", job_id=lease.job_id, calls=summary.calls, is_good=summary.text is not None)
