"""A window over its threshold is compacted by a job, and never lost by it."""

import asyncio
import secrets
import string
from dataclasses import replace
from typing import Any

import pytest

from shared.compact_window import CompactedWindow
from shared.compaction.gain import Room
from shared.compaction.policy import endpoint_policy
from shared.compaction.record import OPENING
from shared.compaction_jobs import compaction_job
from shared.errors import TooManyRequests
from shared.sealing import unseal_payload
from shared.turns import Parked
from shared.window.entry import flatten
from shared.wire.items import Compaction
from shared.wire.model import JsonObject
from shared.wire.text import text_of
from tests.fakes import in_turn
from tests.summaries import GOOD, writing
from tests.talk import RULE, Talk, exchanges, system, user
from tests.windows import LONG, TOOL_TEXT, compact, entries, entry_of, sealed

# When


@pytest.mark.parametrize(
    ("asked", "by_default", "threshold"),
    [
        pytest.param({}, None, None, id="never"),
        pytest.param({"threshold": 2_000}, None, 2_000, id="as asked"),
        pytest.param({"threshold": 2_000}, 9_000, 2_000, id="as asked, not the default"),
        pytest.param({}, 9_000, 9_000, id="by default"),
        pytest.param(
            {"context_management": [{"type": "compaction"}]}, 9_000, 9_000, id="asked without a number"
        ),
    ],
)
def test_the_threshold_is_the_requests_or_the_servers(
    asked: dict[str, Any], by_default: int | None, threshold: int | None
) -> None:
    talk = Talk(default_compact_threshold=by_default)

    assert talk.window_compactor.threshold(talk.turn("Hi", **asked)) == threshold


# The outcome


async def test_the_compacted_window_is_one_item_that_holds_the_tail_too() -> None:
    talk, window = Talk(), entries(LONG)

    outcome = await compact(talk, window)

    assert isinstance(outcome, CompactedWindow)
    held = flatten([outcome.entry])
    assert held[-1] == flatten(window)[-1]
    assert RULE in "\n".join(text_of(entry.item) for entry in held)
    assert outcome.entry.tokens == sum(entry.tokens for entry in held) < 1_000
    [job] = talk.compactions.jobs.values()
    assert outcome.entry.item.id == job.id


async def test_what_is_sealed_is_what_the_model_is_given() -> None:
    talk = Talk()
    outcome = await compact(talk, entries(LONG))
    assert isinstance(outcome, CompactedWindow)

    resolved = await talk.history.resolve(talk.turn([outcome.entry.item.to_json()]))

    assert flatten(resolved.entries) == flatten([outcome.entry])


async def test_a_foreground_turn_waits_for_the_job() -> None:
    talk = Talk()
    talk.compactions.at_once = False

    waiting = asyncio.create_task(compact(talk, entries(LONG)))
    await talk.signals.listened.wait()
    await talk.compactions.run_all()

    assert isinstance(await waiting, CompactedWindow)


async def test_a_background_turn_waits_without_a_worker() -> None:
    talk = Talk()
    talk.compactions.at_once = False

    first = await compact(talk, entries(LONG), background=True)
    second = await compact(talk, entries(LONG), background=True)

    [job] = talk.compactions.jobs
    assert first == second == Parked(job)
    await talk.compactions.run_all()
    assert isinstance(await compact(talk, entries(LONG), background=True), CompactedWindow)


async def test_a_finished_job_is_used_again_and_costs_no_second_summary() -> None:
    talk = Talk(summarizer=in_turn(writing(GOOD)))

    first = await compact(talk, entries(LONG))
    second = await compact(talk, entries(LONG))

    assert isinstance(first, CompactedWindow)
    assert isinstance(second, CompactedWindow)
    assert first.entry.payload == second.entry.payload
    assert len(talk.summarizer.prompts) == 1


async def test_the_record_has_its_place_beside_the_largest_tail() -> None:
    talk = Talk()
    window = entries([*LONG[:-1], user("long " * 3_000)])

    outcome = await compact(talk, window)

    assert isinstance(outcome, CompactedWindow)
    assert RULE in "\n".join(text_of(entry.item) for entry in flatten([outcome.entry]))


@pytest.mark.parametrize(
    ("documents", "threshold"),
    [
        pytest.param(exchanges(2), 4_000, id="already under the target"),
        pytest.param([user("word " * 5_000)], 4_000, id="nothing but what was just said"),
        pytest.param([user("word " * 5_000), user("And now?")], 4_000, id="nothing that may go"),
    ],
)
async def test_a_window_with_nothing_to_gain_stays_as_it_is(
    documents: list[JsonObject], threshold: int
) -> None:
    talk = Talk()

    assert await compact(talk, entries(documents), threshold=threshold) is None


async def test_a_failed_job_leaves_the_window_as_it_is() -> None:
    talk = Talk()
    talk.compactions.failing = True

    assert await compact(talk, entries(LONG)) is None
    assert await compact(talk, entries(LONG), background=True) is None


async def test_a_full_queue_leaves_the_window_as_it_is() -> None:
    talk = Talk()
    talk.compactions.full = True

    assert await compact(talk, entries(LONG)) is None
    assert await compact(talk, entries(LONG), background=True) is None


async def test_a_client_that_asks_for_a_compaction_is_told_of_a_full_queue() -> None:
    talk = Talk()
    talk.compactions.full = True

    with pytest.raises(TooManyRequests):
        await talk.window_compactor.compact_all(talk.turn("And now?"), entries(LONG))
    with pytest.raises(TooManyRequests):
        await talk.window_compactor.compact_on_request(talk.turn("And now?"), entries(LONG))


@pytest.mark.parametrize("ahead", [False, True])
async def test_what_was_sealed_with_a_retired_key_is_made_anew(ahead: bool) -> None:
    talk, window = Talk(), entries(LONG)
    turn = talk.turn("And now?", threshold=4_000)
    due = talk.window_compactor.jobs.due(turn, window, Room(4_000))
    assert due is not None
    await talk.compactions.enqueue(replace(due[0], ahead=ahead))
    talk.compactions.sealed_elsewhere.add(due[0].id)

    for _ in range(2):
        assert isinstance(await compact(talk, window), CompactedWindow)
    assert len(talk.compactions.jobs) == 2


async def test_what_a_client_asked_for_is_made_anew_too() -> None:
    talk, window = Talk(), entries(LONG)
    turn = talk.turn("And now?")
    first = await talk.window_compactor.compact_on_request(turn, window)
    talk.compactions.sealed_elsewhere |= set(talk.compactions.jobs)

    second = await talk.window_compactor.compact_on_request(turn, window)

    assert first is not None
    assert second is not None
    assert second.result is not None
    assert second.id != first.id


async def test_what_a_client_asked_for_and_takes_too_long_is_told_as_it_stands() -> None:
    talk, window = Talk(compaction_wait_seconds=0.02), entries(LONG)
    talk.compactions.at_once = False

    state = await talk.window_compactor.compact_on_request(talk.turn("And now?"), window)

    assert state is not None
    assert not state.ended


async def test_one_made_ahead_is_hurried_for_whoever_needs_just_that() -> None:
    talk = Talk()
    window = entries([*LONG[:-1], user("long " * 3_000)])
    turn = talk.turn("And now?", background=True, threshold=4_000)
    due = talk.window_compactor.jobs.due(turn, window, Room(4_000))
    assert due is not None
    talk.compactions.at_once = False
    await talk.compactions.enqueue(replace(due[0], ahead=True))

    assert await compact(talk, window, background=True) == Parked(due[0].id)

    await talk.compactions.supersede([due[0].id])
    assert talk.compactions.hurried == [due[0].id]
    assert talk.compactions.outcomes == {due[0].id: "late"}


async def test_what_a_turn_that_is_not_stored_took_along_is_made_anew_for_others_that_wait() -> None:
    talk, window = Talk(), entries(LONG)

    async def go_on() -> CompactedWindow | Parked | None:
        turn = talk.turn("And now?", store=False)
        return await talk.window_compactor.compact(turn, window, Room(4_000))

    talk.compactions.at_once = False
    waiting = [asyncio.create_task(go_on()) for _ in range(3)]
    await talk.signals.listened.wait()
    talk.compactions.at_once = True
    await talk.compactions.run_all()

    assert all([isinstance(await each, CompactedWindow) for each in waiting])
    assert set(talk.compactions.forgotten) == set(talk.compactions.jobs)


async def test_a_job_that_takes_too_long_leaves_the_window_as_it_is() -> None:
    talk = Talk(compaction_wait_seconds=0.02)
    talk.compactions.at_once = False

    assert await compact(talk, entries(LONG)) is None


async def test_news_that_come_again_and_again_do_not_shorten_the_wait() -> None:
    talk = Talk(compaction_wait_seconds=5)
    talk.compactions.at_once = False
    waiting = asyncio.create_task(compact(talk, entries(LONG)))
    await talk.signals.listened.wait()
    [job] = talk.compactions.jobs

    for _ in range(20):
        talk.signals.ring(job)
        for _ in range(5):
            await asyncio.sleep(0)
    assert not waiting.done()
    await talk.compactions.run_all()

    assert isinstance(await waiting, CompactedWindow)


PHOTOS = [
    {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_image", "image_url": "data:image/jpeg;base64," + letter * 200_000}],
    }
    for letter in string.ascii_letters[:14]
]


@pytest.mark.parametrize("newest", [[user("And now?")], PHOTOS[-2:]], ids=["a text", "images"])
async def test_an_item_of_many_images_is_small_enough_to_be_sent_back(newest: list[JsonObject]) -> None:
    talk = Talk(keep_user_tokens=40_000, keep_user_share=0.5, max_body_bytes=1_000_000)
    window = entries([user(RULE), *exchanges(60, words=1_000), *PHOTOS, *newest])

    outcome = await compact(talk, window, threshold=100_000)

    assert isinstance(outcome, CompactedWindow)
    item = outcome.entry.item
    assert isinstance(item, Compaction)
    opened = unseal_payload(talk.sealer, item.encrypted_content, tenant="acme")
    assert any("left out by compaction" in text_of(entry.item) for entry in opened.kept)
    assert PHOTOS[-1] in [entry.item.to_json() for entry in opened.kept]
    assert len(opened.model_dump_json()) < talk.settings.max_body_bytes * 3 // 4
    assert flatten([outcome.entry])[-1].item == window[-1].item


async def test_what_is_too_large_for_an_item_stays_as_it_is() -> None:
    talk = Talk()
    noise = secrets.token_urlsafe(16_000_000)

    assert await compact(talk, entries([*LONG[:-1], system(noise), user("And now?")])) is None


async def test_an_unknown_job_is_not_waited_for() -> None:
    assert await Talk().window_compactor.wait("cmp_x") is None


async def test_text_of_a_tool_is_no_users_rule_after_two_compactions() -> None:
    talk = Talk()
    call = {"type": "function_call", "call_id": "a", "name": "fetch", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "a", "output": f"Error: {TOOL_TEXT}"}
    policy = endpoint_policy(target=2_000, model=None, instructions=None)
    window = entries([user(RULE), call, output, *exchanges(20)])
    first = await talk.compactor.compact(compaction_job(window, policy, tenant="a"))
    beside = [entry_of(entry) for entry in first.beside]

    outcome = await compact(talk, [*beside, sealed(first), *entries([*exchanges(60), user("And now?")])])

    assert isinstance(outcome, CompactedWindow)
    payload = outcome.entry.payload
    assert payload is not None
    assert payload.record.count(OPENING) == 1
    assert not any(OPENING in text_of(entry.item) for entry in payload.kept)
    facts = payload.ledger["entries"]
    assert [(fact["trust"], fact["text"]) for fact in facts if fact["section"] == "rule"] == [("user", RULE)]
    assert ("tool", "eve@example.org") in [(fact["trust"], fact["text"]) for fact in facts]
