"""The report of the speed benchmark."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from tests.benchmarks.speed.figures import Figure


def report(figures: Sequence[Figure]) -> Table:
    """Return the figures as a table."""
    table = Table(title="Speed, on this machine", title_justify="left")
    table.add_column("measure")
    for heading in ("value", "unit", "to reach"):
        table.add_column(heading, justify="right")
    for figure in figures:
        value = Text(f"{figure.value:,.{_digits(figure.value)}f}", "" if figure.is_met else "bold red")
        table.add_row(figure.name, value, figure.unit, "" if figure.most is None else f"≤ {figure.most:g}")
    return table


def _digits(value: float) -> int:
    return 0 if value >= 100 else 2
