"""The life of a worker process: Celery's signals open the runtime, drain it, and close it."""

from typing import Any

import structlog
from celery.signals import worker_init, worker_ready, worker_shutdown, worker_shutting_down
from pydantic import ValidationError
from redis.exceptions import RedisError

from shared.errors import HithertoError, StoreUnreachable
from shared.logs import configure_logs
from shared.settings import Settings
from workers.runtime import Runtime

_log = structlog.get_logger()


def attach_runtime() -> None:
    """Connect Celery's signals to the runtime; nothing is opened before a worker starts."""
    worker_init.connect(_start, dispatch_uid="hitherto.start")
    worker_ready.connect(_announce, dispatch_uid="hitherto.ready")
    worker_shutting_down.connect(_drain, dispatch_uid="hitherto.drain")
    worker_shutdown.connect(_stop, dispatch_uid="hitherto.stop")


def _start(**_: Any) -> None:
    configure_logs()
    try:
        Runtime(Settings()).start()
    except StoreUnreachable as error:
        _log.error("worker_not_started", error=error.reason, reason=error.message)
        raise SystemExit(1) from None
    except (HithertoError, RedisError, OSError, ValidationError) as error:
        # Celery carries on after any other exception of a signal's receiver, and would take jobs.
        _log.error("worker_not_started", error=type(error).__name__, reason=str(error))
        raise SystemExit(1) from None


def _announce(**_: Any) -> None:
    _log.info("worker_ready")


def _drain(**_: Any) -> None:
    Runtime.current().drain()


def _stop(**_: Any) -> None:
    Runtime.current().stop()
