"""A turn whose window is too large compacts it first; one with a trigger does nothing else."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.compaction.record import OPENING
from shared.errors import UpstreamError
from shared.history import MAX_PATH, ResolvedWindow
from shared.partial import fold
from shared.turns import Parked, TurnResult
from shared.window.entry import flatten
from shared.wire.events import opening_events
from shared.wire.items import Compaction, dump_items
from shared.wire.model import JsonObject
from tests.fakes import CollectingProgress, in_turn, saying, usage
from tests.summaries import GOOD, writing
from tests.talk import A_CALL, LONG, RULE, Talk, types, user

OVER = 4_000


def contents(window: ResolvedWindow) -> list[JsonObject]:
    """What the model is given, without the ids of what it said."""
    return [
        {name: value for name, value in entry.item.to_json().items() if name not in ("id", "status")}
        for entry in flatten(window.entries)
    ]


# Over the threshold


async def test_over_the_threshold_a_compaction_comes_first_in_the_output() -> None:
    talk = Talk()

    result = await talk.say([*LONG, user("And now?")], threshold=OVER)

    assert types(result) == ["compaction", "message"]
    assert talk.progress.types[:5] == [
        "created",
        "in_progress",
        "output_item.added",
        "output_item.done",
        "output_item.added",
    ]
    assert talk.progress.events[2]["item"]["encrypted_content"] == ""
    assert talk.progress.events[3]["item"] == result.response.output[0].to_json()


async def test_the_model_sees_the_compacted_window_with_the_users_newest_message_last() -> None:
    talk = Talk()

    await talk.say([*LONG, user("And now?")], threshold=OVER)

    assert talk.words[-1] == "And now?"
    assert talk.words[0].startswith(OPENING)
    assert "You are careful." in talk.words
    assert RULE in "\n".join(talk.words)
    assert len(talk.seen) < len(LONG) / 2
    assert not any(isinstance(item, Compaction) for item in talk.seen)


async def test_the_usage_is_that_of_both_passes() -> None:
    talk = Talk(in_turn(saying("Fine.", asked=70, answered=7)), summarizer=in_turn(writing(GOOD)))

    result = await talk.say([*LONG, user("And now?")], threshold=OVER)

    assert result.response.usage == usage(100 + 70, 10 + 7)


async def test_a_chained_turn_starts_from_the_compaction() -> None:
    talk = Talk()
    first = await talk.say([*LONG, user("And now?")], threshold=OVER)
    before = talk.words

    second = await talk.say("And then?", after=first.response.id, threshold=OVER)

    assert talk.words == [*before, "Fine. ", "And then?"]
    assert types(second) == ["message"]
    assert len(talk.compactions.jobs) == 1


async def test_a_stateless_client_may_drop_what_came_before_the_compaction_or_not() -> None:
    talk = Talk()
    first = await talk.say([*LONG, user("And now?")], threshold=OVER, store=False)
    output = dump_items(first.response.output)

    await talk.say([*output, user("And then?")], threshold=OVER)
    dropped = talk.seen
    await talk.say([*LONG, user("And now?"), *output, user("And then?")], threshold=OVER)

    assert talk.seen == dropped


async def test_the_compacted_prefix_is_the_same_bytes_turn_after_turn() -> None:
    talk = Talk()
    last = await talk.say([*LONG, user("And now?")], threshold=OVER)
    prefix = [item.to_json() for item in talk.seen]

    for number in range(3):
        last = await talk.say(f"Turn {number}", after=last.response.id, threshold=OVER)
        assert [item.to_json() for item in talk.seen][: len(prefix)] == prefix


async def test_a_long_conversation_is_compacted_now_and_then_and_never_every_turn() -> None:
    talk = Talk(in_turn(saying("so it is " * 20)))
    last = (await talk.say(RULE, threshold=1_500)).response.id
    compacted = []
    for number in range(60):
        result = await talk.say(f"Turn {number}: " + "and so on " * 20, after=last, threshold=1_500)
        compacted.append("compaction" in types(result))
        last = result.response.id

    assert 3 <= sum(compacted) <= 10
    assert not any(one and other for one, other in pairwise(compacted))
    assert RULE in "\n".join(talk.words)


async def test_user_messages_alone_never_make_every_turn_compact_again() -> None:
    talk = Talk(in_turn(saying("Read.")))
    last = await talk.say("long " * 5_000, threshold=OVER)
    counts = []
    for number in range(6):
        last = await talk.say(f"Turn {number}", after=last.response.id, threshold=OVER)
        counts.append(types(last).count("compaction"))

    assert sum(counts) == 1


async def test_a_failing_compaction_leaves_the_history_whole() -> None:
    talk = Talk()
    talk.compactions.failing = True

    result = await talk.say([*LONG, user("And now?")], threshold=OVER)

    assert types(result) == ["message"]
    assert [item.to_json() for item in talk.seen] == [*LONG, user("And now?")]


async def test_a_compaction_of_the_endpoint_stands_beside_what_is_sent_along() -> None:
    talk = Talk()
    compacted = await talk.say([*LONG, user("And now?")], threshold=OVER)
    [payload] = [
        entry.payload
        for entry in (await talk.history.resolve(talk.turn([compacted.response.output[0].to_json()]))).entries
    ]
    assert payload is not None
    sealed = talk.sealer.seal(
        b"\x00" + payload.model_copy(update={"origin": "endpoint"}).model_dump_json().encode(),
        tenant="acme",
        kind="compaction",
    )
    item = {"type": "compaction", "encrypted_content": sealed}

    await talk.say([user("before"), item, user("after")])

    assert (talk.words[0], talk.words[-1]) == ("before", "after")
    assert len(talk.seen) == len(payload.sized_items) + 2


# When the client asks for it

TRIGGER = {"type": "compaction_trigger"}


async def test_a_trigger_compacts_and_says_nothing_else() -> None:
    talk = Talk(summarizer=in_turn(writing(GOOD)))

    result = await talk.say([*LONG, TRIGGER])

    assert talk.progress.types == [
        "created",
        "in_progress",
        "output_item.added",
        "compaction.compacting",
        "output_item.done",
    ]
    assert (result.response.status, types(result)) == ("completed", ["compaction"])
    assert result.response.usage == usage(100, 10)
    assert talk.upstream.prompts == []


async def test_a_turn_after_a_trigger_starts_from_its_compaction() -> None:
    talk = Talk()
    first = await talk.say([*LONG, user("And now?")])
    triggered = await talk.say([TRIGGER], after=first.response.id, target=800)

    await talk.say("And then?", after=triggered.response.id)

    assert talk.words[0].startswith(OPENING)
    assert talk.words[-1] == "And then?"
    assert RULE in "\n".join(talk.words)
    assert triggered.path == [triggered.response.id]


async def test_a_trigger_with_nothing_before_it_makes_an_item_of_nothing() -> None:
    talk = Talk()
    triggered = await talk.say([TRIGGER])

    await talk.say([*dump_items(triggered.response.output), user("Hi")])

    assert types(triggered) == ["compaction"]
    assert talk.words == ["Hi"]


async def test_a_trigger_whose_compaction_fails_is_an_error_and_loses_nothing() -> None:
    talk = Talk()
    talk.compactions.failing = True
    first = await talk.say(LONG)

    with pytest.raises(UpstreamError, match="the history stays as it was"):
        await talk.say([TRIGGER], after=first.response.id)

    await talk.say("And now?", after=first.response.id)
    assert len(talk.seen) == len(LONG) + 2


async def test_a_background_trigger_waits_without_a_worker_and_repeats_nothing() -> None:
    talk = Talk()
    talk.compactions.at_once = False
    turn = talk.turn([*LONG, TRIGGER], background=True)
    told = opening_events(turn.head)

    parked = await talk.run(turn, fold(told))
    told += talk.progress.events
    await talk.compactions.run_all()
    progress = CollectingProgress()
    await talk.turns.run(turn, progress, fold(told))
    again = await talk.run(turn, fold([*told, *progress.events]))

    assert isinstance(parked, Parked)
    assert progress.types == ["output_item.added", "compaction.compacting", "output_item.done"]
    assert talk.progress.events == []
    assert isinstance(again, TurnResult)
    assert again.response.output[0].to_json() == progress.events[-1]["item"]


# Whatever the way, the window is the same

TURNS = st.lists(st.tuples(st.sampled_from(["short", "long " * 60]), st.booleans()), min_size=1, max_size=12)


@settings(max_examples=25)
@given(TURNS, st.sampled_from([None, 300]))
async def test_the_window_of_a_chain_is_that_of_everything_sent_at_once(
    turns: list[tuple[str, bool]], threshold: int | None
) -> None:
    talk = Talk()
    everything: list[JsonObject] = []
    last = None
    for text, calls in turns:
        talk.upstream.script = in_turn(A_CALL if calls else saying("Fine " * 20))
        said = [user(text)]
        if everything and everything[-1]["type"] == "function_call":
            said = [{"type": "function_call_output", "call_id": "c1", "output": "blue"}, *said]
        result = await talk.say(said, after=last, threshold=threshold)
        everything += [*said, *dump_items(result.response.output)]
        last = result.response.id

    chained = await talk.history.resolve(talk.turn("Now", after=last))
    whole = await talk.history.resolve(talk.turn([*everything, user("Now")]))

    assert contents(chained) == contents(whole)
    assert sum(entry.tokens for entry in chained.entries) == sum(entry.tokens for entry in whole.entries)


@pytest.mark.parametrize("threshold", [None, 700])
async def test_a_path_of_any_length_is_cut_short_and_loses_nothing(threshold: int | None) -> None:
    talk = Talk()
    everything: list[JsonObject] = []
    last, lengths = None, []
    for number in range(3 * MAX_PATH):
        result = await talk.say(f"Turn {number}: hello", after=last, threshold=threshold)
        everything += [user(f"Turn {number}: hello"), *dump_items(result.response.output)]
        last = result.response.id
        lengths.append(len(result.path))

    chained = await talk.history.resolve(talk.turn("Now", after=last))
    whole = await talk.history.resolve(talk.turn([*everything, user("Now")]))

    assert contents(chained) == contents(whole)
    assert max(lengths) <= MAX_PATH
    assert lengths.count(1) >= 3
