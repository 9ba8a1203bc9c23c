"""Doorbells at the broker: the messages that Celery takes, where the jobs' script cannot push them itself."""

import structlog
from redis.asyncio import Redis

from shared.adapters.celery import LOW, NORMAL, queue_key
from shared.adapters.redis.encoding import answer
from shared.errors import StoreUnreachable
from shared.jobs import Queue

_log = structlog.get_logger()


class Doorbells:
    """The lists of a broker. `broker` is None where it is the store, whose script rings."""

    def __init__(self, store: Redis, broker: Redis | None) -> None:
        self._server = broker or store
        self.rung_by_script = broker is None

    async def ring(self, doorbell: str) -> None:
        """Ring with what a script answered: a list's name, and the message to push there.

        Does nothing if the script has rung itself, or there is nothing to ring for.
        """
        if not doorbell or self.rung_by_script:
            return
        name, message = doorbell.split("\n", 1)
        try:
            await answer(self._server.lpush(name, message))
        except StoreUnreachable as error:
            # The job is recorded, and a doorbell that is lost on the way is rung again by the reconciler.
            _log.warning("doorbell_not_rung", queue=name, error=error.reason)

    async def depth(self, queue: Queue) -> int:
        """Return how many doorbells wait in a queue."""
        pipeline = self._server.pipeline(transaction=False)
        for priority in (NORMAL, LOW):
            pipeline.llen(queue_key(queue, priority=priority))
        return sum(await pipeline.execute())
