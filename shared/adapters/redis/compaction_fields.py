"""The fields of a compaction's record in Redis, and what they say."""

from dataclasses import asdict

from pydantic import TypeAdapter

from shared.adapters.redis.encoding import Fields, decode_items, decode_json, encode_items, encode_json, text
from shared.compaction.fates import ItemFate
from shared.compaction.policy import Policy
from shared.compactions import (
    AheadOutcome,
    CompactionAccount,
    CompactionJob,
    CompactionRecord,
    CompactionResult,
    CompactionState,
)
from shared.lifecycle import JobStatus
from shared.ports import Sealer
from shared.sealing import seal_payload, unseal_payload
from shared.window.payload import Payload
from shared.window.undone import Replaced
from shared.wire.responses import Usage

# A turn that uses a compaction needs no more of it than this.
STATE = ("tenant", "status", "sealed", "result", "beside", "undone")
LISTED = (
    "tenant",
    "status",
    "policy",
    "created_at",
    "ended_at",
    "tokens",
    "threshold",
    "ahead",
    "error_message",
    "result",
    "undone",
    "outcome",
    "used_at",
    "in_vain",
)
RECORD = (*LISTED, "sealed", "items")


_FATES = TypeAdapter(list[ItemFate])
_OUTCOME: TypeAdapter[AheadOutcome | None] = TypeAdapter(AheadOutcome | None)


def fields_of_job(job: CompactionJob) -> dict[str, bytes]:
    """Return what is told of a job from its beginning to its owner, beside what its worker needs."""
    fields = {"ahead": b"1" if job.ahead else b"0"}
    if job.threshold is not None:
        fields["threshold"] = str(job.threshold).encode()
    if job.replaces is not None:
        fields["replaces"] = encode_json(asdict(job.replaces))
    return fields


def fields_of_result(result: CompactionResult, sealer: Sealer, *, tenant: str) -> dict[str, bytes]:
    """Return the fields of a result. Its texts are sealed; the fates of its items hold none."""
    account = asdict(result.account) | {"usage": result.usage.to_json()}
    return {
        "sealed": seal_payload(sealer, result.payload, tenant=tenant).encode(),
        "result": encode_json(account),
        "beside": encode_items(result.beside),
        "items": encode_json([asdict(fate) for fate in result.items]),
        "spent": str(result.usage.total_tokens).encode(),
    }


def state_of(compaction_id: str, fields: Fields, sealer: Sealer) -> CompactionState:
    """Return where a compaction stands by its STATE fields."""
    status, undone = JobStatus(text(fields, "status")), b"undone" in fields
    account, payload = _account(fields), _payload(fields, sealer)
    if account is None or payload is None:
        return CompactionState(compaction_id, status, undone=undone)
    result = CompactionResult(
        payload=payload,
        beside=decode_items(fields.get(b"beside")),
        method=account.method,
        usage=account.usage,
        tokens_before=account.tokens_before,
        tokens_after=account.tokens_after,
        seconds=account.seconds,
        warnings=account.warnings,
        model=account.model,
        calls=account.calls,
    )
    return CompactionState(compaction_id, status, result, undone)


def record_of(compaction_id: str, fields: Fields, sealer: Sealer) -> CompactionRecord:
    """Return a record by its LISTED fields, or in full by its RECORD fields."""
    return CompactionRecord(
        id=compaction_id,
        tenant=text(fields, "tenant"),
        status=JobStatus(text(fields, "status")),
        policy=Policy.from_json(decode_json(fields[b"policy"])),
        created_at_ms=int(fields[b"created_at"]),
        ended_at_ms=_number(fields, "ended_at"),
        tokens=int(fields[b"tokens"]),
        threshold=_number(fields, "threshold"),
        ahead=text(fields, "ahead") == "1",
        undone=b"undone" in fields,
        outcome=_OUTCOME.validate_python(text(fields, "outcome") or None),
        used_at_ms=_number(fields, "used_at"),
        tokens_in_vain=_number(fields, "in_vain") or 0,
        message=text(fields, "error_message") or None,
        account=_account(fields),
        items=_FATES.validate_python(decode_json(fields[b"items"])) if b"items" in fields else [],
        payload=_payload(fields, sealer),
    )


def replaced_of(blob: bytes | None) -> Replaced | None:
    """Return what a compaction stands for; None where an older server did not say."""
    return Replaced(**decode_json(blob)) if blob is not None else None


def _number(fields: Fields, name: str) -> int | None:
    value = fields.get(name.encode())
    return int(value) if value is not None else None


def _account(fields: Fields) -> CompactionAccount | None:
    if b"result" not in fields:
        return None
    account = decode_json(fields[b"result"])
    return CompactionAccount(**account | {"usage": Usage.model_validate(account["usage"])})


def _payload(fields: Fields, sealer: Sealer) -> Payload | None:
    if b"sealed" not in fields:
        return None
    return unseal_payload(sealer, text(fields, "sealed"), tenant=text(fields, "tenant"))
