"""The screen of the demonstration: what it knows, as things that rich can print at 80 columns and more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openai.types.responses import Response, ResponseCompactionItem
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from api.demo.session import Question, Session
from api.demo.talk import COMPACT_THRESHOLD_TOKENS, Progress, Sizes

WIDEST_COLUMNS = 100
BAR_COLUMNS = 44
ANSWER_CHARS = 240
SEAL_CHARS = 36
STATUS_STYLES = {"queued": "yellow", "in_progress": "cyan", "completed": "bold green"}


@dataclass(frozen=True, slots=True)
class Checked:
    """A question with its answer, and how many seconds that took."""

    question: Question
    answer: str
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether the answer holds everything that was expected."""
        return not self.question.missing_in(self.answer)


def open_console() -> Console:
    """Return a console for standard output, no wider than reads well."""
    console = Console(highlight=False)
    if console.width > WIDEST_COLUMNS:
        console = Console(highlight=False, width=WIDEST_COLUMNS)
    return console


def introduction(session: Session) -> RenderableType:
    """Say what is about to be shown."""
    return Group(
        Rule(Text("hitherto: the demonstration", style="bold"), align="left"),
        Padding(Text(session.about, style="dim"), (0, 0, 0, 2)),
        Padding(
            f"[bold]{len(session.items)}[/] items, all sent at once with the first question; "
            f"compact_threshold is [bold]{COMPACT_THRESHOLD_TOKENS:,}[/] tokens.",
            (0, 0, 1, 2),
        ),
    )


def turn(progress: Progress) -> RenderableType:
    """Show a background turn: its id, each status with its time, and the queues."""
    grid = _facts()
    grid.add_row("response", Text(progress.response.id, overflow="ellipsis", no_wrap=True))
    for number, (status, seconds) in enumerate(progress.seen):
        grid.add_row("status" if number == 0 else "", _status(status, seconds))
    if progress.queues and not progress.is_over:
        grid.add_row("queues", _depths(progress.queues))
    return Padding(grid, (0, 0, 0, 2))


def compaction(sizes: Sizes, item: ResponseCompactionItem | None, response: Response) -> RenderableType:
    """Show what the model would read before and after, and the item that stands for the rest."""
    grid = _facts()
    grid.add_row("before", _bar(sizes.before, sizes.before, "yellow"))
    if sizes.after is not None:
        grid.add_row("after", _bar(sizes.after, sizes.before, "green"))
    if item is None:
        grid.add_row("item", Text("there is none: nothing was compacted", style="bold red"))
    else:
        grid.add_row("item", Text(item.id, overflow="ellipsis", no_wrap=True))
        grid.add_row("sealed", _seal(item.encrypted_content))
    if response.usage:
        grid.add_row("usage", f"{response.usage.input_tokens:,} in, {response.usage.output_tokens:,} out")
    return Panel(grid, title="compaction", title_align="left", border_style="dim", padding=(0, 1))


def answer(checked: Checked) -> RenderableType:
    """Show one question, whether its answer holds, and the answer, shortened."""
    holds, question = checked.holds, checked.question
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=3, justify="right")
    grid.add_column(ratio=1)
    mark = Text("✓", style="bold green") if holds else Text("✗", style="bold red")
    title = Text(question.ask, style="bold")
    if question.early:
        title.append("  first tenth", style="magenta")
    grid.add_row(mark, title)
    grid.add_row("", _excerpt(checked.answer, question.expects))
    grid.add_row("", Text(_why(checked), style="dim"))
    return Padding(grid, (1, 0, 0, 0))


def verdict(
    checked: Sequence[Checked], sizes: Sizes, *, is_compacted: bool, seconds: float
) -> RenderableType:
    """Sum up; `seconds` is how long the whole demonstration took."""
    early = [each for each in checked if each.question.early]
    lines = [
        f"{_share(checked)} answers hold what they must; of the first tenth {_share(early)}.",
        _shrinkage(sizes),
        f"{seconds:.1f} s in all, no language model, nothing left the machine.",
    ]
    good = is_good(checked, is_compacted=is_compacted)
    colour = "green" if good else "red"
    title = "it remembers" if good else "it forgot" if is_compacted else "it did not compact"
    return Panel("\n".join(filter(None, lines)), title=f"[bold {colour}]{title}", border_style=colour)


def is_good(checked: Sequence[Checked], *, is_compacted: bool) -> bool:
    """Return whether the session was compacted and every early fact survived it."""
    early = [each for each in checked if each.question.early]
    return is_compacted and bool(early) and all(each.holds for each in early)


def failure(sentence: str, log_tail: str) -> RenderableType:
    """Say why the demonstration ended early, with the server's last words."""
    said = Text(log_tail or "(the server wrote nothing)", style="dim")
    log = Panel(said, title="the server's last lines", title_align="left", border_style="dim")
    return Group(f"[bold red]✗[/] {escape(sentence)}", log)


def _facts() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", width=9)
    grid.add_column()
    return grid


def _status(status: str, seconds: float) -> Text:
    return Text.assemble(
        (f"{status:<12}", STATUS_STYLES.get(status, "bold red")), (f"+{seconds:.2f} s", "dim")
    )


def _depths(queues: Mapping[str, int]) -> str:
    return " · ".join(f"{escape(name)} {depth}" for name, depth in queues.items())


def _bar(tokens: int, longest: int, colour: str) -> Text:
    length = max(1, round(BAR_COLUMNS * min(tokens / max(longest, 1), 1)))
    share = "" if tokens == longest else f" ({tokens / max(longest, 1):.1%})"
    return Text.assemble(("━" * length, colour), f" {tokens:,} tokens{share}")


def _seal(sealed: str) -> Text:
    return Text.assemble(f"{len(sealed.encode()) / 1024:.1f} KB  ", (f"{sealed[:SEAL_CHARS]}…", "dim"))


def _excerpt(text: str, expected: Sequence[str]) -> Text:
    """Return the part of an answer around the first expected string, with those strings marked."""
    flat = " ".join(text.split())
    places = [flat.find(words) for words in expected if words in flat]
    start = max(0, min(places, default=0) - ANSWER_CHARS // 2) if len(flat) > ANSWER_CHARS else 0
    cut = flat[start : start + ANSWER_CHARS]
    shown = Text("…" * (start > 0) + cut + "…" * (start + len(cut) < len(flat)))
    shown.highlight_words(expected, style="bold green")
    return shown


def _why(checked: Checked) -> str:
    missing = checked.question.missing_in(checked.answer)
    lacks = f"missing: {', '.join(missing)}. " if missing else ""
    return f"{lacks}{checked.question.why} ({checked.seconds:.1f} s)"


def _share(checked: Sequence[Checked]) -> str:
    return f"[bold]{sum(each.holds for each in checked)} of {len(checked)}[/]"


def _shrinkage(sizes: Sizes) -> str:
    if sizes.after is None:
        return ""
    return f"The model reads [bold]{sizes.after:,}[/] tokens instead of [bold]{sizes.before:,}[/]."
