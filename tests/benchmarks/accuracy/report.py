"""The report of how far counts are from what models are really given."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from tests.benchmarks.accuracy.measuring import Error, Mixed

# An estimate may be under the truth by so much.
_TOLERATED = -0.05
# Smaller windows than the smallest threshold are never compacted.
_SMALLEST = 1000


def report(errors: Sequence[Error], mixed: Sequence[Mixed]) -> Table:
    """Return, for each tokenizer and chat format, the worst errors: before, after three reports, and shared."""
    table = Table(title="Counting: estimate against truth, worst of all sessions", title_justify="left")
    table.add_column("tokenizer")
    table.add_column("format")
    for heading in ("nothing known", "after 3 reports", "one model for all"):
        table.add_column(heading, justify="right")
    for each in mixed:
        judged = [
            error
            for error in errors
            if (error.provider, error.form) == (each.provider, each.form) and error.true_tokens > _SMALLEST
        ]
        first, learned = [error.first for error in judged], [error.learned for error in judged]
        table.add_row(
            each.provider,
            each.form,
            _span(min(first), max(first)),
            _span(min(learned), max(learned)),
            _span(each.most_under, each.most_over),
        )
    return table


def _span(most_under: float, most_over: float) -> Text:
    return Text(f"{most_under:+.1%} … {most_over:+.1%}", "" if most_under > _TOLERATED else "bold red")
