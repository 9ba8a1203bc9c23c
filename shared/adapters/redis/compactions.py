"""Compactions in Redis: the job with the history it compacts, then its sealed result."""

from dataclasses import asdict

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import (
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
from shared.compactions import CompactionJob, CompactionResult, CompactionState
from shared.errors import LeaseLost
from shared.jobs import COMPACT
from shared.lifecycle import Ending, JobStatus, Lease, NewJob
from shared.ports import Sealer
from shared.sealing import seal_payload, unseal_payload
from shared.settings import Settings
from shared.wire.responses import Usage

# A failed compaction is not tried again by the turns that met it; those that come later may.
FAILED_TTL_SECONDS = 60

_JOB = ("tenant", "policy", "history", "tokens", "ledger", "summary")
_STATE = ("tenant", "status", "sealed", "result", "beside")


class RedisCompactions:
    """The port `Compactions` on Redis. Results are sealed at rest as they are on the wire."""

    def __init__(self, store: Redis, jobs: RedisJobs, sealer: Sealer, settings: Settings) -> None:
        self._store = store
        self._jobs = jobs
        self._sealer = sealer
        self._deadline_seconds = settings.compaction_deadline_seconds

    async def enqueue(self, job: CompactionJob) -> bool:
        """Store the job as queued and ring for it; False when it exists. Raises TooManyRequests."""
        fields = {
            "tenant": job.tenant.encode(),
            "policy": encode_json(asdict(job.policy)),
            "history": encode_items(job.history),
            "tokens": str(job.tokens).encode(),
            "ledger": encode_json(job.ledger),
            "summary": encode_json(job.summary),
            "failed_ttl_ms": str(FAILED_TTL_SECONDS * 1000).encode(),
        }
        return await self._jobs.create(
            NewJob(
                id=job.id,
                type=COMPACT,
                fields=fields,
                deadline_seconds=self._deadline_seconds,
            )
        )

    async def load_job(self, lease: Lease) -> CompactionJob:
        """Return the job behind a lease. Raises LeaseLost when it is gone."""
        fields = present(_JOB, await answer(self._store.hmget(keys.record(lease.job_id), _JOB)))
        if b"history" not in fields:
            raise LeaseLost(f"{lease.job_id} is gone.")
        return CompactionJob(
            id=lease.job_id,
            tenant=text(fields, "tenant"),
            policy=Policy(**decode_json(fields[b"policy"])),
            history=decode_items(fields[b"history"]),
            tokens=int(fields[b"tokens"]),
            ledger=decode_json(fields[b"ledger"]),
            summary=decode_json(fields[b"summary"]),
        )

    async def state(self, compaction_id: str) -> CompactionState | None:
        """Return where a compaction stands, or None when it is unknown."""
        fields = present(_STATE, await answer(self._store.hmget(keys.record(compaction_id), _STATE)))
        if b"status" not in fields:
            return None
        result = None
        if b"sealed" in fields:
            payload = unseal_payload(self._sealer, text(fields, "sealed"), tenant=text(fields, "tenant"))
            account = decode_json(fields[b"result"])
            usage = Usage.model_validate(account.pop("usage"))
            beside = decode_items(fields.get(b"beside"))
            result = CompactionResult(payload=payload, usage=usage, beside=beside, **account)
        return CompactionState(compaction_id, JobStatus(text(fields, "status")), result)

    async def finish(self, lease: Lease, job: CompactionJob, result: CompactionResult) -> None:
        """Publish the result and drop the history that it replaces. Raises LeaseLost."""
        account = {
            "method": result.method,
            "usage": result.usage.to_json(),
            "tokens_before": result.tokens_before,
            "tokens_after": result.tokens_after,
            "seconds": result.seconds,
            "warnings": result.warnings,
        }
        fields = {
            "sealed": seal_payload(self._sealer, result.payload, tenant=job.tenant).encode(),
            "result": encode_json(account),
            "beside": encode_items(result.beside),
        }
        await self._jobs.finish(lease, Ending("completed", fields, drops=("history", "ledger", "summary")))

    async def fail(self, lease: Lease, message: str) -> None:
        """End the job as failed; the history stays as it was with whoever has it. Raises LeaseLost."""
        fields = {"error_code": b"server_error", "error_message": message.encode()}
        await self._jobs.finish(lease, Ending("failed", fields, drops=("history", "ledger", "summary")))
