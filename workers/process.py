"""The life of a worker process: Celery's signals open the runtime, drain it, and close it."""

from typing import Any

from celery.signals import worker_init, worker_shutdown, worker_shutting_down

from shared.logs import configure_logs
from shared.settings import Settings
from workers.runtime import Runtime


def prepare() -> None:
    """Connect Celery's signals to the runtime; nothing is opened before the worker starts."""
    worker_init.connect(_start, dispatch_uid="hitherto.start")
    worker_shutting_down.connect(_drain, dispatch_uid="hitherto.drain")
    worker_shutdown.connect(_stop, dispatch_uid="hitherto.stop")


def _start(**_: Any) -> None:
    configure_logs()
    Runtime(Settings()).start()


def _drain(**_: Any) -> None:
    Runtime.current().drain()


def _stop(**_: Any) -> None:
    Runtime.current().stop()
