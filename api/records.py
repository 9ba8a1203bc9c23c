"""Compactions as their owner reads them: what was made of what, at which cost, and what a preview says of it."""

from collections.abc import Sequence
from dataclasses import asdict

from shared.compaction.fates import ItemFate
from shared.compaction.ledger import Entry, Ledger
from shared.compactions import CompactionAccount, CompactionRecord
from shared.lifecycle import JobStatus
from shared.window.payload import Payload
from shared.wire.model import JsonObject
from shared.wire.responses import Usage


def summary_json(record: CompactionRecord) -> JsonObject:
    """Return a compaction without its items and texts, as lists show it."""
    in_progress = record.status in (JobStatus.RUNNING, JobStatus.WAITING)
    status = "in_progress" if in_progress else str(record.status)
    return {
        "id": record.id,
        "object": "compaction",
        "status": status,
        "created_at": record.created_at_ms // 1000,
        "ended_at": record.ended_at_ms // 1000 if record.ended_at_ms is not None else None,
        "ahead": record.ahead,
        "outcome": record.outcome,
        "used_at": record.used_at_ms // 1000 if record.used_at_ms is not None else None,
        "tokens_in_vain": record.tokens_in_vain,
        "undone": record.undone,
        "origin": record.policy.origin,
        "threshold": record.threshold,
        "target_tokens": record.policy.target_tokens,
        **_account_json(record.account, tokens_before=record.tokens),
        "error": {"code": "server_error", "message": record.message} if record.message else None,
    }


def record_json(record: CompactionRecord) -> JsonObject:
    """Return a compaction in full: with the fate of each item, the ledger and the summary."""
    payload = record.payload
    return summary_json(record) | {
        "items": fates_json(record.items),
        "pins": record.policy.pinned_texts,
        "ledger": ledger_json(payload),
        "ledger_sources": sources_json(payload),
        "summary": payload.summary if payload is not None else None,
    }


def fates_json(fates: Sequence[ItemFate]) -> list[JsonObject]:
    """Return what became of each item, in order."""
    return [asdict(fate) for fate in fates]


def ledger_json(payload: Payload | None) -> dict[str, list[str]]:
    """Return the lines of each section of a payload's ledger that has any."""
    return {section: [entry.line for entry in entries] for section, entries in _sections(payload).items()}


def sources_json(payload: Payload | None) -> JsonObject:
    """Return where each line of `ledger_json` comes from, in the same places: which item, and whose words those are.

    An item that had no id is `#n`: the n-th that the ledger ever saw.
    """
    return {
        section: [{"item": entry.source, "trust": str(entry.trust)} for entry in entries]
        for section, entries in _sections(payload).items()
    }


def _sections(payload: Payload | None) -> dict[str, list[Entry]]:
    ledger = Ledger.from_json(payload.ledger) if payload is not None and payload.ledger else Ledger()
    sections: dict[str, list[Entry]] = {}
    for entry in ledger.entries:
        sections.setdefault(str(entry.section), []).append(entry)
    return sections


def _account_json(account: CompactionAccount | None, *, tokens_before: int) -> JsonObject:
    return {
        "method": account.method if account else None,
        "model": account.model if account else None,
        "seconds": account.seconds if account else None,
        "calls": account.calls if account else 0,
        "usage": (account.usage if account else Usage()).to_json(),
        "tokens_before": tokens_before,
        "tokens_after": account.tokens_after if account else None,
        "warnings": account.warnings if account else [],
    }
