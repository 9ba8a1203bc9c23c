"""The report of the quality benchmark: the table of what is to be reached, and what every method kept."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tests.benchmarks.quality.scoring import OTHER_KINDS, Score

OURS = "ours, no model"
BASELINES = ("tail truncation", "newest user messages")
CHATS = ("chat, bank one", "chat, bank two", "kit")
# The ledger was not written with these in view: the third was looked at later, the fourth held back.
OTHER_TRADES = ("chat, bank three", "chat, bank four")
SIDE_CONSTRAINTS = ("side constraint", "side constraint, bank three", "side constraint, bank four")
AGENTS = ("agent", "agent, other tools")
HOSTILE = ("hostile", "hostile, other forms")
# Written from the outside, each session in its own words, and scored before the ledger was looked at.
OUTSIDE = ("bank five",)
LANGUAGES = ("in de", "in es", "in zh", "in ja")


@dataclass(frozen=True, slots=True)
class Goal:
    """A measure of ours without a model, and the least (or, for 0, the most) that it is to be."""

    measure: str
    suites: tuple[str, ...]
    size: str
    round: int = 1
    kinds: tuple[str, ...] = ()  # all kinds of facts where none is named
    least: float = 1.0


_HARD = ("rule", "safety rule", "hard constraint")
GOALS = (
    *(
        Goal(f"planted facts, round {number}", CHATS, "10%", number, least=least)
        for number, least in ((1, 0.97), (3, 0.95), (10, 0.95))
    ),
    *(Goal(f"rules and constraints, round {number}", CHATS, "10%", number, _HARD) for number in (1, 3, 10)),
    *(
        Goal(f"planted facts, round {number}", CHATS, "5%", number, least=least)
        for number, least in ((1, 0.90), (3, 0.85), (10, 0.85))
    ),
    *(
        Goal(f"facts of other trades, round {number}", OTHER_TRADES, size, number, least=least)
        for size, number, least in (("10%", 1, 0.97), ("10%", 10, 0.95), ("5%", 1, 0.90), ("5%", 10, 0.85))
    ),
    *(
        Goal(f"facts of bank five, round {number}", OUTSIDE, size, number, least=least)
        for size, number, least in (("10%", 1, 0.97), ("10%", 3, 0.95), ("5%", 1, 0.90), ("5%", 3, 0.85))
    ),
    Goal("side constraint in 100,000 tokens", SIDE_CONSTRAINTS, "5%", least=0.98),
    *(
        Goal(f"agent: {kind}", AGENTS, "10%", kinds=(kind,), least=least)
        for kind, least in (
            ("identifier", 0.95),
            ("file edited", 0.95),
            ("command", 0.80),
            ("error", 0.60),
            ("last state", 1.0),
        )
    ),
    Goal("German, Spanish, Chinese, Japanese", LANGUAGES, "10%", least=0.97),
    Goal("hostile text promoted to a rule", HOSTILE, "10%", kinds=("promoted",), least=0.0),
)


def rate(scores: Iterable[Score], fits: Callable[[Score], bool]) -> float | None:
    """Return what share of the things that fit was found, or None where there are none."""
    chosen = [score for score in scores if fits(score)]
    asked = sum(score.asked for score in chosen)
    return sum(score.found for score in chosen) / asked if asked else None


def reached(scores: Sequence[Score], goal: Goal, method: str = OURS) -> float | None:
    """Return what a method reached of a goal."""

    def fits(score: Score) -> bool:
        place = (score.method, score.size, score.round) == (method, goal.size, goal.round)
        kind = score.kind in goal.kinds if goal.kinds else score.kind not in OTHER_KINDS
        return place and kind and score.suite in goal.suites

    return rate(scores, fits)


def is_met(goal: Goal, value: float | None) -> bool:
    """Return whether a value meets a goal; what was not measured does not."""
    return value is not None and (value <= 0 if goal.least == 0 else value >= goal.least)


def report(scores: Sequence[Score]) -> RenderableType:
    """Return everything as tables."""
    return Group(_goals(scores), _misbehaving(scores), *(_suite(scores, name) for name in _suites(scores)))


def _goals(scores: Sequence[Score]) -> Table:
    table = Table(title="What the next model still sees", title_justify="left")
    for heading in ("measure", "target", *BASELINES, OURS, "to reach"):
        table.add_column(heading, justify="left" if heading == "measure" else "right")
    for goal in GOALS:
        value = reached(scores, goal)
        baselines = (_shown(reached(scores, goal, name)) for name in BASELINES)
        wanted = "0" if goal.least == 0 else f"≥ {goal.least:.2f}"
        mark = Text(_shown(value), "green" if is_met(goal, value) else "bold red")
        table.add_row(goal.measure, goal.size, *baselines, mark, wanted)
    return table


def _misbehaving(scores: Sequence[Score]) -> Table:
    table = Table(title="A summariser that misbehaves", title_justify="left")
    for heading in ("it answers with", "facts kept", "its rule adopted", "size"):
        table.add_column(heading)
    found = [score for score in scores if score.suite == "misbehaving"]
    for method in dict.fromkeys(score.method for score in found):
        rates = {score.kind: score.rate for score in found if score.method == method}
        table.add_row(method, *(_shown(rates[kind]) for kind in ("fact", "promoted", "ratio")))
    return table


def _suite(scores: Sequence[Score], suite: str) -> Table:
    own = [score for score in scores if score.suite == suite]
    kinds = list(dict.fromkeys(score.kind for score in own if score.kind != "ratio"))
    table = Table(title=suite, title_justify="left")
    for heading in ("method", "target", "round", "size", "facts", *kinds):
        table.add_column(heading)
    for method, size, number in dict.fromkeys((score.method, score.size, score.round) for score in own):
        row = [score for score in own if (score.method, score.size, score.round) == (method, size, number)]
        rates = {score.kind: score.rate for score in row}
        facts = rate(row, lambda score: score.kind not in OTHER_KINDS)
        cells = [rates["ratio"], facts, *(rates.get(kind) for kind in kinds)]
        table.add_row(method, size, str(number), *(_shown(cell) for cell in cells))
    return table


def _suites(scores: Sequence[Score]) -> list[str]:
    return [name for name in dict.fromkeys(score.suite for score in scores) if name != "misbehaving"]


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
