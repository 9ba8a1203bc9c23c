"""The doctor's report: a line for each finding, and what to do below it; or all of it as JSON."""

import json
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.doctor.findings import Finding, Verdict
from api.narrator import release
from api.terminal import plain

_MARKS = {
    Verdict.OK: Text("✓", style="green"),
    Verdict.WARNING: Text("!", style="bold yellow"),
    Verdict.PROBLEM: Text("✗", style="bold red"),
}


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Return whether nothing is a problem; a warning is none."""
    return all(finding.verdict is not Verdict.PROBLEM for finding in findings)


def print_report(findings: Sequence[Finding]) -> None:
    """Print the findings for a person."""
    console = Console(highlight=False)
    console.print(f"\n[bold]hitherto[/] [dim]{release()}[/]\n")
    table = Table.grid(padding=(0, 1))
    table.add_column(width=2, justify="right")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(_MARKS[finding.verdict], plain(finding.subject, style="dim"), _told(finding))
    console.print(table)
    console.print(f"\n{_summary(findings)}\n")


def print_json(findings: Sequence[Finding]) -> None:
    """Print the findings for a program."""
    told = [
        {
            "subject": each.subject,
            "verdict": str(each.verdict),
            "says": each.says,
            "remedy": each.remedy or None,
        }
        for each in findings
    ]
    document = {"version": release(), "healthy": is_healthy(findings), "findings": told}
    print(json.dumps(document, indent=2, ensure_ascii=False))


def _told(finding: Finding) -> RenderableType:
    if not finding.remedy:
        return plain(finding.says)
    return Group(plain(finding.says), plain(f"→ {finding.remedy}", style="cyan"))


def _summary(findings: Sequence[Finding]) -> str:
    problems = sum(finding.verdict is Verdict.PROBLEM for finding in findings)
    warnings = sum(finding.verdict is Verdict.WARNING for finding in findings)
    counted = [_count(problems, "problem"), _count(warnings, "warning")]
    said = ", ".join(part for part in counted if part)
    return f"[bold]{said}[/]" if said else "[bold green]All is well.[/]"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}" if number else ""
