"""Celery's message, made without a Celery producer, so that a script can push it beside the job's record."""

import base64
import json
import uuid

from shared.jobs import JobType, Queue

# Celery's lists share a Redis with ours: the prefix keeps both apart, and a worker must use the same.
KEY_PREFIX = "hitherto:broker:"

# Celery's transport keeps a list for each priority of a queue; 0 is taken before 9.
NORMAL, LOW = 0, 9
_PRIORITY_MARK = "\x06\x16"


def queue_key(queue: Queue, *, priority: int = NORMAL) -> str:
    """Return the name of the Redis list in which Celery's transport keeps a priority of `queue`."""
    mark = f"{_PRIORITY_MARK}{priority}" if priority else ""
    return f"{KEY_PREFIX}{queue}{mark}"


def envelope(job: JobType, job_id: str, *, priority: int = NORMAL) -> str:
    """Return the JSON text that Celery's Redis transport would push for `job` with the id as its argument.

    Source: Celery's message protocol 2; a contract test holds it against what `send_task` produces.
    """
    task_id = str(uuid.uuid4())
    arguments = [[], {"job_id": job_id}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    message = {
        "body": base64.b64encode(json.dumps(arguments).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": _headers(job, job_id, task_id),
        "properties": {
            "correlation_id": task_id,
            "reply_to": str(uuid.uuid4()),
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": str(job.queue)},
            "priority": priority,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }
    return json.dumps(message, separators=(",", ":"))


def _headers(job: JobType, job_id: str, task_id: str) -> dict[str, object]:
    return {
        "lang": "py",
        "task": job.task,
        "id": task_id,
        "shadow": None,
        "eta": None,
        "expires": None,
        "group": None,
        "group_index": None,
        "retries": 0,
        "timelimit": [None, None],
        "root_id": task_id,
        "parent_id": None,
        "argsrepr": "()",
        "kwargsrepr": repr({"job_id": job_id}),
        "origin": "hitherto",
        "ignore_result": True,
        "replaced_task_nesting": 0,
        "stamped_headers": None,
        "stamps": {},
    }
