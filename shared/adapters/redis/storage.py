"""How the Redis behind a server fares: its memory, asked for once a second at most, and what it keeps."""

import asyncio
import time
from typing import Any

import structlog
from redis.asyncio import Redis

from shared.storage import Durability, Memory

_FRESH_SECONDS = 1.0

_log = structlog.get_logger()


class RedisStorage:
    """The port `Storage` on Redis; `broker` is None where broker and store are one server."""

    def __init__(self, store: Redis, broker: Redis | None, *, fresh_seconds: float = _FRESH_SECONDS) -> None:
        """Take how long an answer is good for everybody."""
        self._fresh_seconds = fresh_seconds
        self._servers = [store] if broker is None else [store, broker]
        self._asking: asyncio.Task[Memory] | None = None
        self._asked_at = 0.0

    async def memory(self) -> Memory:
        """Return the memory of the server that has the least room, as it was within the last second."""
        is_old = time.monotonic() - self._asked_at >= self._fresh_seconds
        if self._asking is None or (is_old and self._asking.done()):
            # One asks for all, and all share what became of it: an outage is waited out once, not in a row.
            self._asked_at = time.monotonic()
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(_heard)
        return await asyncio.shield(self._asking)

    async def warn(self) -> None:
        """Log what an operator should know: a store that forgets, when it restarts or when it is full."""
        store = self._servers[0]
        found = durability_of(await store.info("persistence") | await store.info("memory"))
        if not found.keeps:
            _log.warning(
                "redis_forgets",
                appendonly="yes" if found.appends else "no",
                maxmemory_policy=found.policy,
                wanted="appendonly yes, maxmemory-policy noeviction",
            )

    async def _ask(self) -> Memory:
        found = [memory_of(await server.info("memory")) for server in self._servers]
        return max(found, key=lambda memory: (memory.ratio, memory.used_bytes))


def memory_of(info: dict[str, Any]) -> Memory:
    """Return what INFO says of a server's memory, as the server counts it against its limit."""
    uncounted = int(info.get("mem_not_counted_for_evict", 0))
    return Memory(max(0, int(info["used_memory"]) - uncounted), int(info.get("maxmemory", 0)))


def durability_of(info: dict[str, Any]) -> Durability:
    """Return what INFO says a server keeps: unlike CONFIG, hosted servers answer it."""
    return Durability(
        appends=bool(int(info.get("aof_enabled", 0))), policy=str(info.get("maxmemory_policy", "noeviction"))
    )


def _heard(asking: asyncio.Task[Memory]) -> None:
    # Whoever asked may have left: an error that nobody heard would be told at the end of the task.
    if not asking.cancelled():
        asking.exception()
