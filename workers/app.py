"""The Celery application. `celery -A workers.app worker` and `python -m workers` run the same."""

from typing import Any

from celery import Celery
from kombu import Queue as CeleryQueue

from shared.adapters.celery import KEY_PREFIX
from shared.jobs import GENERATE, Queue
from shared.services import DEFAULT_REDIS_URL
from shared.settings import Settings
from workers.process import attach_runtime

# Longer than any job may take: what is dropped is found by its lease, never by this (docs/reliability.md).
_VISIBILITY_TIMEOUT_SECONDS = 48 * 3600


def celery_settings() -> dict[str, Any]:
    """Return Celery's settings for the environment's; docs/reliability.md argues each."""
    settings = Settings()
    return {
        "broker_url": settings.broker_url or settings.redis_url or DEFAULT_REDIS_URL,
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure_or_timeout": True,
        "worker_prefetch_multiplier": 1,
        "worker_pool": "threads",
        "worker_concurrency": 64,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": str(GENERATE.queue),
        "task_queues": [CeleryQueue(str(queue), routing_key=str(queue)) for queue in Queue],
        "task_create_missing_queues": False,
        "broker_transport_options": {
            "global_keyprefix": KEY_PREFIX,
            "visibility_timeout": _VISIBILITY_TIMEOUT_SECONDS,
            "unacked_restore_interval": 30,
            "unacked_restore_throttle": 1,
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 5,
            "queue_order_strategy": "workers.queue_order:CompactionFirst",
        },
    }


app = Celery("hitherto", include=["workers.tasks"])
app.add_defaults(celery_settings)
attach_runtime()
