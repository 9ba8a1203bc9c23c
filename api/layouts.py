"""Layouts for a terminal: compactions as tables, and all that is known of one, or of one that might be made."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.previewing import Preview
from api.records import ledger_json
from api.terminal import plain
from shared.compaction.fates import ItemFate
from shared.compactions import CompactionAccount, CompactionRecord
from shared.window.payload import Payload


def table(records: Sequence[CompactionRecord]) -> Table:
    """Return compactions as a table, one a row."""
    table = _table("compaction", "status", "method", "tokens", "seconds", "asked for", "ahead")
    for record in records:
        made = record.account
        table.add_row(
            record.id,
            _status(record),
            made.method if made else "",
            f"{record.tokens} → {made.tokens_after}" if made else str(record.tokens),
            f"{made.seconds:.1f}" if made else "",
            _time(record.created_at_ms),
            _came(record),
        )
    return table


def account(record: CompactionRecord) -> list[RenderableType]:
    """Return all that is known of a compaction."""
    made = record.account
    rows = {
        "compaction": record.id,
        "tenant": record.tenant,
        "status": _status(record),
        "asked for": _time(record.created_at_ms) + (", ahead of its time" if record.ahead else ""),
        "ended": _time(record.ended_at_ms) if record.ended_at_ms is not None else "",
        "came": _came(record),
        "threshold": str(record.threshold or "none: the client asked for it"),
        "target": str(record.policy.target_tokens),
        "error": record.message or "",
        **(_cost(made) if made is not None else {}),
        "pins": _lines(record.policy.pinned_texts),
    }
    return [_grid(rows), Text(), _fates(record.items), *_texts(record.payload)]


def forecast(seen: Preview) -> list[RenderableType]:
    """Return all that a preview says."""
    made = seen.result
    rows = {
        "due": "yes" if seen.is_due else "no",
        "threshold": str(seen.threshold or "none: as if the client asked for it"),
        "window": f"{seen.tokens} tokens, with instructions and tools",
        "target": str(seen.job.policy.target_tokens) if seen.job is not None else "",
        **(_cost(made.account) if made is not None else {"method": "none: there is too little to gain"}),
        "tokens": f"{seen.tokens_before} → {seen.tokens_after}",
        "pins": _lines(seen.job.policy.pinned_texts) if seen.job is not None else "",
    }
    rows.pop("seconds", None)
    return [_grid(rows), Text(), _fates(seen.fates), *_texts(made.payload if made is not None else None)]


def _cost(made: CompactionAccount) -> dict[str, str]:
    usage = made.usage
    return {
        "method": f"{made.method} ({made.model})" if made.model else made.method,
        "seconds": f"{made.seconds:.1f}",
        "calls": f"{made.calls} ({usage.input_tokens} tokens in, {usage.output_tokens} out)"
        if made.calls
        else "none",
        "tokens": f"{made.tokens_before} → {made.tokens_after}",
        "warnings": _lines(made.warnings),
    }


def _status(record: CompactionRecord) -> str:
    return f"{record.status}, undone" if record.undone else str(record.status)


def _came(record: CompactionRecord) -> str:
    if not record.ahead:
        return ""
    came = (record.outcome or "not used yet").replace("_", " ")
    return f"{came}, {record.tokens_in_vain} tokens in vain" if record.tokens_in_vain else came


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _grid(rows: Mapping[str, str]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        if value:
            grid.add_row(Text(name, style="dim"), plain(value))
    return grid


def _fates(items: Sequence[ItemFate]) -> Table:
    table = _table("", "fate", "reason", "tokens", "item")
    for item in items:
        name = f"{item.role or item.type} {item.id or ''}".strip()
        table.add_row(str(item.position), str(item.fate), item.reason, str(item.tokens), plain(name))
    return table


def _texts(payload: Payload | None) -> list[RenderableType]:
    facts = [
        Group(plain(f"\n{section}", style="bold"), *(plain(f"- {line}") for line in lines))
        for section, lines in ledger_json(payload).items()
    ]
    summary = [Text("\nsummary", style="bold"), plain(payload.summary)] if payload and payload.summary else []
    return [*facts, *summary]


def _table(*columns: str) -> Table:
    """Return a table of rows that are one line each, however narrow the terminal is."""
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
