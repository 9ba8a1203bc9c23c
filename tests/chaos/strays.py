"""Stray doorbells of a chaos run: messages for jobs that were rung already, that run, and that have ended."""

import random
from collections.abc import Sequence

import redis

from shared.adapters.celery import envelope, queue_key
from shared.adapters.redis import keys
from shared.jobs import COMPACT, DELIVER, GENERATE, SUMMARIZE

_AT_ONCE = 5
_JOBS = {"resp": GENERATE, "cmp": COMPACT, "part": SUMMARIZE, "wh": DELIVER}


def ring_strays(url: str, ids: Sequence[str], chance: random.Random) -> int:
    """Ring again for some of the jobs, and for some that are not done; how many. None while Redis is out."""
    with redis.Redis.from_url(url, socket_timeout=0.2) as store:
        try:
            unfinished = [job_id.decode() for job_id in store.zrange(keys.WATCH, 0, _AT_ONCE - 1)]
            chosen = [*chance.sample(ids, min(_AT_ONCE, len(ids))), *unfinished]
            for job_id in chosen:
                job = _JOBS[job_id.partition("_")[0]]
                store.lpush(queue_key(job.queue), envelope(job, job_id))
        except redis.RedisError:
            return 0
    return len(chosen)
