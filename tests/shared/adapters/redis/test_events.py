"""The event log has each event once, in order, without a gap, whoever tells them."""

import pytest

from shared.adapters.redis import keys
from shared.errors import LeaseLost
from shared.lifecycle import Ending
from tests.shared.adapters.redis.desk import COMPLETED, JOB, SETTINGS, Desk


async def numbers(desk: Desk) -> list[str]:
    return [event for _, event in await desk.events()]


async def test_an_events_place_is_its_number_plus_one(desk: Desk) -> None:
    lease = await desk.start()

    await desk.jobs.append_events(lease, 2, ["two", "three"])

    assert (await desk.events())[2:] == [("3-0", "two"), ("4-0", "three")]
    assert (await desk.record())["events"] == "4"


@pytest.mark.parametrize(
    ("first", "events"),
    [
        (2, ["two", "three"]),
        (2, ["two"]),
        (3, ["three"]),
        (2, []),
        (4, []),
        (2, ["two", "three", "four"]),
        (3, ["three", "four"]),
    ],
    ids=[
        "the same",
        "the first",
        "the last",
        "none",
        "none, after all",
        "the same and more",
        "the last and more",
    ],
)
async def test_what_is_told_again_stands_there_once(desk: Desk, first: int, events: list[str]) -> None:
    lease = await desk.start()
    await desk.jobs.append_events(lease, 2, ["two", "three"])

    await desk.jobs.append_events(lease, first, events)

    assert (await numbers(desk))[2:] == ["two", "three", *(["four"] if "four" in events else [])]
    assert (await desk.record())["events"] == str(len(await desk.events()))


async def test_a_gap_means_that_the_server_forgot_and_ends_the_attempt(desk: Desk) -> None:
    lease = await desk.start()

    with pytest.raises(LeaseLost):
        await desk.jobs.append_events(lease, 3, ["three"])

    assert len(await desk.events()) == 2


async def test_the_next_attempt_goes_on_where_the_log_ends(desk: Desk) -> None:
    late = await desk.start()
    await desk.jobs.append_events(late, 2, ["two"])
    await desk.let_lease_run_out()
    lease = await desk.take("second")

    await desk.jobs.append_events(lease, 3, ["three"])
    with pytest.raises(LeaseLost):
        await desk.jobs.append_events(late, 3, ["three, of the late worker"])

    assert (await numbers(desk))[2:] == ["two", "three"]


async def test_events_live_as_long_as_their_record(desk: Desk) -> None:
    lease = await desk.start()
    await desk.jobs.append_events(lease, 2, ["two"])

    running = await desk.ttl_seconds(keys.events(JOB))
    await desk.jobs.finish(lease, COMPLETED)
    ended = await desk.ttl_seconds(keys.events(JOB))

    assert running == pytest.approx(600 + SETTINGS.response_ttl_seconds, abs=2)
    assert ended == pytest.approx(SETTINGS.response_ttl_seconds, abs=2)


async def test_events_of_a_record_that_never_expires_do_not_either(desk: Desk) -> None:
    lease = await desk.start()
    await desk.store.persist(keys.record(JOB))
    await desk.store.persist(keys.events(JOB))

    await desk.jobs.append_events(lease, 2, ["two"])

    assert len(await desk.events()) == 3


async def test_an_ending_may_drop_the_events_but_not_their_number(desk: Desk) -> None:
    lease = await desk.start()

    await desk.jobs.finish(lease, Ending("completed", {}, drops_events=True))

    assert await desk.events() == []
    assert (await desk.record())["events"] == "2"


async def test_every_character_arrives_as_it_was_told(desk: Desk) -> None:
    lease = await desk.start()
    told = ['{"delta":"\\ud800 \\u0000 \\"\\\\"}', "ü 漢 \U0001f600 \x00", "9007199254740993"]

    await desk.jobs.append_events(lease, 2, told)

    assert (await numbers(desk))[2:] == told
