"""Responses in Redis: what was stored comes back, to its tenant alone."""

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.responses import RedisResponses
from shared.errors import LeaseLost, NotFound
from shared.jobs import Queue
from shared.lifecycle import JobStatus
from shared.turns import TurnResult
from tests.shared.adapters.redis.desk import JOB, NO_LEASE, SETTINGS, Desk
from tests.shared.adapters.redis.turns import HALF, accepted_turn, answered


async def test_a_background_turn_comes_back_as_it_was_accepted(responses: RedisResponses, desk: Desk) -> None:
    asked = accepted_turn(text="Grüße, 漢字 and \U0001f600")
    await responses.enqueue(asked)
    lease = await desk.take("first")

    loaded = await responses.load_turn(lease)

    assert (loaded.tenant, loaded.head, loaded.input) == (asked.tenant, asked.head, asked.input)
    assert loaded.request == asked.request.changed(input="")


async def test_a_background_turn_is_rung_for_by_its_id_alone(responses: RedisResponses, desk: Desk) -> None:
    await responses.enqueue(accepted_turn(text="a secret"))

    assert await desk.doorbells(Queue.GENERATION) == [JOB]
    assert "secret" not in str(await answer(desk.store.lrange("hitherto:broker:generation", 0, -1)))


async def test_a_turn_that_is_gone_is_a_lost_lease(responses: RedisResponses) -> None:
    with pytest.raises(LeaseLost):
        await responses.load_turn(NO_LEASE)


async def test_a_finished_response_comes_back_whole(responses: RedisResponses, desk: Desk) -> None:
    asked = accepted_turn()
    await responses.enqueue(asked)
    lease = await desk.take("first")
    await responses.append(lease, 2, HALF)

    await responses.finish(lease, asked, answered(asked))

    stored = await responses.load(JOB, "acme")
    assert stored.response == answered(asked).response
    assert (stored.streams, stored.event_count) == (False, 6)
    assert "request" not in await desk.record()


async def test_a_foreground_response_comes_back_whole(responses: RedisResponses) -> None:
    asked = accepted_turn()

    await responses.save(asked, answered(asked))

    assert (await responses.load(JOB, "acme")).response == answered(asked).response


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
async def test_a_turn_cannot_end_as_what_is_no_end_of_its_own(responses: RedisResponses, status: str) -> None:
    asked = accepted_turn()

    with pytest.raises(ValueError, match=status):
        await responses.finish(NO_LEASE, asked, TurnResult(response=asked.head.changed(status=status)))


@pytest.mark.parametrize("response_id", [JOB, "resp_unknown"], ids=["another tenant's", "unknown"])
async def test_what_is_another_tenants_does_not_exist(responses: RedisResponses, response_id: str) -> None:
    asked = accepted_turn()
    await responses.enqueue(asked)

    with pytest.raises(NotFound):
        await responses.load(response_id, "other")
    with pytest.raises(NotFound):
        await responses.load_turns([response_id], "other")


async def test_finished_output_is_not_shown_to_another_tenant(responses: RedisResponses) -> None:
    asked = accepted_turn()
    await responses.save(asked, answered(asked))

    with pytest.raises(NotFound):
        await responses.load(JOB, "other")


async def test_one_strange_turn_in_a_path_makes_all_of_it_unknown(responses: RedisResponses) -> None:
    await responses.save(accepted_turn("resp_1"), answered(accepted_turn("resp_1")))
    await responses.save(accepted_turn("resp_2", tenant="other"), answered(accepted_turn("resp_2")))

    with pytest.raises(NotFound, match="resp_2"):
        await responses.load_turns(["resp_1", "resp_2"], "acme")


async def test_a_path_is_loaded_in_order_with_sizes(responses: RedisResponses) -> None:
    for number in (1, 2, 3):
        asked = accepted_turn(f"resp_{number}", text=f"Question {number}")
        await responses.save(asked, answered(asked, path=[f"resp_{n}" for n in range(1, number + 1)]))

    turns = await responses.load_turns(["resp_3", "resp_1"], "acme")

    assert [stored.id for stored in turns] == ["resp_3", "resp_1"]
    assert [stored.status for stored in turns] == [JobStatus.COMPLETED] * 2
    assert turns[0].path == ["resp_1", "resp_2", "resp_3"]
    assert [entry.tokens for entry in turns[0].items] == [2, 3, 5]


async def test_a_turn_that_has_not_ended_has_no_way_on(responses: RedisResponses) -> None:
    await responses.enqueue(accepted_turn())

    [stored] = await responses.load_turns([JOB], "acme")

    assert (stored.status, stored.base, stored.output, stored.path) == (JobStatus.QUEUED, [], [], [])


async def test_nobody_keeps_alive_what_is_anothers(responses: RedisResponses, desk: Desk) -> None:
    asked = accepted_turn()
    await responses.save(asked, answered(asked))
    await desk.store.expire(keys.record(JOB), 5)

    with pytest.raises(NotFound):
        await responses.load_turns([JOB], "another")

    assert await desk.ttl_seconds(keys.record(JOB)) <= 5


async def test_turns_that_are_built_upon_live_on(responses: RedisResponses, desk: Desk) -> None:
    asked = accepted_turn()
    await responses.save(asked, answered(asked))
    await desk.store.pexpire(keys.record(JOB), 5000)

    await responses.load_turns([JOB], "acme")

    assert await desk.ttl_seconds(keys.record(JOB)) == pytest.approx(SETTINGS.response_ttl_seconds, abs=2)


async def test_only_what_has_ended_is_deleted_and_then_it_is_gone(
    responses: RedisResponses, desk: Desk
) -> None:
    await responses.enqueue(accepted_turn(stream=True))
    assert await responses.delete(JOB) is False
    await desk.jobs.cancel(JOB)

    assert await responses.delete(JOB) is True
    assert await responses.delete(JOB) is True

    with pytest.raises(NotFound):
        await responses.load(JOB, "acme")
    await desk.lose_doorbells()
    assert await desk.everything() == {}
