"""What a compaction on request leaves fits the model's window, however small that is."""

from typing import Any

import pytest

from shared.compaction.policy import ROOMY_TOKENS
from shared.window.entry import total_tokens
from shared.wire.options import HithertoOptions
from tests.talk import Talk, types, user

TRIGGER = {"type": "compaction_trigger"}


@pytest.mark.parametrize(
    ("settings", "asked", "target"),
    [
        ({}, None, None),
        ({"context_window_tokens": ROOMY_TOKENS * 2}, None, None),
        ({"context_window_tokens": 12_000}, None, 6_000),
        ({"context_window_tokens": 12_000, "compact_target_tokens": 9_000}, None, 9_000),
        ({"context_window_tokens": 12_000}, 8_000, 8_000),
    ],
    ids=["an unknown window", "a large window", "a small window", "a set target", "an asked target"],
)
def test_it_leaves_as_much_as_openais_unless_the_window_is_small(
    settings: dict[str, Any], asked: int | None, target: int | None
) -> None:
    options = HithertoOptions(compact_target_tokens=asked) if asked else None

    assert Talk(**settings).window_compactor.jobs.roomy_target("m", options) == target


async def test_after_a_trigger_a_conversation_of_long_questions_can_go_on() -> None:
    talk = Talk(context_window_tokens=2_000)
    questions = [user(f"Question {number}: " + "and so on " * 60) for number in range(30)]

    triggered = await talk.say([*questions, TRIGGER])
    result = await talk.say("Well?", after=triggered.response.id)

    assert types(result) == ["message"]
    window = (await talk.history.resolve(talk.turn("x", after=triggered.response.id))).entries
    assert total_tokens(window) < 1_500
