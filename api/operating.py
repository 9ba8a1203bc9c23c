"""`hitherto compactions`: the operator's look at compactions, and the way to take one back. It asks Redis itself."""

import asyncio
from collections.abc import Coroutine
from itertools import groupby
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console, RenderableType
from rich.markup import escape

from api.faults import errors_in_words

app = typer.Typer(name="compactions", help="What was compacted, how, and at what cost.", no_args_is_help=True)

_Answer = TypeVar("_Answer")

Tenant = Annotated[str | None, typer.Option(help="Whose. [dim]Else whoever's[/]")]
Id = Annotated[str, typer.Argument(help="The id of a compaction: cmp_…", metavar="ID")]


@app.command("list")
def list_compactions(
    tenant: Tenant = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of each tenant.")] = 20,
) -> None:
    """List compactions, each tenant's newest first."""
    from api.accounts import newest, table  # noqa: PLC0415 - the other commands need none of it

    records = _run(newest(tenant, limit))
    if not records:
        _print("[dim]There are no compactions.[/]")
        return
    for name, theirs in groupby(records, key=lambda record: record.tenant):
        _print(f"[bold]{escape(name)}[/]", table(list(theirs)))


@app.command()
def show(compaction_id: Id, tenant: Tenant = None) -> None:
    """Show what a compaction did: its cost, the fate of each item, the ledger and the summary."""
    from api.accounts import account, load  # noqa: PLC0415 - as above

    _print(*account(_run(load(compaction_id, tenant))))


@app.command()
def undo(compaction_id: Id, tenant: Tenant = None) -> None:
    """Take a compaction back: later turns go on from what it replaced."""
    from api.accounts import undo as undone  # noqa: PLC0415 - as above

    record = _run(undone(compaction_id, tenant))
    _print(f"[green]✓[/] {record.id} is undone: later turns go on from what it replaced.")


def _run(work: Coroutine[Any, Any, _Answer]) -> _Answer:
    with errors_in_words():
        return asyncio.run(work)


def _print(*parts: RenderableType) -> None:
    console = Console(highlight=False)
    for part in parts:
        console.print(part)
