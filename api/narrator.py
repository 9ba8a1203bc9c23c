"""Narrator: what `hitherto up` tells the person at the terminal."""

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from shared.settings import OPENAI_BASE_URL, Settings

COLOURS = ("cyan", "magenta", "green", "yellow", "blue")
NAME_WIDTH = 13


class Narrator:
    """Writes short lines to `console`: a table of what runs where, then events, then the programs' output."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._colours: dict[str, str] = {}

    def introduce(self, rows: Iterable[tuple[str, str]]) -> None:
        """Say what is about to run: pairs of a thing and where it is."""
        table = Table.grid(padding=(0, 3))
        for thing, place in rows:
            table.add_row(Text(f"  {thing}", style="dim"), Text(place))
        self._console.print(f"\n[bold]hitherto[/] [dim]{release()}[/]\n", highlight=False)
        self._console.print(table)
        self._console.print()

    def good(self, sentence: str) -> None:
        """Say what went well."""
        self._console.print(f"[bold green]✓[/] {escape(sentence)}", highlight=False, soft_wrap=True)

    def odd(self, sentence: str) -> None:
        """Say what went otherwise than planned."""
        self._console.print(f"[bold yellow]![/] {escape(sentence)}", highlight=False, soft_wrap=True)

    def quote(self, name: str, line: str) -> None:
        """Pass on a line of a program's output, under its name."""
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        prefix = Text(f"{name:<{NAME_WIDTH}}│ ", style=colour)
        self._console.print(prefix + Text.from_ansi(line), soft_wrap=True)


def release() -> str:
    """Return the version that is installed."""
    try:
        return version("hitherto")
    except PackageNotFoundError:
        return "(not installed)"


def upstream_in_words(settings: Settings) -> str:
    """Say who answers: the configured provider, OpenAI, or the built-in offline upstream."""
    if settings.upstreams_file is None:
        return _default_in_words(settings)
    routed = f"routed by {settings.upstreams_file}"
    return f"{routed}, else {_default_in_words(settings)}" if settings.upstream_url else routed


def _default_in_words(settings: Settings) -> str:
    if settings.upstream_base_url:
        return f"{without_password(settings.upstream_base_url)} ({settings.upstream_api})"
    if settings.openai_api_key:
        return OPENAI_BASE_URL
    return (
        "offline: built in, extractive, no language model (set OPENAI_API_KEY or HITHERTO_UPSTREAM_BASE_URL)"
    )


def without_password(url: str) -> str:
    """Return the URL as it may be shown: without user, password and query."""
    return re.sub(r"//[^/?]*@", "//", url).partition("?")[0]
