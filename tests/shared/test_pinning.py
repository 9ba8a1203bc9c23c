"""What is pinned stands word for word in every window from then on, however often it is compacted."""

from typing import Any

import pytest

from shared.adapters.redis.encoding import decode_each, encode_item
from shared.compaction.fates import Fate
from shared.compaction.pins import NO_PINS, Pins, pins_of, render_pins
from shared.compaction.policy import Policy
from shared.compaction.record import CLOSING
from shared.turns import TurnResult
from shared.window.entry import Entry
from shared.window.payload import Payload
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from tests.fakes import Script, in_turn, saying
from tests.strategies import sized
from tests.summaries import GOOD, writing
from tests.talk import TENANT, Talk, exchanges, user

THRESHOLD = 4_000
PIN = "The tide table of Cuxhaven\n  is    right."
OTHER = "Quote prices net."
CALL = {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "read", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "id": "fc_2", "call_id": "a", "output": "the cargo list"}
NOTE = {"role": "assistant", "id": "msg_note", "content": "Berth 7 is dredged on odd weeks."}
MORE = [*exchanges(60), user("And now?")]


def words(talk: Talk) -> str:
    return "\n".join(talk.words)


async def crossed(talk: Talk, after: TurnResult, **fields: Any) -> TurnResult:
    """The turn after a turn that makes its window cross the threshold."""
    result = await talk.say(MORE, after=after.response.id, threshold=THRESHOLD, **fields)
    assert result.response.output[0].type == "compaction"
    return result


def payload_of(talk: Talk, result: TurnResult) -> Payload:
    [entry] = [
        talk.history._past.open(each, "acme") for each in result.output if each.item.type == "compaction"
    ]
    assert entry.payload is not None
    return entry.payload


@pytest.mark.parametrize(
    "script", [None, in_turn(saying("No.")), in_turn(writing(GOOD))], ids=["ledger", "refusing", "model"]
)
async def test_a_pin_given_once_outlives_every_later_compaction(script: Script | None) -> None:
    talk = Talk(summarizer=script)
    last = await talk.say([user("Hi"), NOTE, CALL, OUTPUT], pins=[PIN, "msg_note", "fc_2"])
    for _ in range(3):
        last = await crossed(talk, last)

    assert PIN in words(talk)
    # Before everything else that is recorded.
    record = talk.words[0]
    assert record.index(PIN) < min(
        record.find(mark) for mark in ("## Goal", "## Rules", CLOSING) if mark in record
    )
    kept = {item.id: item for item in talk.seen}
    assert {"msg_note", "fc_1", "fc_2"} <= kept.keys()
    assert payload_of(talk, last).pins == (PIN,)


async def test_a_pin_holds_in_a_conversation() -> None:
    talk = Talk()
    talk.conversations.items[TENANT, "conv_1"] = []
    first = await talk.say([user("Hi"), NOTE], conversation="conv_1", pins=[PIN, "msg_note"])
    stored = decode_each([encode_item(entry) for entry in [*first.input, *first.output]])
    talk.conversations.items[TENANT, "conv_1"] += stored

    await talk.say(MORE, conversation="conv_1", threshold=THRESHOLD)

    assert PIN in words(talk)
    assert "msg_note" in [item.id for item in talk.seen]


async def test_a_pin_holds_by_a_stateless_array_from_the_compaction_item_on() -> None:
    talk = Talk()
    first = await talk.say([NOTE, *MORE], pins=[PIN, "msg_note"], threshold=THRESHOLD, store=False)
    item = first.response.output[0].to_json()

    await talk.say([item, *MORE], threshold=THRESHOLD, store=False)

    assert PIN in words(talk)
    assert "msg_note" in [item.id for item in talk.seen]


async def test_a_pin_of_a_turn_without_input_holds_too() -> None:
    talk = Talk()
    first = await talk.say(exchanges(1))
    second = await talk.say("", after=first.response.id, pins=[PIN])

    await crossed(talk, second)

    assert PIN in words(talk)


async def test_a_pin_holds_where_a_long_path_was_written_down_again() -> None:
    talk = Talk()
    last = await talk.say("Hi", pins=[PIN])
    for _ in range(26):
        last = await talk.say("Hm", after=last.response.id)

    await crossed(talk, last)

    assert PIN in words(talk)


async def test_a_trigger_with_nothing_before_it_keeps_what_it_pins() -> None:
    talk = Talk()
    first = await talk.say([{"type": "compaction_trigger"}], pins=[PIN])

    await talk.say("Hi", after=first.response.id)

    assert PIN in words(talk)


async def test_a_compaction_made_ahead_serves_the_same_pins_and_no_other() -> None:
    for pins, jobs in (([], 1), ([PIN], 1), ([OTHER], 2)):
        talk = Talk()
        turn = talk.turn(exchanges(42), threshold=THRESHOLD, pins=[PIN])
        outcome = await talk.run(turn)
        assert isinstance(outcome, TurnResult)
        assert await talk.window_compactor.compact_ahead(turn, outcome)

        await talk.say(
            [*exchanges(8), user("And?")], after=outcome.response.id, threshold=THRESHOLD, pins=pins
        )

        assert len(talk.compactions.jobs) == jobs
        assert all(pin in words(talk) for pin in [PIN, *pins])


async def test_the_account_of_a_compaction_says_what_was_pinned() -> None:
    talk = Talk()
    first = await talk.say([NOTE, CALL, OUTPUT], pins=["fc_1", PIN])

    await crossed(talk, first)

    [state] = talk.compactions.states.values()
    assert state.result is not None
    fates = {fate.id: (fate.fate, fate.reason) for fate in state.result.items}
    assert fates["fc_1"] == fates["fc_2"] == (Fate.KEPT, "pinned")
    assert fates["msg_note"] != (Fate.KEPT, "pinned")


# What is pinned in a window


def entries(*documents: JsonObject, pins: tuple[str, ...] = ()) -> list[Entry]:
    return [
        Entry(entry.item, entry.tokens, pins=pins)
        for entry in (sized(item) for item in parse_items(list(documents)))
    ]


def test_a_pin_is_an_item_where_one_of_that_id_is_in_the_window_and_else_a_text() -> None:
    window = entries(NOTE, pins=("msg_note", "msg_other"))

    assert pins_of(window, [PIN, "msg_note"]) == Pins(("msg_other", PIN), ("msg_note",))
    assert pins_of([]) == NO_PINS


def test_a_pinned_item_that_is_gone_does_not_become_a_text() -> None:
    payload = Payload(
        version=1,
        id="cmp_1",
        origin="automatic",
        kept=[],
        record="",
        ledger={},
        tokens=0,
        pinned_items=("msg_note",),
    )
    [entry] = entries(NOTE)

    assert pins_of([Entry(entry.item, 0, payload)]) == Pins((), ("msg_note",))


def test_no_pins_take_no_room() -> None:
    assert render_pins([]) == ""


def test_a_pin_cannot_end_the_record() -> None:
    policy = Policy(target_tokens=1, user_tokens=1, recent_tokens=1, pins=("b", "a"), operator_pins=("a",))

    assert policy.pinned_texts == ["a", "b"]
