"""The demonstration: a long session is compacted in the background, and what it held can still be asked for."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from openai import OpenAI
from openai.types.responses import Response
from rich.console import Console
from rich.live import Live

from api.demo import screen
from api.demo.screen import Checked
from api.demo.server import Server, temporary_server
from api.demo.session import Question, Session, load_session
from api.demo.talk import Progress, Talk, compaction_in

REQUEST_SECONDS = 30.0
INTERRUPTED = 130


def run() -> int:
    """Run the demonstration; return 0 when the session was compacted and every early fact survived.

    Otherwise 1, after the end of the server's log where something broke, or 130 after Ctrl-C or SIGTERM.
    The server and its data are gone when this returns.
    """
    console = screen.open_console()
    try:
        with _sigterm_as_ctrl_c(), temporary_server() as server:
            return _show_or_explain(console, server)
    except KeyboardInterrupt:
        console.print("[yellow]![/] interrupted: the server has been ended")
        return INTERRUPTED


def _show_or_explain(console: Console, server: Server) -> int:
    try:
        return _show(console, server)
    except Exception as error:  # the door: a person reads this, and the log says the rest
        console.print(screen.failure(f"{type(error).__name__}: {error}", server.last_lines()))
        return 1


def _show(console: Console, server: Server) -> int:
    began, session = time.monotonic(), load_session()
    console.print(screen.introduction(session))
    with console.status("starting hitherto up (API, workers, embedded Redis) …"):
        server.wait_until_ready()
    console.print(f"[bold green]✓[/] ready at {server.url}/v1 after {time.monotonic() - began:.1f} s\n")
    with OpenAI(base_url=f"{server.url}/v1", api_key="demo", timeout=REQUEST_SECONDS) as client:
        return converse(console, client, session, began)


def converse(console: Console, client: OpenAI, session: Session, began: float | None = None) -> int:
    """Hold the conversation with a server that is ready, and show it; return 0 or 1 as `run` does.

    `began`: when the person started to wait, by the monotonic clock. Raises what breaks.
    """
    began = time.monotonic() if began is None else began
    first, opened = _open(console, client, session)
    talk = Talk(client, session, _unwatched)
    sizes, item = talk.sizes(first), compaction_in(first)
    console.print(screen.compaction(sizes, item, first))
    console.print(screen.answer(opened))
    checked = [opened, *_ask_the_rest(console, talk, first, session.questions[1:])]
    seconds, is_compacted = time.monotonic() - began, item is not None
    console.print()
    console.print(screen.verdict(checked, sizes, is_compacted=is_compacted, seconds=seconds))
    return 0 if screen.is_good(checked, is_compacted=is_compacted) else 1


def _open(console: Console, client: OpenAI, session: Session) -> tuple[Response, Checked]:
    """Hold the first turn under the eyes of the person at the terminal."""
    question, began = session.questions[0], time.monotonic()
    with Live(console=console, refresh_per_second=10) as live:

        def watch(progress: Progress) -> None:
            live.update(screen.turn(progress))

        response = Talk(client, session, watch).open(question)
    if not console.is_terminal:
        console.print()  # into a file, rich ends the last picture without a line end
    return response, Checked(question, response.output_text, time.monotonic() - began)


def _ask_the_rest(
    console: Console, talk: Talk, previous: Response, questions: list[Question]
) -> Iterator[Checked]:
    for question in questions:
        began = time.monotonic()
        with console.status(question.ask):
            previous = talk.go_on(previous, question)
        checked = Checked(question, previous.output_text, time.monotonic() - began)
        console.print(screen.answer(checked))
        yield checked


def _unwatched(progress: Progress) -> None:
    """Show nothing: the turns after the first are short."""


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
