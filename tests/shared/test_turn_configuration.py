"""Configuration updates in a turn: they hold from turn to turn, across any compaction, and stay one."""

import pytest

from shared.partial import fold
from shared.turns import Parked, TurnResult
from shared.wire.events import opening_events
from shared.wire.items import ConfigurationUpdate, dump_items
from shared.wire.model import JsonObject
from tests.fakes import in_turn, saying
from tests.talk import LONG, Talk, exchanges, types, user

OVER = 4_000
TRIGGER = {"type": "compaction_trigger"}
SCHEMA = {"format": {"type": "json_schema", "name": "colour", "schema": {"type": "object"}}}
LOW: JsonObject = {"type": "configuration_update", "reasoning": {"effort": "low"}}
HIGH: JsonObject = {"type": "configuration_update", "reasoning": {"effort": "high"}}
FORM: JsonObject = {"type": "configuration_update", "text": SCHEMA}


def asked(talk: Talk) -> tuple[JsonObject | None, JsonObject | None]:
    """The effort and the form that the model was asked for last."""
    sampling = talk.upstream.prompts[-1].sampling
    return sampling.reasoning, sampling.text


async def test_what_was_set_holds_until_a_request_says_otherwise() -> None:
    talk = Talk()
    first = await talk.say([LOW, user("Hi"), FORM])
    assert asked(talk) == ({"effort": "low"}, SCHEMA)
    assert talk.words == ["Hi"]

    second = await talk.say([HIGH, user("More")], after=first.response.id)
    assert asked(talk) == ({"effort": "high"}, SCHEMA)

    await talk.say("Less", after=second.response.id, reasoning={"effort": "none", "summary": "auto"})
    assert asked(talk) == ({"effort": "none", "summary": "auto"}, SCHEMA)
    await talk.say("Again", after=second.response.id, text={"format": {"type": "text"}, "verbosity": "low"})
    assert asked(talk) == ({"effort": "high"}, {"format": {"type": "text"}, "verbosity": "low"})


async def test_after_an_automatic_compaction_one_fresh_update_says_what_is_set() -> None:
    talk = Talk()

    result = await talk.say([LOW, FORM, *LONG, HIGH, user("And now?")], threshold=OVER)

    assert types(result) == ["compaction", "configuration_update", "message"]
    update = result.response.output[1].to_json()
    assert update.pop("id").startswith("item_")
    assert update == {**HIGH, **FORM}
    assert asked(talk) == ({"effort": "high"}, SCHEMA)
    assert not any(isinstance(item, ConfigurationUpdate) for item in talk.seen)
    assert talk.progress.types[2:6] == ["output_item.added", "output_item.done"] * 2


async def test_it_survives_a_second_compaction_and_is_still_one() -> None:
    talk = Talk(in_turn(saying("Fine. " * 20)))
    first = await talk.say([LOW, FORM, *LONG, user("And now?")], threshold=OVER)

    second = await talk.say(
        [HIGH, *exchanges(60), user("And then?")], after=first.response.id, threshold=OVER
    )

    assert types(second) == ["compaction", "configuration_update", "message"]
    assert second.response.output[1].changed(id="").to_json() == {"id": "", **HIGH, **FORM}
    payload = (await talk.history.resolve(talk.turn("x", after=second.response.id))).entries[0].payload
    assert payload is not None
    assert [entry.item.type for entry in payload.kept].count("configuration_update") == 1
    await talk.say("Go on", after=second.response.id)
    assert asked(talk) == ({"effort": "high"}, SCHEMA)


@pytest.mark.parametrize("kept", [True, False], ids=["as they came", "without the update"])
async def test_a_stateless_client_that_sends_the_output_keeps_what_was_set(kept: bool) -> None:
    talk = Talk()
    first = await talk.say([HIGH, *LONG, user("And now?")], threshold=OVER, store=False)
    output = [item for item in dump_items(first.response.output) if kept or item["type"] != HIGH["type"]]

    await talk.say([*output, user("Go on")], threshold=OVER)

    assert asked(talk) == ({"effort": "high"}, None)


async def test_a_triggered_compaction_keeps_what_was_set_inside() -> None:
    talk = Talk()
    triggered = await talk.say([HIGH, *LONG, FORM, TRIGGER])
    assert types(triggered) == ["compaction"]

    await talk.say("Go on", after=triggered.response.id)

    assert asked(talk) == ({"effort": "high"}, SCHEMA)


async def test_the_window_that_is_compacted_ahead_is_the_one_that_the_next_turn_finds() -> None:
    talk = Talk()
    result = await talk.say([HIGH, *LONG, user("And now?")], threshold=OVER)

    found = (await talk.history.resolve(talk.turn("Go on", after=result.response.id))).entries

    assert [entry.item for entry in result.window] == [entry.item for entry in found[:-1]]
    assert found[1].item.type == "configuration_update"


async def test_a_window_without_updates_is_told_of_none() -> None:
    talk = Talk()

    result = await talk.say([*LONG, user("And now?")], threshold=OVER)

    assert types(result) == ["compaction", "message"]


async def test_another_attempt_says_it_once() -> None:
    talk = Talk()
    talk.compactions.at_once = False
    turn = talk.turn([HIGH, *LONG, user("And now?")], background=True, threshold=OVER)
    told = opening_events(turn.head)
    parked = await talk.run(turn, fold(told))
    told += talk.progress.events
    await talk.compactions.run_all()
    first = await talk.run(turn, fold(told))
    # The compaction and the update were told; the answer was not.
    told += talk.progress.events[:4]

    again = await talk.run(turn, fold(told))

    assert isinstance(parked, Parked)
    assert isinstance(first, TurnResult)
    assert isinstance(again, TurnResult)
    assert types(again) == types(first) == ["compaction", "configuration_update", "message"]
    assert again.response.output[:2] == first.response.output[:2]
    assert asked(talk) == ({"effort": "high"}, None)
