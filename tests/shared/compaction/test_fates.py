"""What became of each item is told once, with its reason, and without its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.compaction.fates import Fate, ItemFate, our_fates, provider_fates
from shared.compaction.ledger import collect
from shared.compaction.plan import Stay, plan_compaction
from shared.compaction.policy import Policy
from shared.window.payload import SizedItem
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from tests.fakes import WordCounter
from tests.strategies import conversations, sized
from tests.talk import RULE, assistant, system, user

COUNT = WordCounter().count
POLICIES = st.builds(
    Policy,
    target_tokens=st.integers(1, 5000),
    user_tokens=st.integers(0, 1500),
    recent_tokens=st.integers(0, 1000),
)
BARE = Policy(target_tokens=300, user_tokens=0, recent_tokens=0)


def history_of(documents: list[JsonObject]) -> list[SizedItem]:
    return [sized(item) for item in parse_items(documents)]


def fates(history: list[SizedItem], policy: Policy = BARE, *, summarised: bool = False) -> list[ItemFate]:
    plan = plan_compaction(history, policy, count=COUNT)
    return our_fates(history, plan, ledger=collect(plan.replaced), seen=0, summarised=summarised)


@given(conversations(), POLICIES, st.booleans())
def test_every_item_has_exactly_one_fate_and_its_own_name_and_size(
    history: list[SizedItem], policy: Policy, summarised: bool
) -> None:
    told = fates(history, policy, summarised=summarised)

    assert [each.position for each in told] == list(range(len(history)))
    assert [(each.id, each.type, each.tokens) for each in told] == [
        (entry.item.id, entry.item.type, entry.tokens) for entry in history
    ]


@given(conversations(), POLICIES, st.booleans())
def test_the_fates_are_those_of_the_plan(history: list[SizedItem], policy: Policy, summarised: bool) -> None:
    plan = plan_compaction(history, policy, count=COUNT)
    told = fates(history, policy, summarised=summarised)

    kept = [each for each in told if each.fate in (Fate.KEPT, Fate.SHORTENED)]
    replaced = [each for each in told if each.fate is not Fate.KEPT]
    assert len(kept) == len(plan.kept)
    assert [history[each.position].item for each in replaced] == plan.replaced
    assert {each.reason for each in kept} <= set(Stay)


@given(conversations(), POLICIES)
def test_a_model_leaves_nothing_out(history: list[SizedItem], policy: Policy) -> None:
    told = fates(history, policy, summarised=True)

    assert {each.fate for each in told} <= {Fate.KEPT, Fate.SHORTENED, Fate.SUMMARISED}


CALL = {"type": "function_call", "call_id": "a", "name": "look", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "a", "output": "mm"}


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        pytest.param(
            [system("Hm."), user("x"), assistant("y")], (0, "kept", "system_or_developer"), id="system"
        ),
        pytest.param([user("What now?")], (0, "kept", "unanswered_user_message"), id="unanswered"),
        pytest.param([user("x"), assistant("y"), CALL], (2, "kept", "open_call"), id="open call"),
        pytest.param(
            [user("x"), assistant("y"), {"type": "reasoning", "summary": []}, CALL],
            (2, "kept", "reasoning_of_open_call"),
            id="reasoning of an open call",
        ),
        pytest.param([user(RULE), assistant("ok")], (0, "summarised", "in_ledger"), id="a rule"),
        pytest.param(
            [user("x"), assistant("ok"), CALL, OUTPUT, assistant("y")],
            (3, "pruned", "no_facts"),
            id="an output",
        ),
        pytest.param(
            [*[assistant(f"Well {n}.") for n in range(30)], user("x"), assistant("y")],
            (12, "dropped", "no_facts"),
            id="small talk",
        ),
        pytest.param(
            [user("x"), assistant("y"), {"type": "compaction", "encrypted_content": "theirs"}],
            (2, "dropped", "sealed_elsewhere"),
            id="what a provider sealed",
        ),
    ],
)
def test_a_reason_is_told(documents: list[JsonObject], expected: tuple[int, str, str]) -> None:
    position, fate, reason = expected

    told = fates(history_of(documents))[position]

    assert (told.fate, told.reason) == (fate, reason)


def test_what_stays_by_its_budget_says_so() -> None:
    words = " ".join(f"word{n}" for n in range(300))
    history = history_of([user("oldest"), user(words), assistant("ok"), user("newest"), assistant("fine")])
    edge = history[3].tokens + 100

    told = fates(history, Policy(target_tokens=1000, user_tokens=edge, recent_tokens=history[4].tokens))

    assert [(told[place].fate, told[place].reason) for place in (1, 3, 4)] == [
        ("shortened", "user_budget_edge"),
        ("kept", "user_budget"),
        ("kept", "recent"),
    ]


def test_facts_of_items_without_an_id_are_found_by_where_the_ledger_saw_them() -> None:
    before = collect(parse_items([user("Hello."), assistant("Hi.")]))
    history = history_of([user(RULE), assistant("ok")])
    plan = plan_compaction(history, BARE, count=COUNT)
    ledger = collect(plan.replaced, known=before)

    told = our_fates(history, plan, ledger=ledger, seen=before.items_seen, summarised=False)

    assert (told[0].fate, told[0].reason) == ("summarised", "in_ledger")


def test_a_provider_keeps_what_it_hands_back_and_seals_the_rest() -> None:
    history = history_of([user("One"), assistant("Two"), user("One"), user("Three")])

    told = provider_fates(history, history_of([user("One"), user("Three")]))

    assert [each.fate for each in told] == ["kept", "summarised", "summarised", "kept"]
    assert {each.reason for each in told} == {"by_provider"}
