"""The reconciler: gives what was dropped to the next worker, or ends it. Safe to run in every process."""

import asyncio
from typing import NoReturn

import structlog

from shared.announcing import Announcer
from shared.errors import StoreUnreachable
from shared.jobs import Queue, queue_of
from shared.lifecycle import Found
from shared.ports import Compactions, Jobs

SWEEP_SECONDS = 1.0

_log = structlog.get_logger()


class Reconciler:
    """Looks after the jobs whose time to be looked at has come."""

    def __init__(self, jobs: Jobs, compactions: Compactions, announcer: Announcer | None = None) -> None:
        self._jobs = jobs
        self._compactions = compactions
        self._announcer = announcer

    async def run(self) -> NoReturn:
        """Sweep for ever; an outage of the store is waited out, and whatever else goes wrong is logged."""
        while True:
            try:
                await self.sweep()
            except StoreUnreachable as error:
                _log.warning("sweep_interrupted", error=error.reason)
            except Exception:  # a door: with it all that this process looks after would end
                _log.exception("sweep_failed")
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self) -> None:
        """Look once after every job that is due, and have the ends told that are still to be told."""
        if self._announcer is not None:
            await self._announcer.sweep()
        due = await self._jobs.due()
        if not due:
            return
        depths = {queue: await self._jobs.queue_depth(queue) for queue in Queue}
        for job_id in due:
            await self._look_safely_after(job_id, queue_depth=depths[queue_of(job_id)])

    async def _look_safely_after(self, job_id: str, *, queue_depth: int) -> None:
        try:
            await self._look_after(job_id, queue_depth=queue_depth)
        except StoreUnreachable:
            raise
        except Exception:  # a job that cannot be looked after must not keep the others from it
            _log.exception("look_failed", job_id=job_id)

    async def _look_after(self, job_id: str, *, queue_depth: int) -> None:
        look = await self._jobs.look(job_id, queue_depth=queue_depth)
        match look.found:
            case Found.WAITING:
                await self._wake_if_over(job_id, look.waits_for)
            case Found.TAKEN | Found.RUNG:
                _log.info("job_rung_again", job_id=job_id, found=look.found.value)
            case Found.ENDED:
                _log.warning("job_given_up", job_id=job_id)
                await wake_waiters(self._jobs, job_id)
            case _:
                return

    async def _wake_if_over(self, job_id: str, waits_for: str | None) -> None:
        if waits_for is None or await self._is_over(waits_for):
            await self._jobs.wake(job_id)

    async def _is_over(self, compaction_id: str) -> bool:
        [status] = await self._compactions.statuses([compaction_id])
        return status is None or status.ended


async def wake_waiters(jobs: Jobs, job_id: str) -> None:
    """Queue the jobs again that wait for one that has ended. Repeating it does no harm."""
    for waiter in await jobs.waiters(job_id):
        await jobs.wake(waiter)
