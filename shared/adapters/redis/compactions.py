"""Compactions in Redis: the job with the history it compacts, then its sealed result."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.ahead import AheadOutcomes
from shared.adapters.redis.compaction_fields import (
    STATE,
    fields_of_job,
    fields_of_result,
    replaced_of,
    state_of,
)
from shared.adapters.redis.compaction_records import CompactionIndex
from shared.adapters.redis.derived import DerivedCompactions
from shared.adapters.redis.encoding import (
    Fields,
    answer,
    decode_items,
    decode_json,
    encode_items,
    encode_json,
    present,
    text,
)
from shared.adapters.redis.jobs import RedisJobs
from shared.compaction.policy import Policy
from shared.compactions import CompactionJob, CompactionResult, CompactionState, PromptHead
from shared.errors import LeaseLost, TooManyRequests
from shared.jobs import COMPACT
from shared.lifecycle import Ending, JobStatus, Lease, NewJob
from shared.ports import Sealer
from shared.settings import Settings
from shared.window.undone import Replaced

# A failed compaction is not tried again by the turns that met it; those that come later may.
FAILED_TTL_SECONDS = 60
# Time enough for the turn that asked to pick it up; it is removed as soon as that has.
TRANSIENT_TTL_SECONDS = 600

_JOB = ("tenant", "policy", "history", "tokens", "ledger", "summary", "record", "head")
# What a result replaces.
_HISTORY = ("history", "ledger", "summary", "record", "head")


class RedisCompactions:
    """The port `Compactions` on Redis. Results are sealed at rest as they are on the wire."""

    def __init__(self, store: Redis, jobs: RedisJobs, sealer: Sealer, settings: Settings) -> None:
        self._store = store
        self._jobs = jobs
        self._sealer = sealer
        self._index = CompactionIndex(store, settings)
        self._derived = DerivedCompactions(store, jobs, settings)
        self._ahead = AheadOutcomes(store, jobs, settings)
        self._ttl_ms = settings.response_ttl_seconds * 1000
        self._deadline_seconds = settings.compaction_deadline_seconds

    async def enqueue(self, job: CompactionJob) -> bool:
        """Store the job as queued and ring for it; False when it exists. Raises TooManyRequests."""
        if not job.transient:
            # First, so that none can be there that its owner cannot find.
            await self._index.note(job.tenant, job.id)
        if job.ahead:
            await self._ahead.note(job.id)
        for owner_id in (job.asked_by, job.ahead_in):
            if owner_id is not None:
                await self._derived.note(job.id, owner_id)
        try:
            made = await self._jobs.create(self._new_job(job))
        except TooManyRequests:
            await self._index.forget(job.tenant, job.id)
            raise
        if job.asked_by is not None and job.asker_is_stored:
            await self._derived.check(job.asked_by)
        if job.ahead_in is not None:
            await self._derived.check_conversation(job.ahead_in)
        return made

    async def share(self, compaction_id: str, response_id: str) -> None:
        """Have a compaction that is there already removed with this response, too."""
        await self._derived.note(compaction_id, response_id)

    async def statuses(self, compaction_ids: Sequence[str]) -> list[JobStatus | None]:
        """Return where each of these compactions stands, in one round trip; None for one unknown or undone."""
        pipeline = self._store.pipeline(transaction=False)
        for compaction_id in compaction_ids:
            pipeline.hmget(keys.record(compaction_id), ["status", "undone"])
        found: list[tuple[bytes | None, bytes | None]] = await pipeline.execute()
        return [JobStatus(status.decode()) if status and not undone else None for status, undone in found]

    async def undone(self, compaction_ids: Sequence[str]) -> dict[str, Replaced | None]:
        """Return those of these that were undone, and what each stood for; all live on, in one round trip."""
        pipeline = self._store.pipeline(transaction=False)
        for compaction_id in compaction_ids:
            pipeline.hmget(keys.record(compaction_id), ["undone", "replaces"])
            pipeline.pexpire(keys.record(compaction_id), self._ttl_ms, gt=True)
        answers: list[tuple[bytes | None, bytes | None]] = (await pipeline.execute())[::2]
        return {
            compaction_id: replaced_of(replaces)
            for compaction_id, (undone, replaces) in zip(compaction_ids, answers, strict=True)
            if undone
        }

    async def forget_transient(self, compaction_id: str) -> None:
        """Remove a compaction that was made for a turn that is not stored; others stay."""
        if await answer(self._store.hexists(keys.record(compaction_id), "ended_ttl_ms")):
            await self._jobs.delete(compaction_id)

    async def hurry(self, compaction_id: str) -> None:
        """Have a compaction that was made ahead done before those that nobody waits for."""
        await self._jobs.hurry(compaction_id)

    async def note_use(self, compaction_id: str, *, in_time: bool) -> None:
        """Note that a turn uses a compaction that was made ahead, and whether it was ready; the first one counts."""
        await self._ahead.use(compaction_id, in_time=in_time)

    async def supersede(self, compaction_ids: Sequence[str]) -> None:
        """Give up compactions that were made ahead and that nobody has used: others took their place."""
        await self._ahead.give_up(compaction_ids)

    async def supersede_made_for(self, owner_ids: Sequence[str], *, but: Collection[str] = ()) -> None:
        """Give up what was made ahead for these responses or conversations and not used, `but` these."""
        await self._derived.give_up(owner_ids, but=but)

    async def load_job(self, lease: Lease) -> CompactionJob:
        """Return the job behind a lease. Raises LeaseLost when it is gone."""
        fields = present(_JOB, await answer(self._store.hmget(keys.record(lease.job_id), _JOB)))
        if b"history" not in fields:
            raise LeaseLost(f"{lease.job_id} is gone.")
        return CompactionJob(
            id=lease.job_id,
            tenant=text(fields, "tenant"),
            policy=Policy.from_json(decode_json(fields[b"policy"])),
            history=decode_items(fields[b"history"]),
            tokens=int(fields[b"tokens"]),
            ledger=decode_json(fields[b"ledger"]),
            summary=decode_json(fields[b"summary"]),
            record=decode_json(fields[b"record"]) if b"record" in fields else "",
            head=_head(fields),
        )

    async def state(self, compaction_id: str) -> CompactionState | None:
        """Return where a compaction stands, or None when it is unknown."""
        fields = present(STATE, await answer(self._store.hmget(keys.record(compaction_id), STATE)))
        return state_of(compaction_id, fields, self._sealer) if b"status" in fields else None

    async def finish(self, lease: Lease, job: CompactionJob, result: CompactionResult) -> None:
        """Publish the result and drop the history that it replaces. Raises LeaseLost."""
        fields = fields_of_result(result, self._sealer, tenant=job.tenant)
        await self._jobs.finish(lease, Ending("completed", fields, drops=_HISTORY))

    async def fail(self, lease: Lease, message: str) -> None:
        """End the job as failed; the history stays as it was with whoever has it. Raises LeaseLost."""
        fields = {"error_code": b"server_error", "error_message": message.encode()}
        await self._jobs.finish(lease, Ending("failed", fields, drops=_HISTORY))

    def _new_job(self, job: CompactionJob) -> NewJob:
        fields = {
            "tenant": job.tenant.encode(),
            "policy": encode_json(asdict(job.policy)),
            "history": encode_items(job.history),
            "tokens": str(job.tokens).encode(),
            "ledger": encode_json(job.ledger),
            "summary": encode_json(job.summary),
            "record": encode_json(job.record),
            "head": encode_json(asdict(job.head) if job.head else None),
            "failed_ttl_ms": str(FAILED_TTL_SECONDS * 1000).encode(),
            **fields_of_job(job),
        }
        if job.transient:
            fields["ended_ttl_ms"] = str(TRANSIENT_TTL_SECONDS * 1000).encode()
        return NewJob(
            id=job.id,
            type=COMPACT,
            fields=fields,
            deadline_seconds=self._deadline_seconds,
            can_wait=job.ahead,
        )


def _head(fields: Fields) -> PromptHead | None:
    # A job of an older server tells nothing of it.
    head = decode_json(fields[b"head"]) if b"head" in fields else None
    return PromptHead(**head) if head else None
