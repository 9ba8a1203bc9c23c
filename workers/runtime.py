"""The runtime of a worker process: one event loop for all its jobs, which Celery's threads only wait for."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, TypeAlias

import structlog

from shared.ending import end_task
from shared.errors import LeaseLost, StoreUnreachable
from shared.lifecycle import Lease, NotClaimed
from shared.services import Services, open_services
from shared.settings import Settings
from workers.holding import hold

Work: TypeAlias = Callable[[Services, Lease], Coroutine[Any, Any, None]]

_log = structlog.get_logger()


class Runtime:
    """Runs jobs on its loop. `start` and `stop` are called once each, from the process's main thread."""

    _current: ClassVar["Runtime | None"] = None

    def __init__(self, settings: Settings) -> None:
        """Take the settings; nothing is opened yet."""
        self.draining = False
        self._settings = settings
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._drained = asyncio.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="runtime", daemon=True)

    @classmethod
    def current(cls) -> "Runtime":
        """Return the process's runtime."""
        if cls._current is None:
            raise RuntimeError("The runtime has not been started.")
        return cls._current

    def start(self) -> None:
        """Open the services and begin to look after jobs. Raises what opening raised."""
        Runtime._current = self
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def work(self, job_id: str, work_on: Callable[[str], Work]) -> None:
        """Do the job whose turn it is in the queue of this one, and wait until it is done, lost or given back.

        `work_on` tells the work by the id of the job that was claimed.
        """
        asyncio.run_coroutine_threadsafe(self._claim_and_work(job_id, work_on), self._loop).result()

    def drain(self) -> None:
        """Take no new work; give running jobs their grace period, then give them back. Returns at once."""
        self.draining = True
        self._loop.call_soon_threadsafe(self._begin_drain)

    def stop(self) -> None:
        """Close everything and end the loop."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # the main thread raises it
            self._failure = error
        finally:
            self._ready.set()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with open_services(self._settings) as services:
            self._services = services
            await services.storage.warn()
            reconciler = asyncio.create_task(services.reconciler.run())
            self._ready.set()
            await self._stop.wait()
            await end_task(reconciler)

    def _begin_drain(self) -> None:
        self._loop.call_later(self._settings.drain_grace_seconds, self._drained.set)

    async def _claim_and_work(self, job_id: str, work_on: Callable[[str], Work]) -> None:
        try:
            lease = await self._services.jobs.claim(job_id, owner=uuid.uuid4().hex)
            if isinstance(lease, NotClaimed):
                _log.debug("doorbell_ignored", job_id=job_id, why=lease.value)
                return
            job_id = lease.job_id
            work = work_on(job_id)(self._services, lease)
            await hold(self._services, lease, work, drained=self._drained)
        except LeaseLost:
            _log.info("lease_lost", job_id=job_id)
        except StoreUnreachable as error:
            # The lease runs out, and the reconciler gives the job to whoever can reach Redis.
            _log.warning("job_interrupted", job_id=job_id, error=error.reason)
