"""The portions of a compaction in Redis: the summaries that are kept for it, and the jobs that make them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer, decode_json, encode_json
from shared.adapters.redis.jobs import RedisJobs
from shared.compaction.passages import Passage
from shared.compaction.summary import Wish
from shared.errors import LeaseLost
from shared.jobs import PART_PREFIX, SUMMARIZE
from shared.lifecycle import Ending, JobStatus, Lease, NewJob
from shared.summaries import Portion, Summary
from shared.wire.responses import Usage

_BATCH = 32


class RedisParts:
    """The port `Parts` on Redis. The script of the jobs moves a part's summary to its compaction."""

    def __init__(self, store: Redis, jobs: RedisJobs) -> None:
        self._store = store
        self._jobs = jobs

    def checkpoints(self, lease: Lease) -> "RedisCheckpoints":
        """Return what is kept for the compaction behind a lease."""
        return RedisCheckpoints(self._store, self._jobs, lease)

    async def load(self, lease: Lease) -> Portion:
        """Return the portion behind a lease. Raises LeaseLost when it is gone."""
        blob = await answer(self._store.hget(keys.record(lease.job_id), "portion"))
        if blob is None:
            raise LeaseLost(f"{lease.job_id} is gone.")
        return _decode_portion(blob)

    async def finish(self, lease: Lease, summary: Summary) -> None:
        """Keep the summary with the compaction, which goes on after its last part. Raises LeaseLost."""
        await self._jobs.finish(lease, Ending("completed", {"summary": _encode_summary(summary)}))

    async def fail(self, lease: Lease, message: str) -> None:
        """End a part without a summary; its compaction tells why. Raises LeaseLost."""
        fields = {"error_code": b"server_error", "error_message": message.encode()}
        await self._jobs.finish(lease, Ending("failed", fields))


class RedisCheckpoints:
    """The port `Checkpoints` on Redis: fields of the compaction's record."""

    def __init__(self, store: Redis, jobs: RedisJobs, lease: Lease) -> None:
        self._store = store
        self._jobs = jobs
        self._lease = lease

    async def load(self, names: Sequence[str]) -> dict[str, Summary]:
        """Return those of these summaries that were kept, in one round trip."""
        fields = [_field(name) for name in names]
        blobs = await answer(self._store.hmget(keys.record(self._lease.job_id), fields))
        return {name: _decode_summary(blob) for name, blob in zip(names, blobs, strict=True) if blob}

    async def keep(self, name: str, summary: Summary) -> None:
        """Keep a portion's summary; the first one wins. Raises LeaseLost."""
        await self._jobs.checkpoint(self._lease, _field(name), _encode_summary(summary))

    async def spread(self, portions: Mapping[str, Portion]) -> dict[str, Summary]:
        """Have each of these, by name, summarised by a job of its own where it has none yet. Raises LeaseLost.

        Returns those that came to nothing, each without a text and with its reason.
        """
        names = list(portions)
        failed: dict[str, Summary] = {}
        for start in range(0, len(names), _BATCH):
            batch = names[start : start + _BATCH]
            parts = [self._part(name, portions[name]) for name in batch]
            statuses = await self._jobs.create_parts(parts, self._lease)
            ended = [name for name, status in zip(batch, statuses, strict=True) if JobStatus(status).ended]
            failed |= await self._failures(ended)
        return failed

    def _part(self, name: str, portion: Portion) -> NewJob:
        fields = {"name": name.encode(), "portion": encode_json(asdict(portion))}
        return NewJob(id=self._id(name), type=SUMMARIZE, fields=fields)

    def _id(self, name: str) -> str:
        return f"{PART_PREFIX}{self._lease.job_id}_{name}"

    async def _failures(self, names: Sequence[str]) -> dict[str, Summary]:
        """Return why these parts have ended. One that ended just now may have been kept just now."""
        kept = await self.load(names) if names else {}
        for name in names:
            if name not in kept:
                why = await answer(self._store.hget(keys.record(self._id(name)), "error_message"))
                reason = why.decode() if why else "it was cancelled."
                kept[name] = Summary(None, warnings=[f"a part of the summary failed: {reason}"])
        return kept


def _field(name: str) -> str:
    return f"kept:{name}"


def _encode_summary(summary: Summary) -> bytes:
    return encode_json(asdict(summary) | {"usage": summary.usage.to_json()})


def _decode_summary(blob: bytes) -> Summary:
    value = decode_json(blob)
    return Summary(**value | {"usage": Usage.model_validate(value["usage"])})


def _decode_portion(blob: bytes) -> Portion:
    value = decode_json(blob)
    passages = [Passage(**passage) for passage in value["passages"]]
    wish = Wish(**value["wish"] | {"sections": tuple(value["wish"]["sections"])})
    return Portion(**value | {"passages": passages, "wish": wish})
