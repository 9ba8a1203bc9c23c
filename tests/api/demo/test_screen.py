"""What the demonstration says at the end, and what it counts as success."""

import io

import pytest
from rich.console import Console

from api.demo import screen
from api.demo.screen import Checked
from api.demo.session import Question
from api.demo.talk import Sizes

EARLY = Question(ask="Which ticket?", expects=("PAY-1",), early=True, why="Said once.")
LATE = Question(ask="Which port?", expects=("7432",), early=False, why="Moved.")
SIZES = Sizes(before=24_000, after=2_000)


def checked(early_answer: str = "PAY-1", late_answer: str = "7432") -> list[Checked]:
    return [Checked(EARLY, early_answer, 0.1), Checked(LATE, late_answer, 0.1)]


def printed(renderable: object, columns: int = 80) -> str:
    console = Console(file=io.StringIO(), width=columns)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("answers", "is_compacted", "good"),
    [
        pytest.param(checked(), True, True, id="all hold"),
        pytest.param(checked(late_answer="no idea"), True, True, id="a late fact is missing"),
        pytest.param(checked(early_answer="no idea"), True, False, id="an early fact is missing"),
        pytest.param(checked(), False, False, id="nothing was compacted"),
        pytest.param([], True, False, id="nothing was asked"),
    ],
)
def test_success_is_a_compaction_that_every_early_fact_survives(
    answers: list[Checked], is_compacted: bool, good: bool
) -> None:
    assert screen.is_good(answers, is_compacted=is_compacted) is good
    verdict = printed(screen.verdict(answers, SIZES, is_compacted=is_compacted, seconds=9.0))
    assert ("it remembers" in verdict) is good


def test_a_long_answer_is_cut_around_what_was_expected() -> None:
    answer = printed(screen.answer(Checked(EARLY, f"{'before ' * 200}PAY-1{' after' * 200}", 0.1)))
    assert "✓" in answer
    assert "PAY-1" in answer
    assert len(answer.splitlines()) < 10


def test_an_answer_that_lacks_something_says_what() -> None:
    answer = printed(screen.answer(Checked(EARLY, "[red]no idea[/nope]", 0.1)))
    assert "✗" in answer
    assert "missing: PAY-1" in answer
    assert "[red]no idea[/nope]" in answer


@pytest.mark.parametrize("columns", [80, 100])
def test_a_failure_quotes_the_log_as_it_was_written(columns: int) -> None:
    said = printed(screen.failure("DemoFailed: [x] broke", "Traceback [/bold] 7"), columns)
    assert "[x] broke" in said
    assert "Traceback [/bold] 7" in said
    assert max(map(len, said.splitlines())) <= columns
