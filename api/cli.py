"""The command line: `hitherto up`, `api`, `worker`, `compactions`, `doctor`, `demo`, `version`."""

import asyncio
import logging
import os
import socket
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console

from api import operating
from api.crew import GENERATION_CONCURRENCY, Crew, worker_command
from api.faults import errors_in_words
from api.front_door import listen, refuse_strangers
from api.narrator import Narrator, release
from shared.jobs import Queue
from shared.settings import Settings

GRACE_SECONDS = 10

app = typer.Typer(
    name="hitherto",
    help="OpenAI's Responses API on your own machine, with conversations that stay short by themselves.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(operating.app)

Host = Annotated[str | None, typer.Option(help="Address to listen on. [dim]HITHERTO_HOST, else 127.0.0.1[/]")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port to listen on; 0: a free one. [dim]HITHERTO_PORT, else 8080[/]"),
]


def main() -> None:
    """Run the command line."""
    app()


def _print_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it
    if asked:
        version()
        raise typer.Exit


@app.callback()
def _root(
    *,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command()
def up(
    host: Host = None,
    port: Port = None,
    generation_workers: Annotated[int, typer.Option(min=1, help="Processes that generate answers.")] = 1,
    compaction_workers: Annotated[int, typer.Option(min=1, help="Processes that compact history.")] = 1,
) -> None:
    """Run everything on this machine: API, workers and, unless HITHERTO_REDIS_URL is set, a Redis of its own."""
    from api.up import run_up  # noqa: PLC0415 - the other commands need none of it

    with errors_in_words():
        settings = _settings(host, port)
        crew = Crew(generation_workers, compaction_workers)
        raise typer.Exit(run_up(settings, crew, Narrator(Console())))


@app.command()
def api(
    host: Host = None,
    port: Port = None,
    log_level: Annotated[str, typer.Option(help="Least severe log line of the HTTP server.")] = "info",
    listen_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the API alone; its workers are elsewhere, over the same Redis."""
    with errors_in_words():
        settings = _settings(host, port)
        door = socket.socket(fileno=listen_fd) if listen_fd else listen(settings.host, settings.port)
        with door, suppress(KeyboardInterrupt):
            _serve(door, log_level)


@app.command()
def worker(
    queues: Annotated[str, typer.Option(help="Queues to work on, with commas.")] = ",".join(Queue),
    concurrency: Annotated[int, typer.Option(min=1, help="Jobs at the same time.")] = GENERATION_CONCURRENCY,
) -> None:
    """Run one worker process."""
    unknown = set(queues.split(",")) - set(Queue)
    if unknown:
        raise typer.BadParameter(f"no such queue: {', '.join(sorted(unknown))}", param_hint="--queues")
    with errors_in_words():
        _check(Settings())
    command = worker_command(queues, concurrency)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


@app.command()
def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="For a program, not a person.")] = False
) -> None:
    """Look at all that a server needs and say what to do; changes nothing. Exit code 1: something is a problem."""
    from api.doctor.main import examine  # noqa: PLC0415 - the other commands need none of it
    from api.doctor.report import is_healthy, print_json, print_report  # noqa: PLC0415 - as above

    with errors_in_words():
        findings = asyncio.run(examine(Settings()))
        (print_json if as_json else print_report)(findings)
    raise typer.Exit(0 if is_healthy(findings) else 1)


@app.command()
def demo() -> None:
    """Show the main job from beginning to end on this machine, then exit."""
    from api.demo.main import run  # noqa: PLC0415 - the other commands need none of it

    raise typer.Exit(run())


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"hitherto {release()}")


def _settings(host: str | None, port: int | None) -> Settings:
    """Read the settings, where an option beats its variable; for what this process imports or starts, too."""
    if host is not None:
        os.environ["HITHERTO_HOST"] = host
    if port is not None:
        os.environ["HITHERTO_PORT"] = str(port)
    settings = Settings()
    refuse_strangers(settings)
    # What starts later would say the same, but not to this person.
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    from api.settings_check import check_settings  # noqa: PLC0415 - what only shows something needs none of it

    check_settings(settings)


def _serve(door: socket.socket, log_level: str) -> None:
    import uvicorn  # noqa: PLC0415 - as above

    config = uvicorn.Config(
        "api.app:create_app",
        factory=True,
        ws="none",  # the gate refuses it in words, whatever libraries are installed
        log_level=log_level,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    logging.getLogger("uvicorn.error").addFilter(_helps)
    server = uvicorn.Server(config)
    server.run(sockets=[door])
    if not server.started:
        raise typer.Exit(3)


def _helps(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's is of use: at each handshake of a WebSocket it advises to install a library."""
    return not record.getMessage().startswith(("Unsupported upgrade", "No supported WebSocket"))
