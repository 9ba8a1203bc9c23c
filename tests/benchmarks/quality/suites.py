"""The suites: which sessions are compacted, by which methods and how often, and what is scored."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.wire.items import Item
from tests.benchmarks.counting import size_of
from tests.benchmarks.quality.agents import agent
from tests.benchmarks.quality.bank_five import day_of
from tests.benchmarks.quality.bank_four import BANK_FOUR
from tests.benchmarks.quality.bank_one import BANK_ONE
from tests.benchmarks.quality.bank_three import BANK_THREE
from tests.benchmarks.quality.bank_two import BANK_TWO
from tests.benchmarks.quality.chats import CHARACTERS_PER_TOKEN, Session, chat, plant, side_constraints
from tests.benchmarks.quality.demo import demo_session
from tests.benchmarks.quality.hobbies import HOBBIES
from tests.benchmarks.quality.hostile import hostile, hostile_in_other_forms
from tests.benchmarks.quality.kit import kit_session
from tests.benchmarks.quality.languages import LANGUAGES, Language, session_in
from tests.benchmarks.quality.methods import NEWEST_USER, TAIL, THRESHOLD_FACTOR, Method, Ours, Stretch
from tests.benchmarks.quality.other_agents import other_agent
from tests.benchmarks.quality.planted import Probe, Template, draw
from tests.benchmarks.quality.scoring import Score, is_promoted, kept, text_of_prompt
from tests.benchmarks.quality.small_talk import Bank
from tests.benchmarks.quality.summarizers import INJECTED_RULE, MISBEHAVING, remembering
from tests.benchmarks.quality.trades import TRADES
from tests.benchmarks.quality.varied import varied
from tests.benchmarks.quality.workdays import WORKDAYS

SESSION_TOKENS = 20_000
LONG_SESSION_TOKENS = 100_000
SCORED_ROUNDS = (1, 3, 10)

# Small talk before a further round, in targets: enough to go over the threshold again.
_LATER_TARGETS = THRESHOLD_FACTOR * 1.1
# What people tell between two rounds.
_LATER_FACTS = {"rule": 1, "amount": 1}


@dataclass(frozen=True, slots=True)
class Case:
    """One session to compact, by all methods of its suite, to `fraction` of its size or to `target_tokens`."""

    suite: str
    seed: int
    fraction: float = 0.0
    target_tokens: int = 0

    @property
    def size(self) -> str:
        """The target as people write it."""
        return f"{self.fraction:.0%}" if self.fraction else f"{self.target_tokens:,} tokens"


@dataclass(frozen=True, slots=True)
class Suite:
    """How sessions are made, what compacts them how often, and what is told between the rounds."""

    make: Callable[[random.Random], Session]
    methods: Callable[[Session], list[Method]] = lambda _session: [Ours()]
    rounds: int = 1
    bank: Sequence[Template] = ()
    talk: Bank = HOBBIES


def scores_of(case: Case, only: frozenset[str] = frozenset()) -> list[Score]:
    """Run a case and return its scores: of all methods of its suite, or of those named in `only`."""
    suite = SUITES[case.suite]
    session = suite.make(random.Random(f"{case.suite} {case.seed}"))
    size = size_of(session.items)
    target = case.target_tokens or int(size * case.fraction)
    later = [_between(suite, f"{case.seed} {number}", target) for number in range(suite.rounds - 1)]
    stretch = Stretch([session.items, *(each.items for each in later)], target)
    scores: list[Score] = []
    for method in (each for each in suite.methods(session) if not only or each.name in only):
        prompts = method.prompts(stretch)
        for number in (number for number in SCORED_ROUNDS if number <= suite.rounds):
            rows = _rows(session, later[: number - 1], prompts[number - 1], size)
            scores += [Score(case.suite, method.name, case.size, number, *row) for row in rows]
    return scores


def _rows(
    session: Session, later: Sequence[Session], prompt: Sequence[Item], size: int
) -> Iterator[tuple[str, float, int]]:
    text = text_of_prompt(prompt)
    yield from kept(session.probes, text)
    told = [probe for each in later for probe in each.probes]
    if told:
        yield "told later", sum(probe.holds(text) for probe in told), len(told)
    if session.hostile:
        yield "promoted", sum(is_promoted(part, prompt) for part in session.hostile), len(session.hostile)
    yield "ratio", size_of(prompt) / size, 1


def _between(suite: Suite, seed: str, target: int) -> Session:
    rng = random.Random(seed)
    items = suite.talk.exchanges(rng, int(target * _LATER_TARGETS * CHARACTERS_PER_TOKEN))
    planted = draw(rng, suite.bank, _LATER_FACTS) if suite.bank else []
    plant(rng, items, planted, suite.talk)
    return Session(items, [fact.probe for fact in planted])


def _all(session: Session) -> list[Method]:
    return [
        TAIL,
        NEWEST_USER,
        Ours(),
        Ours("ours, decent model", remembering(session, share=0.8)),
        Ours("ours, mediocre model", remembering(session, share=0.2)),
    ]


def _misbehaving(_session: Session) -> list[Method]:
    return [Ours(name, script) for name, script in MISBEHAVING.items()]


def _asked_anew(rng: random.Random) -> Session:
    session = chat(rng, BANK_ONE, HOBBIES, SESSION_TOKENS)
    facts = [Probe("fact", probe.needles) for probe in session.probes if probe.kind != "preference"]
    return Session(session.items, facts, hostile=(INJECTED_RULE,))


def _language(language: Language) -> Suite:
    return Suite(lambda rng: session_in(rng, language, SESSION_TOKENS), _against_truncation)


def _against_truncation(_session: Session) -> list[Method]:
    return [TAIL, NEWEST_USER, Ours()]


SUITES: dict[str, Suite] = {
    "chat, bank one": Suite(lambda rng: chat(rng, BANK_ONE, HOBBIES, SESSION_TOKENS), _all, 10),
    "chat, bank two": Suite(
        lambda rng: chat(rng, BANK_TWO, WORKDAYS, SESSION_TOKENS), _all, 10, talk=WORKDAYS
    ),
    "chat, bank three": Suite(
        lambda rng: varied(rng, BANK_THREE, TRADES, SESSION_TOKENS), _against_truncation, 10, talk=TRADES
    ),
    "chat, bank four": Suite(
        lambda rng: varied(rng, BANK_FOUR, TRADES, SESSION_TOKENS), _against_truncation, 10, talk=TRADES
    ),
    "bank five": Suite(lambda rng: day_of(rng, SESSION_TOKENS), _against_truncation, 3),
    "told later": Suite(
        lambda rng: chat(rng, BANK_TWO, WORKDAYS, SESSION_TOKENS), _against_truncation, 10, BANK_ONE
    ),
    "kit": Suite(lambda rng: kit_session(rng, SESSION_TOKENS), _all, 10),
    "side constraint": Suite(
        lambda rng: side_constraints(rng, [*BANK_ONE, *BANK_TWO], WORKDAYS, LONG_SESSION_TOKENS, count=6),
        _against_truncation,
    ),
    "side constraint, bank three": Suite(
        lambda rng: side_constraints(rng, BANK_THREE, TRADES, LONG_SESSION_TOKENS, count=6),
        _against_truncation,
    ),
    "side constraint, bank four": Suite(
        lambda rng: side_constraints(rng, BANK_FOUR, TRADES, LONG_SESSION_TOKENS, count=6),
        _against_truncation,
    ),
    "agent": Suite(lambda rng: agent(rng, 26), _against_truncation),
    "agent, other tools": Suite(lambda rng: other_agent(rng, 30), _against_truncation),
    "hostile": Suite(lambda rng: hostile(rng, SESSION_TOKENS), _against_truncation, 3),
    "hostile, other forms": Suite(
        lambda rng: hostile_in_other_forms(rng, SESSION_TOKENS), _against_truncation, 3, talk=TRADES
    ),
    "misbehaving": Suite(_asked_anew, _misbehaving),
    "demo": Suite(lambda _rng: demo_session(), _against_truncation),
    **{f"in {code}": _language(language) for code, language in LANGUAGES.items()},
}
