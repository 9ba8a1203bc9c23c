"""Holding a lease: renewing it while the work goes on, and ending the work when the lease is gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from shared.ending import end_task
from shared.errors import LeaseLost, StoreUnreachable
from shared.lifecycle import Lease
from shared.ports import Bell
from shared.services import Services

# A lease is renewed this many times before it would run out.
_RENEWALS = 3
_LAST_LOOK_SECONDS = 0.5

_log = structlog.get_logger()


async def hold(
    services: Services, lease: Lease, work: Coroutine[Any, Any, None], *, drained: asyncio.Event
) -> None:
    """Do `work` while its lease holds.

    The work is cancelled when another attempt took over or the job was cancelled (raises LeaseLost), and
    when the process has drained: the job is then given back. Whatever the work raises is raised.
    """
    over = asyncio.Event()
    async with services.signals.watch(lease.job_id) as bell:
        working = asyncio.create_task(work)
        watching = asyncio.create_task(_until_lost(services, lease, bell, over))
        leaving = asyncio.create_task(drained.wait())
        try:
            await asyncio.wait({working, watching, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
            elif watching.done():
                raise LeaseLost(f"Attempt {lease.attempt} of {lease.job_id} no longer holds it.")
            else:
                await end_task(working)
                await services.jobs.release(lease)
                _log.info("job_given_back", job_id=lease.job_id)
        finally:
            # It looks just now, as a rule, for it has heard of the end: a cancellation would often be swallowed.
            over.set()
            bell.ring()
            try:
                await asyncio.wait({watching}, timeout=_LAST_LOOK_SECONDS)
            finally:
                for task in (working, watching, leaving):
                    await end_task(task)


async def _until_lost(services: Services, lease: Lease, bell: Bell, over: asyncio.Event) -> None:
    beat_seconds = services.settings.lease_seconds / _RENEWALS
    while not over.is_set():
        # At once, too: nobody heard what happened between the claim and now.
        try:
            if not await services.jobs.renew(lease):
                return
        except StoreUnreachable as error:
            _log.warning("lease_not_renewed", job_id=lease.job_id, error=error.reason)
        await bell.wait(beat_seconds)
