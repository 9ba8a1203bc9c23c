"""Accounts of compactions for the operator: read from Redis itself, and laid out for a terminal."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.records import ledger_json
from api.terminal import plain
from shared.compaction.fates import ItemFate
from shared.compactions import CompactionRecord
from shared.errors import ConfigurationError
from shared.ports import CompactionRecords
from shared.services import open_services
from shared.settings import Settings


async def newest(tenant: str | None, limit: int) -> list[CompactionRecord]:
    """Return compactions, each tenant's newest first; of one tenant, or of all."""
    async with _records() as records:
        found: list[CompactionRecord] = []
        for name in [tenant] if tenant is not None else await records.tenants():
            page, _ = await records.page(name, after=None, limit=limit, ascending=False)
            found += page
        return found


async def load(compaction_id: str, tenant: str | None) -> CompactionRecord:
    """Return a compaction. Raises NotFound."""
    async with _records() as records:
        return await records.load(compaction_id, tenant or await records.owner(compaction_id))


async def undo(compaction_id: str, tenant: str | None) -> CompactionRecord:
    """Take a compaction back, and return it. Raises NotFound."""
    async with _records() as records:
        return await records.undo(compaction_id, tenant or await records.owner(compaction_id))


@asynccontextmanager
async def _records() -> AsyncIterator[CompactionRecords]:
    settings = Settings()
    if settings.redis_url is None:
        raise ConfigurationError(
            "HITHERTO_REDIS_URL is not set. The server that `hitherto up` brings along is closed to others: "
            "ask its API, GET /v1/compactions."
        )
    async with open_services(settings) as services:
        yield services.compaction_records


def table(records: Sequence[CompactionRecord]) -> Table:
    """Return compactions as a table, one a row."""
    table = Table(box=None, pad_edge=False)
    table.add_column("compaction", no_wrap=True)
    for name in ("asked for", "status", "method", "tokens", "seconds"):
        table.add_column(name)
    for record in records:
        made = record.account
        table.add_row(
            record.id,
            _time(record.created_at_ms),
            "undone" if record.undone else str(record.status),
            made.method if made else "",
            f"{record.tokens} → {made.tokens_after}" if made else str(record.tokens),
            f"{made.seconds:.1f}" if made else "",
        )
    return table


def account(record: CompactionRecord) -> list[RenderableType]:
    """Return all that is known of one."""
    payload = record.payload
    facts = [
        Group(plain(f"\n{section}", style="bold"), *(plain(f"- {line}") for line in lines))
        for section, lines in ledger_json(payload).items()
    ]
    summary = [Text("\nsummary", style="bold"), plain(payload.summary)] if payload and payload.summary else []
    return [_facts(record), Text(), _fates(record.items), *facts, *summary]


def _facts(record: CompactionRecord) -> Table:
    made = record.account
    rows = {
        "compaction": record.id,
        "tenant": record.tenant,
        "status": f"{record.status}, undone" if record.undone else str(record.status),
        "asked for": _time(record.created_at_ms) + (", ahead of its time" if record.ahead else ""),
        "came": (record.outcome or "not used yet").replace("_", " ") if record.ahead else "",
        "threshold": str(record.threshold or "none: the client asked for it"),
        "target": str(record.policy.target_tokens),
        "error": record.message or "",
    }
    if made is not None:
        rows |= {
            "method": f"{made.method} ({made.model})" if made.model else made.method,
            "seconds": f"{made.seconds:.1f}",
            "calls": f"{made.calls}, {made.usage.input_tokens} tokens in, {made.usage.output_tokens} out",
            "tokens": f"{made.tokens_before} → {made.tokens_after}",
            "warnings": "\n".join(made.warnings),
        }
    grid = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        if value:
            grid.add_row(Text(name, style="dim"), plain(value))
    return grid


def _fates(items: Sequence[ItemFate]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "item", "tokens", "fate", "reason"):
        table.add_column(name)
    for item in items:
        name = f"{item.role or item.type} {item.id or ''}".strip()
        table.add_row(str(item.position), plain(name), str(item.tokens), str(item.fate), item.reason)
    return table


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
