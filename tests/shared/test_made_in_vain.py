"""What was made ahead is given up once a turn that it was for is compacted otherwise."""

from typing import Any

import pytest

from shared.lifecycle import JobStatus
from tests.shared.test_compact_ahead import MORE, say_ahead
from tests.talk import LONG, TENANT, Talk, types, user

TRIGGER = [{"type": "compaction_trigger"}]
OTHERWISE: dict[str, dict[str, Any]] = {
    "target": {"target": 700},
    "pins": {"pins": ["Keep me."]},
    "trigger": {"said": TRIGGER},
}


@pytest.mark.parametrize("past", ["response", "conversation"])
@pytest.mark.parametrize("otherwise", OTHERWISE)
async def test_one_is_given_up_for_a_turn_that_is_compacted_otherwise(past: str, otherwise: str) -> None:
    talk = Talk()
    conversation: dict[str, Any] = {"conversation": "conv_1"} if past == "conversation" else {}
    talk.conversations.items[TENANT, "conv_1"] = []
    first = await say_ahead(talk, LONG, **conversation)
    talk.conversations.items[TENANT, "conv_1"] = [*first.input, *first.output]
    [made] = talk.compactions.jobs
    fields: dict[str, Any] = {"said": MORE, **OTHERWISE[otherwise]}
    named = conversation or {"after": first.response.id}

    second = await say_ahead(talk, **fields, **named)

    assert types(second)[0] == "compaction"
    assert second.response.output[0].id != made
    assert talk.compactions.outcomes == {made: "superseded"}
    assert talk.compactions.states[made].status is JobStatus.COMPLETED


async def test_one_that_was_used_is_not_given_up_by_turns_that_go_on_from_there() -> None:
    talk = Talk()
    first = await say_ahead(talk, LONG)
    second = await say_ahead(talk, MORE, after=first.response.id)
    third = await say_ahead(talk, LONG, after=second.response.id)
    await say_ahead(talk, MORE, after=third.response.id)

    assert set(talk.compactions.outcomes.values()) == {"in_time"}


@pytest.mark.parametrize("fields", [{"target": 700, "store": False}, {"said": [user("Hm.")]}], ids=str)
async def test_one_stays_for_those_who_may_still_need_it(fields: dict[str, Any]) -> None:
    talk = Talk()
    first = await say_ahead(talk, LONG)

    await say_ahead(talk, **{"said": MORE, **fields}, after=first.response.id)

    assert talk.compactions.outcomes == {}
