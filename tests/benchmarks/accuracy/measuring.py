"""Measuring how far our counts are from the true ones, before and after a model's reports are known."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.adapters.tiktoken import TiktokenCounter
from shared.window.calibration import EXACT, Correction, Evidence, Size, correction_from, report_of
from shared.window.counting import count_item, count_overhead
from shared.window.payload import SizedItem
from shared.window.sizing import size_of_items
from shared.wire.items import parse_items
from shared.wire.responses import Usage
from tests.benchmarks.accuracy.rendering import tokens_of
from tests.benchmarks.accuracy.sessions import Session, sessions

OURS = TiktokenCounter()
OTHER = TiktokenCounter("cl100k_base")
FORMS = ("harmony", "chatml")

# How many requests of a session are reported before the next one is judged.
REPORTS = 3


@dataclass(frozen=True, slots=True)
class Error:
    """By what fraction an estimate differs from the truth: below zero is under it.

    `learned` is of the estimate after a few reports of shorter windows of the same session.
    """

    session: str
    form: str
    provider: str
    true_tokens: int
    first: float
    learned: float


@dataclass(frozen=True, slots=True)
class Mixed:
    """The worst errors of a model that all sessions share in turn, once it is known."""

    provider: str
    form: str
    most_under: float
    most_over: float


Provider = Callable[[Session, str], int]


def providers() -> dict[str, Provider]:
    """Return what reports tokens: our own vocabulary, tokenizers so much coarser or finer, and another one."""
    return {
        "o200k": lambda session, form: round(tokens_of(session, form, OURS.count)),
        "o200k x 1.3": lambda session, form: round(tokens_of(session, form, _times(1.3))),
        "o200k x 0.8": lambda session, form: round(tokens_of(session, form, _times(0.8))),
        "cl100k": lambda session, form: round(tokens_of(session, form, OTHER.count)),
    }


def measure_errors() -> Iterator[Error]:
    """Yield the errors of every session, form and provider."""
    for name, provider in providers().items():
        for form in FORMS:
            for session in sessions():
                yield _error(session, form, name, provider)


def measure_mixed(*, rounds: int = 4) -> Iterator[Mixed]:
    """Yield what it comes to when one model is asked by all sessions in all languages, in an order by chance."""
    asked = [
        session.until(max(len(session.items) * part // 4, 1)) for session in sessions() for part in (2, 3, 4)
    ]
    sizes = [size_of_session(session) for session in asked]
    for name, provider in providers().items():
        for form in FORMS:
            true = [provider(session, form) for session in asked]
            order = random.Random(1).sample(range(len(asked)), len(asked)) * rounds
            judged = list(_judged([(sizes[each], true[each]) for each in order], known_after=len(asked)))
            yield Mixed(name, form, min(judged), max(judged))


def _judged(reports: Sequence[tuple[Size, int]], *, known_after: int) -> Iterator[float]:
    evidence = Evidence()
    for number, (size, tokens) in enumerate(reports):
        # What no compaction could be asked for is not judged.
        if number >= known_after and tokens > 1000:
            yield correction_from(evidence).real(size) / tokens - 1
        report = report_of(size, Usage(input_tokens=tokens), evidence=evidence)
        evidence = evidence if report is None else report.added_to(evidence)


def size_of_session(session: Session) -> Size:
    """Return a session's size as the server counts it."""
    items = [SizedItem(item=item, tokens=count_item(item, OURS.count)) for item in parse_items(session.items)]
    overhead = count_overhead(
        instructions=session.instructions, tools=session.tools, text_format=None, count=OURS.count
    )
    return size_of_items(items, overhead=overhead)


def learned(reports: Sequence[tuple[Size, int]], *, prior: float = 1.0) -> Correction:
    """Return the correction after these sizes were reported to have been so many tokens."""
    evidence = Evidence()
    for size, tokens in reports:
        report = report_of(size, Usage(input_tokens=tokens), evidence=evidence, prior=prior)
        evidence = evidence if report is None else report.added_to(evidence)
    return correction_from(evidence, prior=prior)


def _times(factor: float) -> Callable[[str], float]:
    return lambda text: factor * OURS.count(text)


def _error(session: Session, form: str, name: str, provider: Provider) -> Error:
    size, true = size_of_session(session), provider(session, form)
    shorter = [session.until(len(session.items) * part // (REPORTS + 1)) for part in range(1, REPORTS + 1)]
    reports = [(size_of_session(each), provider(each, form)) for each in shorter if each.items]
    return Error(
        session=session.name,
        form=form,
        provider=name,
        true_tokens=true,
        first=EXACT.real(size) / true - 1,
        learned=learned(reports).real(size) / true - 1,
    )
