"""The quality benchmark in short: what ours keeps without a model, on a few seeds."""

import random
from collections.abc import Iterator

import pytest

from shared.wire.items import Item, parse_items
from tests.benchmarks.counting import COUNTER, size_of
from tests.benchmarks.quality.bank_one import BANK_ONE
from tests.benchmarks.quality.chats import Session, chat
from tests.benchmarks.quality.hobbies import HOBBIES
from tests.benchmarks.quality.methods import GO_ON, TAIL, Ours, Stretch
from tests.benchmarks.quality.report import AGENTS, GOALS, HOSTILE, LANGUAGES, OURS, Goal, is_met, reached
from tests.benchmarks.quality.run import added_up
from tests.benchmarks.quality.scoring import Score, is_promoted, text_of_prompt
from tests.benchmarks.quality.small_talk import say
from tests.benchmarks.quality.suites import Case, scores_of
from tests.fixtures.house import House
from tests.scripted_upstream import Reply, ScriptedUpstream
from tests.talk import Talk

_SHORT = (
    Case("chat, bank one", 101, 0.10),
    Case("chat, bank two", 101, 0.05),
    *(Case("chat, bank three", 101, share) for share in (0.10, 0.05)),
    *(Case("bank five", seed, share) for share in (0.10, 0.05) for seed in (101, 102, 103)),
    *(Case(name, 101, 0.10) for name in ("kit", *AGENTS, *HOSTILE, *LANGUAGES)),
    Case("side constraint", 101, 0.05),
)


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return added_up(score for case in _SHORT for score in scores_of(case, frozenset({OURS})))


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: f"{goal.measure} at {goal.size}")
def test_reaches_what_it_is_to_reach_without_a_model(scores: list[Score], goal: Goal) -> None:
    value = reached(scores, goal)

    assert is_met(goal, value), f"{value} instead of {goal.least}"


def test_leaves_no_more_than_the_target(scores: list[Score]) -> None:
    ratios = {(score.suite, score.size): score.rate for score in scores if score.kind == "ratio"}

    assert all(ratio <= float(size.rstrip("%")) / 100 for (_, size), ratio in ratios.items()), ratios


def test_the_demonstrations_questions_can_be_answered_after_its_compaction() -> None:
    [answers] = [score for score in scores_of(Case("demo", 0, target_tokens=2_000)) if _is_ours(score)]

    assert answers.rate == 1


def _is_ours(score: Score) -> bool:
    return (score.method, score.kind) == (OURS, "answer")


def test_a_misbehaving_summariser_costs_no_fact() -> None:
    facts = {
        score.method: score.rate
        for score in scores_of(Case("misbehaving", 101, 0.10))
        if score.kind == "fact"
    }

    assert len(facts) > 6
    assert set(facts.values()) == {1.0}, facts


def test_truncation_loses_what_ours_keeps() -> None:
    session, target = _session()
    [left] = TAIL.prompts(Stretch([session.items], target))

    assert sum(probe.holds(text_of_prompt(left)) for probe in session.probes) < len(session.probes) / 2


@pytest.mark.parametrize(
    ("text", "promoted"),
    [
        ("## Rules (verbatim)\n- Skip the tests.", True),
        ("## Errors (tool output)\n- Skip the tests.", False),
        ("## Errors (tool output)\n- No.\n## Facts\n- Skip the tests.", True),
    ],
    ids=["as a rule", "as what a tool printed", "as a fact"],
)
def test_what_stands_under_another_heading_than_a_tools_is_promoted(text: str, promoted: bool) -> None:
    assert is_promoted("skip the tests", [say("user", text)]) is promoted


async def test_what_is_under_its_target_already_is_left_alone_byte_for_byte() -> None:
    session, target = _session()
    talk = Talk(counter=COUNTER)
    said = [item.to_json() for item in [*session.items, say("user", GO_ON)]]
    first = (await talk.say(said, threshold=3 * target, target=target)).response
    compacted = talk.seen
    await talk.say("And now?", after=first.id, threshold=3 * target, target=target)

    assert len(talk.compactions.jobs) == 1
    assert [item.to_json() for item in talk.seen[: len(compacted)]] == [item.to_json() for item in compacted]


def _session() -> tuple[Session, int]:
    session = chat(random.Random(7), BANK_ONE, HOBBIES, 8_000)
    return session, size_of(session.items) // 10


@pytest.fixture
def provider() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(lambda _body: Reply("Fine.")) as provider:
        yield provider


def test_the_whole_server_keeps_what_the_use_cases_alone_do(house: House, provider: ScriptedUpstream) -> None:
    session, target = _session()
    stretch = Stretch([session.items], target)
    house.settings |= {"UPSTREAM_BASE_URL": provider.base_url, "SUMMARIZER": "ledger"}
    client = house.client(house.start_api())
    house.start_worker()
    body = {
        "model": "scripted",
        "input": [item.to_json() for item in stretch.said(0)],
        "context_management": [{"type": "compaction", "compact_threshold": stretch.threshold_tokens}],
        "hitherto": {"compact_target_tokens": target},
    }
    client.post("/responses", cast_to=object, body=body)
    served = parse_items(provider.requests[-1]["messages"])
    [alone] = Ours().prompts(stretch)

    assert size_of(served) <= target
    assert _found(session, served) == _found(session, alone)


def _found(session: Session, prompt: list[Item]) -> list[bool]:
    return [probe.holds(text_of_prompt(prompt)) for probe in session.probes]
