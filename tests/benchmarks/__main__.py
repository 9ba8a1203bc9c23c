"""`python -m tests.benchmarks [quality|speed|counting|all]`: measures, prints tables, and writes the numbers as JSON."""

import json
import os
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from shared.wire.model import JsonObject
from tests.benchmarks.accuracy.measuring import measure_errors, measure_mixed
from tests.benchmarks.accuracy.report import report as accuracy_report
from tests.benchmarks.quality.report import report as quality_report
from tests.benchmarks.quality.run import cases, measure
from tests.benchmarks.speed.report import report as speed_report
from tests.benchmarks.speed.run import measure_all

SEEDS = 6
WIDEST_COLUMNS = 200


class What(StrEnum):
    """What can be measured."""

    QUALITY = "quality"
    SPEED = "speed"
    COUNTING = "counting"
    ALL = "all"


def main(
    what: Annotated[What, typer.Argument(help="what to measure")] = What.ALL,
    seeds: Annotated[int, typer.Option(min=1, help="sessions of each kind of chat")] = SEEDS,
    json_path: Annotated[Path, typer.Option("--json", help="where the numbers go")] = Path(
        "build/benchmarks.json"
    ),
) -> None:
    """Measure what compaction keeps, how fast the server is, and how well it counts."""
    console = Console(width=None if os.isatty(1) else WIDEST_COLUMNS)
    numbers: JsonObject = {}
    if what in (What.SPEED, What.ALL):
        numbers["speed"] = _speed(console)
    if what in (What.QUALITY, What.ALL):
        numbers["quality"] = _quality(console, seeds)
    if what in (What.COUNTING, What.ALL):
        numbers["counting"] = _counting(console)
    json_path.parent.mkdir(parents=True, exist_ok=True)
    json_path.write_text(json.dumps(numbers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(f"the numbers are in {json_path}")


def _speed(console: Console) -> list[JsonObject]:
    with console.status("measuring speed …"):
        figures = measure_all()
    console.print(speed_report(figures))
    return [asdict(figure) for figure in figures]


def _quality(console: Console, seeds: int) -> list[JsonObject]:
    wanted = cases(seeds)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("compacting sessions …", total=len(wanted))
        scores = measure(wanted, processes=os.cpu_count() or 1, done=lambda: progress.advance(task))
    console.print(quality_report(scores))
    return [asdict(score) for score in scores]


def _counting(console: Console) -> JsonObject:
    with console.status("counting sessions …"):
        errors, mixed = list(measure_errors()), list(measure_mixed())
    console.print(accuracy_report(errors, mixed))
    return {"errors": [asdict(error) for error in errors], "mixed": [asdict(each) for each in mixed]}


if __name__ == "__main__":
    typer.run(main)
