"""How much a compaction may leave."""

import json
from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.compaction.policy import (
    ENDPOINT_USER_TOKENS,
    MIN_RECORD_TOKENS,
    Choice,
    Policy,
    automatic_policy,
    endpoint_policy,
    trigger_policy,
)

SIZES = st.integers(1, 2_000_000)


@given(st.integers(MIN_RECORD_TOKENS * 4, 2_000_000))
def test_without_a_target_a_compaction_drains_to_a_quarter_of_its_threshold(threshold: int) -> None:
    assert automatic_policy(threshold=threshold, target=None, model=None).target_tokens == threshold // 4


def test_a_small_threshold_leaves_room_for_a_record() -> None:
    assert automatic_policy(threshold=16, target=None, model=None).target_tokens == MIN_RECORD_TOKENS


@given(SIZES, st.none() | SIZES)
def test_user_messages_get_a_third_at_most_so_that_they_cannot_trip_the_threshold_again(
    threshold: int, target: int | None
) -> None:
    policy = automatic_policy(threshold=threshold, target=target, model=None)

    assert policy.user_tokens <= min(policy.target_tokens / 3, ENDPOINT_USER_TOKENS)


@given(SIZES, SIZES)
def test_a_target_is_absolute(threshold: int, target: int) -> None:
    assert automatic_policy(threshold=threshold, target=target, model=None).target_tokens == target
    assert endpoint_policy(target=target, model=None, instructions=None).target_tokens == target
    assert trigger_policy(target=target, model=None).target_tokens == target


@given(SIZES, st.none() | SIZES)
def test_the_shares_of_messages_leave_something_for_the_record(threshold: int, target: int | None) -> None:
    for policy in (
        automatic_policy(threshold=threshold, target=target, model=None),
        endpoint_policy(target=target, model=None, instructions=None),
    ):
        assert policy.user_tokens + policy.recent_tokens < policy.target_tokens


@given(SIZES, SIZES)
def test_a_smaller_target_has_the_same_shares(threshold: int, left: int) -> None:
    policy = automatic_policy(threshold=threshold, target=None, model=None)

    drained = policy.leaving(min(left, policy.target_tokens))

    assert drained.target_tokens == min(left, policy.target_tokens)
    assert drained.user_tokens <= drained.target_tokens / 6
    assert drained.recent_tokens <= drained.target_tokens / 10
    assert policy.leaving(policy.target_tokens) == policy


def test_the_endpoint_keeps_user_messages_up_to_openais_budget() -> None:
    policy = endpoint_policy(target=None, model="m", instructions="Be brief.")

    assert (policy.user_tokens, policy.target_tokens) == (64_000, 72_000)
    assert (policy.origin, policy.model, policy.instructions) == ("endpoint", "m", "Be brief.")


@given(st.none() | SIZES)
def test_a_triggered_compaction_is_as_roomy_but_its_item_supersedes(target: int | None) -> None:
    triggered = trigger_policy(target=target, model="m")
    beside = endpoint_policy(target=target, model="m", instructions=None)

    assert triggered == replace(beside, origin="automatic")


CHANGES: dict[str, object] = {
    "target_tokens": 2,
    "user_tokens": 2,
    "recent_tokens": 2,
    "record_tokens": 2,
    "origin": "endpoint",
    "model": "m",
    "instructions": "x",
    "summary_share": 0.25,
    "sections": ("Rules",),
    "rule_sections": ("Rules",),
    "prompt": "x",
    "pins": ("x",),
    "pinned_items": ("msg_1",),
    "operator_pins": ("x",),
}


@pytest.mark.parametrize("name", [field.name for field in fields(Policy)])
def test_policies_that_ask_for_something_else_have_another_fingerprint(name: str) -> None:
    policy = Policy(target_tokens=1, user_tokens=1, recent_tokens=1)
    other = replace(policy, **{name: CHANGES[name]})  # type: ignore[arg-type]  # one field of its own type

    assert policy.fingerprint == replace(policy).fingerprint
    assert policy.fingerprint != other.fingerprint
    assert Policy.from_json(json.loads(json.dumps(asdict(other)))) == other


def test_a_policy_of_a_newer_server_is_read_without_what_is_new_in_it() -> None:
    policy = Policy(target_tokens=1, user_tokens=1, recent_tokens=1)

    assert Policy.from_json(asdict(policy) | {"later": [1]}) == policy


@given(SIZES, SIZES)
def test_shares_and_budgets_are_the_operators(threshold: int, target: int) -> None:
    choice = Choice(user_tokens=500, user_share=0.4, recent_share=0.2, sections=("A",), pins=("p",))

    automatic = automatic_policy(threshold=threshold, target=target, model=None, choice=choice)
    roomy = trigger_policy(target=None, model=None, choice=choice)

    assert automatic.user_tokens == min(500, int(target * 0.4))
    assert automatic.recent_tokens == int(target * 0.2)
    assert (roomy.user_tokens, roomy.target_tokens, roomy.recent_tokens) == (500, 8_500, 1_600)
    assert (automatic.sections, automatic.operator_pins) == (("A",), ("p",))
