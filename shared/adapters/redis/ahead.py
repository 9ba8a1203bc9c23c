"""What became of compactions that were made ahead: used, given up for another, or never asked for again."""

import json
from collections.abc import Iterable

from redis.asyncio import Redis

from shared.adapters.celery import queue_key
from shared.adapters.redis import keys
from shared.adapters.redis.compaction_records import SCRIPT
from shared.adapters.redis.jobs import RedisJobs
from shared.compactions import AheadOutcome
from shared.jobs import COMPACT
from shared.settings import Settings

# Whoever has not used one by then will hardly come back to it; who does is told, too.
_UNUSED_SECONDS = 24 * 3600
# So many that grew old are settled for each one that is started.
_BATCH = 20


class AheadOutcomes:
    """Notes the outcome of each compaction that was made ahead, once, and gives up those that nobody needs."""

    def __init__(self, store: Redis, jobs: RedisJobs, settings: Settings) -> None:
        self._store = store
        self._jobs = jobs
        self._script = store.register_script(SCRIPT)
        self._asks = settings.summarizes_with_model or settings.summarizer == "native"
        self._ttl_ms = settings.response_ttl_seconds * 1000
        self._unused_ms = min(_UNUSED_SECONDS * 1000, self._ttl_ms // 2)

    async def note(self, compaction_id: str) -> None:
        """Note one that is about to be started; those that nobody has used for a day were made for nobody."""
        given = {"id": compaction_id, "old_ms": self._unused_ms, "most": _BATCH, "ttl_ms": self._ttl_ms}
        old: list[bytes] = await self._script(keys=[keys.AHEAD], args=["note_ahead", json.dumps(given)])
        if not old:
            return
        for each in old:
            await self._settle(each.decode(), "unused")
        await self._store.zrem(keys.AHEAD, *old)

    async def use(self, compaction_id: str, *, in_time: bool) -> None:
        """Note that a turn uses one, and whether it was ready; the first turn counts."""
        await self._settle(compaction_id, "in_time" if in_time else "late")

    async def give_up(self, compaction_ids: Iterable[str]) -> None:
        """Give up those that nobody has used, and cancel those of them that nobody waits for either."""
        for compaction_id in compaction_ids:
            if await self._settle(compaction_id, "superseded") == b"to cancel":
                await self._jobs.cancel(compaction_id)

    async def _settle(self, compaction_id: str, outcome: AheadOutcome) -> bytes:
        given = {
            "outcome": outcome,
            "counters": keys.COUNTERS,
            "ttl_ms": self._ttl_ms,
            "hurried": queue_key(COMPACT.queue),
            "asks": self._asks,
        }
        told: bytes = await self._script(
            keys=[keys.record(compaction_id)], args=["settle", json.dumps(given)]
        )
        return told
