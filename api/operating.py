"""`hitherto compactions`: the operator's look at compactions, and the way to take one back. It asks Redis itself."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from api.faults import errors_in_words
from shared.errors import InvalidRequest

app = typer.Typer(name="compactions", help="What was compacted, how, and at what cost.", no_args_is_help=True)

_Answer = TypeVar("_Answer")

# No table is wider, and no line is wrapped where nobody sees it.
_WIDEST = 100_000

Tenant = Annotated[str | None, typer.Option(help="Whose. [dim]Else whoever's[/]")]
Id = Annotated[str, typer.Argument(help="The id of a compaction: cmp_…", metavar="ID")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program, not a person.")]


@app.command("list")
def list_compactions(
    tenant: Tenant = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of each tenant.")] = 20,
    *,
    as_json: AsJson = False,
) -> None:
    """List compactions, each tenant's newest first."""
    from api.accounts import newest  # noqa: PLC0415 - the other commands need none of it
    from api.layouts import table  # noqa: PLC0415 - as above
    from api.records import summary_json  # noqa: PLC0415 - as above

    records = _run(newest(tenant, limit))
    if as_json:
        _print_json([{"tenant": record.tenant} | summary_json(record) for record in records])
        return
    if not records:
        _print("[dim]There are no compactions.[/]")
    for name, theirs in groupby(records, key=lambda record: record.tenant):
        _print(f"[bold]{escape(name)}[/]", table(list(theirs)))


@app.command()
def show(compaction_id: Id, tenant: Tenant = None, *, as_json: AsJson = False) -> None:
    """Show what a compaction did: its cost, the fate of each item, the ledger and the summary."""
    from api.accounts import load  # noqa: PLC0415 - as above
    from api.layouts import account  # noqa: PLC0415 - as above
    from api.records import record_json  # noqa: PLC0415 - as above

    record = _run(load(compaction_id, tenant))
    if as_json:
        _print_json({"tenant": record.tenant} | record_json(record))
        return
    _print(*account(record))


@app.command()
def preview(
    window: Annotated[
        str,
        typer.Argument(
            help="Of what: resp_… or conv_…, or a file with a list of input items, or a whole request, "
            "in JSON; -: standard input.",
            metavar="WINDOW",
        ),
    ],
    model: Annotated[str | None, typer.Option(help="Who is to read it. [dim]Else the response's[/]")] = None,
    threshold: Annotated[
        int | None, typer.Option(help="From how many tokens on it is due. [dim]Else: as if asked for[/]")
    ] = None,
    target: Annotated[int | None, typer.Option(help="How many tokens it may leave.")] = None,
    tenant: Tenant = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what a compaction would do now, and at what cost: no model is asked, nothing is stored."""
    from api.accounts import foresee  # noqa: PLC0415 - as above
    from api.layouts import forecast  # noqa: PLC0415 - as above
    from api.previewing import preview_json  # noqa: PLC0415 - as above

    asked = _asked(window)
    if model is not None:
        asked["model"] = model
    if threshold is not None:
        asked["context_management"] = [{"type": "compaction", "compact_threshold": threshold}]
    if target is not None:
        asked["hitherto"] = {**(asked.get("hitherto") or {}), "compact_target_tokens": target}
    seen = _run(foresee(asked, tenant))
    if as_json:
        _print_json(preview_json(seen))
        return
    _print(*forecast(seen))


@app.command()
def undo(compaction_id: Id, tenant: Tenant = None) -> None:
    """Take a compaction back: later turns go on from what it replaced."""
    from api.accounts import undo as undone  # noqa: PLC0415 - as above

    record = _run(undone(compaction_id, tenant))
    _print(f"[green]✓[/] {record.id} is undone: later turns go on from what it replaced.")


def _asked(window: str) -> dict[str, Any]:
    """Return the request that an argument stands for."""
    if window.startswith("resp_"):
        return {"previous_response_id": window}
    if window.startswith("conv_"):
        return {"conversation": window}
    from api.validation.parsing import parse_json_body  # noqa: PLC0415 - as above

    name = "standard input" if window == "-" else window
    try:
        said = parse_json_body(sys.stdin.buffer.read() if window == "-" else Path(window).read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"cannot read {name}: {error.strerror}", param_hint="WINDOW") from None
    except InvalidRequest:
        raise typer.BadParameter(f"{name} holds no JSON", param_hint="WINDOW") from None
    return said if isinstance(said, dict) else {"input": said}


def _run(work: Coroutine[Any, Any, _Answer]) -> _Answer:
    with errors_in_words():
        return asyncio.run(work)


def _print_json(told: object) -> None:
    typer.echo(json.dumps(told, indent=2))


def _print(*parts: RenderableType) -> None:
    """Print for a person, whose terminal wraps what is too wide, or whole lines for whoever else reads."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDEST)
    for part in parts:
        wide = Console(highlight=False, width=max(console.width, _least_width(console, part)))
        with wide.capture() as printed:
            wide.print(part)
        # Cells are padded: that is no text of anybody's.
        print(*(line.rstrip() for line in printed.get().splitlines()), sep="\n")


def _least_width(console: Console, part: RenderableType) -> int:
    """Return how wide a table is whose rows are one line each: the terminal may wrap them, but nothing is cut."""
    if not isinstance(part, Table) or not all(column.no_wrap for column in part.columns):
        return 0
    return Measurement.get(console, console.options.update(max_width=_WIDEST), part).maximum
