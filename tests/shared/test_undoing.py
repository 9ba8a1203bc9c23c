"""After a compaction was undone, turns go on from what it replaced, or say that it is not there."""

from typing import Any

import pytest

from shared.errors import InvalidRequest
from shared.history import MAX_PATH
from shared.turns import Parked, TurnResult
from shared.wire.model import JsonObject
from tests.talk import LONG, Talk, assistant, exchanges, types, user

THRESHOLD = 4_000


async def compacted(talk: Talk, said: str | list[JsonObject], **fields: Any) -> TurnResult:
    result = await talk.say(said, threshold=THRESHOLD, **fields)
    assert types(result) == ["compaction", "message"]
    return result


def undo(talk: Talk, result: TurnResult) -> None:
    name = result.response.output[0].id
    assert name is not None
    talk.compactions.undo(name)


def words_of(documents: list[JsonObject]) -> list[str]:
    return [document["content"][0]["text"] for document in documents]


# What it costs


async def test_a_window_without_a_compaction_item_is_not_looked_up() -> None:
    talk = Talk()
    first = await talk.say("One")
    await talk.say("Two", after=first.response.id)

    assert talk.compactions.lookups == []


async def test_a_window_with_compaction_items_is_looked_up_once() -> None:
    talk = Talk()
    first = await compacted(talk, LONG)
    second = await compacted(talk, exchanges(60), after=first.response.id)
    talk.compactions.lookups.clear()
    talk.responses.loads.clear()

    await talk.say("And?", after=second.response.id)

    assert talk.compactions.lookups == [[second.response.output[0].id]]
    assert len(talk.responses.loads) == 1


# Chains


async def test_a_chain_is_led_back_over_paths_that_were_cut_since() -> None:
    talk = Talk()
    start = await talk.say(LONG)
    first = await compacted(talk, "Now?", after=start.response.id)
    last = first
    for number in range(MAX_PATH + 3):
        last = await talk.say(f"Line {number}", after=last.response.id)
    undo(talk, first)

    await talk.say("And?", after=last.response.id)

    lines = [word for number in range(MAX_PATH + 3) for word in (f"Line {number}", "Fine. ")]
    assert talk.words == [*words_of(LONG), "Fine. ", "Now?", "Fine. ", *lines, "And?"]


async def test_what_follows_is_found_without_a_second_detour() -> None:
    talk = Talk()
    start = await talk.say(LONG)
    first = await compacted(talk, "Now?", after=start.response.id)
    undo(talk, first)
    second = await talk.say("And?", after=first.response.id)

    await talk.say("More?", after=second.response.id)

    assert talk.words == [*words_of(LONG), "Fine. ", "Now?", "Fine. ", "And?", "Fine. ", "More?"]


async def test_undoing_the_newest_leaves_the_one_before() -> None:
    talk = Talk()
    first = await compacted(talk, LONG)
    more = exchanges(60)
    second = await compacted(talk, more, after=first.response.id)
    undo(talk, second)

    await talk.say("And?", after=second.response.id)

    assert talk.words[-len(more) - 3 :] == ["Fine. ", *words_of(more), "Fine. ", "And?"]
    assert "Record of the earlier conversation" in "\n".join(talk.words)


async def test_undoing_both_leaves_all() -> None:
    talk = Talk()
    first = await compacted(talk, LONG)
    more = exchanges(60)
    second = await compacted(talk, more, after=first.response.id)
    undo(talk, second)
    undo(talk, first)

    await talk.say("And?", after=second.response.id)

    assert talk.words == [*words_of(LONG), "Fine. ", *words_of(more), "Fine. ", "And?"]


async def test_undoing_one_that_a_later_one_holds_changes_nothing() -> None:
    talk = Talk()
    first = await compacted(talk, LONG)
    second = await compacted(talk, exchanges(60), after=first.response.id)
    await talk.say("And?", after=second.response.id)
    before = talk.words
    undo(talk, first)

    await talk.say("And?", after=second.response.id)

    assert talk.words == before


async def test_a_past_that_is_gone_is_missed_and_not_passed_over() -> None:
    talk = Talk()
    start = await talk.say(LONG)
    first = await compacted(talk, "Now?", after=start.response.id)
    await talk.responses.delete(start.response.id)
    undo(talk, first)

    missed = f"'{first.response.output[0].id}' was undone"
    with pytest.raises(InvalidRequest, match=missed) as refused:
        await talk.say("And?", after=first.response.id)
    with pytest.raises(InvalidRequest, match=missed):
        await talk.history.check_said(talk.turn("And?", after=first.response.id))

    assert refused.value.code == "compacted_history_not_found"


# Clients that send everything


async def test_an_undone_item_is_passed_over_where_all_that_it_replaced_stands_before_it() -> None:
    talk = Talk()
    first = await compacted(talk, LONG)
    undo(talk, first)
    output = [item.to_json() for item in first.response.output]

    await talk.say([*LONG, *output, user("And?")])

    assert talk.words == [*words_of(LONG), "Fine. ", "And?"]


@pytest.mark.parametrize(
    "left", [[], LONG[-4:], [*LONG[:5], *LONG[6:]]], ids=["none", "the end", "all but one"]
)
async def test_an_undone_item_is_refused_where_it_would_leave_a_gap(left: list[JsonObject]) -> None:
    talk = Talk()
    first = await compacted(talk, LONG)
    undo(talk, first)
    output = [item.to_json() for item in first.response.output]

    with pytest.raises(InvalidRequest, match="was undone, but not all that it replaced is there"):
        await talk.say([*left, *output, user("And?")])


async def test_undone_items_one_after_the_other_are_each_looked_behind() -> None:
    talk = Talk()
    first = await compacted(talk, LONG)
    said = [*LONG, *(item.to_json() for item in first.response.output)]
    more = [*exchanges(60), user("Now?")]
    second = await compacted(talk, [*said, *more])
    said += [*more, *(item.to_json() for item in second.response.output)]
    undo(talk, second)
    undo(talk, first)

    await talk.say([*said, user("And?")])

    assert talk.words == [*words_of(LONG), "Fine. ", *words_of(more), "Fine. ", "And?"]


async def test_a_chain_goes_on_from_what_a_client_sent_with_an_undone_item() -> None:
    talk = Talk()
    first = await compacted(talk, LONG)
    undo(talk, first)
    output = [item.to_json() for item in first.response.output]
    second = await talk.say([*LONG, *output, user("And?")])

    await talk.say("More?", after=second.response.id)

    assert talk.words == [*words_of(LONG), "Fine. ", "And?", "Fine. ", "More?"]


# Compacting again


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
async def test_the_same_window_gets_another_compaction(background: bool) -> None:
    talk = Talk()
    first = await compacted(talk, LONG)
    undo(talk, first)
    turn = talk.turn(LONG, threshold=THRESHOLD, background=background)

    outcome = await talk.run(turn)
    if isinstance(outcome, Parked):
        outcome = await talk.run(turn)

    assert isinstance(outcome, TurnResult)
    assert types(outcome) == ["compaction", "message"]
    names = [first.response.output[0].id, outcome.response.output[0].id]
    assert list(talk.compactions.jobs) == names
    assert len(set(names)) == 2
    again = await compacted(talk, LONG)
    assert again.response.output[0].id == names[1]


async def test_one_that_was_made_ahead_and_undone_is_not_used_and_not_made_ahead_again() -> None:
    talk = Talk()
    turn = talk.turn(LONG, threshold=5_600)
    first = await talk.run(turn)
    assert isinstance(first, TurnResult)
    assert await talk.window_compactor.compact_ahead(turn, first)
    [made] = talk.compactions.jobs
    talk.compactions.undo(made)

    assert not await talk.window_compactor.compact_ahead(turn, first)
    more = [*exchanges(12), user("And now?")]
    second = await talk.say(more, after=first.response.id, threshold=5_600)

    assert types(second) == ["compaction", "message"]
    assert second.response.output[0].id != made


async def test_what_a_client_triggers_again_is_made_again() -> None:
    talk = Talk()
    asked = [*LONG, assistant("Fine."), {"type": "compaction_trigger"}]
    first = await talk.say(asked)
    undo(talk, first)

    second = await talk.say(asked)

    assert second.response.output[0].id != first.response.output[0].id
