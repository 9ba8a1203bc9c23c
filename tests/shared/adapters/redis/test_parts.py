"""The portions of a compaction: kept for its next attempt, spread as jobs of their own, gone when it ends."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from shared.adapters.celery import LOW, queue_key
from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.redis.parts import RedisCheckpoints, RedisParts
from shared.compaction.passages import Passage
from shared.compaction.summary import Wish
from shared.errors import LeaseLost
from shared.jobs import Queue, queue_of
from shared.lifecycle import Found, Lease, NotClaimed
from shared.summaries import Portion, Summary
from tests.fakes import usage
from tests.shared.adapters.redis.desk import (
    ATTEMPTS,
    COMPACTION,
    COMPLETED,
    FAILED,
    NEW_COMPACTION,
    SETTINGS,
    Desk,
    rung_for,
)

GOOD = Summary("## Goal\nTell of é.", usage(100, 10), ["it was too short."], calls=2)
WISH = Wish(300, "Name every ticket.")
PORTIONS = [
    Portion(0, number, [Passage("user", f"Point {number} of é")], "m", WISH, anchor="So far." if not number else None)
    for number in range(3)
]  # fmt: skip
NAMED = {portion.name: portion for portion in PORTIONS}
NAMES = list(NAMED)
IDS = [f"part_{COMPACTION}_{name}" for name in NAMES]


def parts(desk: Desk) -> RedisParts:
    return RedisParts(desk.store, desk.jobs)


def checkpoints(desk: Desk, lease: Lease) -> RedisCheckpoints:
    return parts(desk).checkpoints(lease)


async def spread(desk: Desk) -> Lease:
    """Return the lease of a compaction with three parts, whose doorbells were taken."""
    lease = await desk.start(job=NEW_COMPACTION)
    assert await checkpoints(desk, lease).spread(NAMED) == {}
    await desk.lose_doorbells()
    return lease


async def parked(desk: Desk) -> None:
    await desk.jobs.park(await spread(desk), waits_for=COMPACTION)


async def finish(desk: Desk, number: int, summary: Summary = GOOD) -> None:
    await parts(desk).finish(await desk.take(f"worker of {number}", job_id=IDS[number]), summary)


async def rung(desk: Desk) -> list[str]:
    return await desk.doorbells(Queue.COMPACTION)


# Checkpoints


async def test_a_summary_is_kept_for_the_next_attempt_as_it_was(desk: Desk) -> None:
    lease = await desk.start(job=NEW_COMPACTION)
    long = replace(GOOD, text="A long story. " * 1_000)
    await checkpoints(desk, lease).keep(NAMES[0], GOOD)
    await checkpoints(desk, lease).keep(NAMES[1], long)
    await desk.let_lease_run_out(COMPACTION)
    lease = await desk.take("second", job_id=COMPACTION)

    assert await checkpoints(desk, lease).load(NAMES) == {NAMES[0]: GOOD, NAMES[1]: long}
    fields = await answer(desk.store.hgetall(keys.record(COMPACTION)))
    assert sum(len(value) for name, value in fields.items() if name.startswith(b"kept:")) < 1_000


async def test_an_attempt_that_lost_its_lease_keeps_nothing(desk: Desk) -> None:
    lease = await desk.start(job=NEW_COMPACTION)
    await desk.let_lease_run_out(COMPACTION)
    await desk.take("second", job_id=COMPACTION)

    with pytest.raises(LeaseLost):
        await checkpoints(desk, lease).keep(NAMES[0], GOOD)

    assert await checkpoints(desk, lease).load(NAMES) == {}


def test_a_portion_is_named_by_its_place_and_all_that_is_asked() -> None:
    changed = [
        replace(PORTIONS[0], number=7),
        replace(PORTIONS[0], round=1),
        replace(PORTIONS[0], model="other"),
        replace(PORTIONS[0], anchor=None),
        replace(PORTIONS[0], wish=Wish(300)),
        replace(PORTIONS[0], wish=Wish(301, WISH.instructions)),
        replace(PORTIONS[0], passages=[Passage("tool", "Point 0 of é")]),
    ]

    assert len({PORTIONS[0].name, *(portion.name for portion in changed)}) == 8
    assert replace(PORTIONS[0]).name == PORTIONS[0].name


# Parts


async def test_each_portion_becomes_a_job_that_knows_what_to_do(desk: Desk) -> None:
    lease = await desk.start(job=NEW_COMPACTION)

    await checkpoints(desk, lease).spread(NAMED)

    assert await rung(desk) == IDS
    assert [queue_of(part_id) for part_id in IDS] == [Queue.COMPACTION] * 3
    loaded = [await parts(desk).load(await desk.take("w", job_id=part_id)) for part_id in IDS]
    assert loaded == PORTIONS


async def test_a_part_has_the_deadline_of_its_compaction(desk: Desk) -> None:
    await spread(desk)

    whole, part = await desk.record(COMPACTION), await desk.record(IDS[0])

    assert part["deadline"] == whole["deadline"]
    assert await desk.ttl_seconds(keys.record(IDS[0])) == pytest.approx(1600, abs=2)


async def test_parts_are_taken_however_long_the_queue_is(desk: Desk) -> None:
    lease = await desk.start(job=NEW_COMPACTION)
    for number in range(SETTINGS.max_queued):
        await desk.jobs.create(replace(NEW_COMPACTION, id=f"cmp_{number + 2}"))

    await checkpoints(desk, lease).spread(NAMED)

    assert [await desk.status(part_id) for part_id in IDS] == ["queued"] * 3


async def test_a_compaction_that_runs_twice_makes_its_parts_once(desk: Desk) -> None:
    lease = await desk.start(job=NEW_COMPACTION)
    first, *_ = NAMES
    await checkpoints(desk, lease).spread({first: NAMED[first]})
    await desk.let_lease_run_out(COMPACTION)
    lease = await desk.jobs.claim(COMPACTION, "second")  # type: ignore[assignment]  # it is claimed

    await checkpoints(desk, lease).spread(NAMED)
    await checkpoints(desk, lease).spread(NAMED)

    assert await rung(desk) == IDS
    assert (await desk.record(COMPACTION))["parts_left"] == "3"


async def test_an_attempt_that_lost_its_lease_makes_no_part(desk: Desk) -> None:
    lease = await desk.start(job=NEW_COMPACTION)
    await desk.let_lease_run_out(COMPACTION)
    await desk.take("second", job_id=COMPACTION)
    before = await desk.everything()

    with pytest.raises(LeaseLost):
        await checkpoints(desk, lease).spread(NAMED)

    assert await desk.everything() == before


async def test_a_compaction_waits_for_its_last_part_and_is_woken_once(desk: Desk) -> None:
    await parked(desk)
    for number in (0, 2):
        await finish(desk, number)
        assert (await desk.status(COMPACTION), await rung(desk)) == ("waiting", [])
    found = await desk.jobs.look(COMPACTION, queue_depth=0)

    await finish(desk, 1)

    assert (found.found, found.waits_for) == (Found.WAITING, COMPACTION)
    assert (await desk.status(COMPACTION), await rung(desk)) == ("queued", [COMPACTION])
    lease = await desk.take("second", job_id=COMPACTION)
    assert await checkpoints(desk, lease).load(NAMES) == dict.fromkeys(NAMES, GOOD)
    assert {"portion", "summary"}.isdisjoint(await desk.record(IDS[0]))


async def test_a_compaction_whose_parts_have_all_ended_does_not_park(desk: Desk) -> None:
    lease = await spread(desk)
    for number in range(3):
        await finish(desk, number)
    assert (await desk.status(COMPACTION), await rung(desk)) == ("running", [])

    await desk.jobs.park(lease, waits_for=COMPACTION)

    assert (await desk.status(COMPACTION), await rung(desk)) == ("queued", [COMPACTION])


async def given_up(desk: Desk, part_id: str) -> None:
    for number in range(ATTEMPTS):
        await desk.take(f"worker {number}", job_id=part_id)
        await desk.let_lease_run_out(part_id)
        await desk.jobs.look(part_id, queue_depth=0)


async def failed(desk: Desk, part_id: str) -> None:
    await parts(desk).fail(await desk.take("worker", job_id=part_id), "it met an error.")


async def late(desk: Desk, part_id: str) -> None:
    await desk.let_deadline_pass(part_id)
    await desk.jobs.look(part_id, queue_depth=0)


async def cancelled(desk: Desk, part_id: str) -> None:
    await desk.jobs.cancel(part_id)


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (given_up, "its worker was lost 3 times"),
        (failed, "it met an error."),
        (late, "before its deadline"),
        (cancelled, "cancelled"),
    ],
    ids=["given up", "failed", "late", "cancelled"],
)
async def test_a_part_that_fails_is_waited_for_no_longer_and_tells_why(
    desk: Desk, end: Callable[[Desk, str], Awaitable[None]], why: str
) -> None:
    await parked(desk)
    await finish(desk, 0)
    await finish(desk, 1)
    await desk.lose_doorbells()

    await end(desk, IDS[2])

    assert (await desk.status(COMPACTION), await rung(desk)) == ("queued", [COMPACTION])
    lease = await desk.take("second", job_id=COMPACTION)
    assert list(await checkpoints(desk, lease).load(NAMES)) == NAMES[:2]
    lost = await checkpoints(desk, lease).spread({NAMES[2]: PORTIONS[2]})
    assert lost[NAMES[2]].text is None
    assert why in lost[NAMES[2]].warnings[0]


async def completes(desk: Desk, lease: Lease) -> None:
    await desk.jobs.finish(lease, COMPLETED)


async def fails(desk: Desk, lease: Lease) -> None:
    await desk.jobs.finish(lease, FAILED)


async def is_cancelled(desk: Desk, _lease: Lease) -> None:
    await desk.jobs.cancel(COMPACTION)


async def is_late(desk: Desk, lease: Lease) -> None:
    await desk.jobs.park(lease, waits_for=COMPACTION)
    await desk.let_deadline_pass(COMPACTION)
    await desk.jobs.look(COMPACTION, queue_depth=0)


async def is_given_up(desk: Desk, _lease: Lease) -> None:
    await answer(desk.store.hset(keys.record(COMPACTION), "lost", str(ATTEMPTS - 1)))
    await desk.let_lease_run_out(COMPACTION)
    await desk.jobs.look(COMPACTION, queue_depth=0)


@pytest.mark.parametrize("ends", [completes, fails, is_cancelled, is_late, is_given_up])
async def test_however_a_compaction_ends_its_parts_and_summaries_go_with_it(
    desk: Desk, ends: Callable[[Desk, Lease], Awaitable[None]]
) -> None:
    lease = await spread(desk)
    await checkpoints(desk, lease).keep("0-9-another", GOOD)
    await finish(desk, 0)
    running = await desk.take("worker", job_id=IDS[1])

    async with desk.store.pubsub(ignore_subscribe_messages=True) as listener:
        await listener.subscribe(keys.SIGNALS)
        await listener.get_message(timeout=1)
        await ends(desk, lease)
        news = [message["data"].decode() for _ in "ab" if (message := await listener.get_message(timeout=1))]

    assert (await desk.record(COMPACTION))["status"] in ("completed", "failed", "cancelled")
    assert not [name for name in await desk.record(COMPACTION) if name.startswith(("kept", "part"))]
    assert [await desk.status(part_id) for part_id in IDS] == ["", "", ""]
    assert [await desk.seconds_until_look(part_id) for part_id in IDS] == [None] * 3
    # Its worker hears of it, and writes nothing; a doorbell that is left is for nothing.
    assert sorted(news) == [COMPACTION, IDS[1]]
    with pytest.raises(LeaseLost):
        await parts(desk).finish(running, GOOD)
    assert await desk.jobs.claim(IDS[2], "worker") is NotClaimed.GONE
    assert "parts_left" not in await desk.record(COMPACTION)


async def test_a_part_whose_content_is_gone_is_a_lost_lease(desk: Desk) -> None:
    await spread(desk)
    lease = await desk.take("worker", job_id=IDS[0])
    await desk.jobs.cancel(COMPACTION)

    with pytest.raises(LeaseLost):
        await parts(desk).load(lease)


async def doorbells_in(desk: Desk, priority: int) -> list[str]:
    found = await answer(desk.store.lrange(queue_key(Queue.COMPACTION, priority=priority), 0, -1))
    return [rung_for(message) for message in reversed(found)]


async def made_ahead(desk: Desk) -> Lease:
    await desk.jobs.create(replace(NEW_COMPACTION, can_wait=True))
    return await desk.take("first", job_id=COMPACTION)


async def test_parts_of_what_nobody_waits_for_can_wait(desk: Desk) -> None:
    lease = await made_ahead(desk)

    await checkpoints(desk, lease).spread(NAMED)

    assert (await doorbells_in(desk, LOW), await rung(desk)) == ([COMPACTION, *IDS], [])


@pytest.mark.parametrize("hurried", ["before they are made", "after they were made", "as it waits for them"])
async def test_hurry_reaches_the_parts(desk: Desk, hurried: str) -> None:
    lease = await made_ahead(desk)
    if hurried == "before they are made":
        await desk.jobs.hurry(COMPACTION)
    await checkpoints(desk, lease).spread(NAMED)
    if hurried == "as it waits for them":
        await desk.jobs.park(lease, waits_for=COMPACTION)
    await desk.jobs.hurry(COMPACTION)

    assert sorted(await rung(desk)) == sorted(IDS)
    await desk.lose_doorbells()
    for number in range(3):
        await finish(desk, number)
    if hurried != "as it waits for them":
        await desk.jobs.park(lease, waits_for=COMPACTION)
    # It goes on before those that can wait, too.
    assert await rung(desk) == [COMPACTION]


async def test_calls_that_are_applied_twice_change_nothing_more(stuttering: Desk, server: Redis) -> None:
    async def live(desk: Desk) -> list[object]:
        await parked(desk)
        seen: list[object] = [await desk.everything()]
        for number in range(3):
            await finish(desk, number)
            seen.append(await desk.everything())
        await desk.jobs.finish(await desk.take("second", job_id=COMPACTION), COMPLETED)
        return [*seen, await desk.everything()]

    once = await live(replace(stuttering, jobs=RedisJobs(server, None, SETTINGS), store=server))
    await server.flushdb()

    assert await live(stuttering) == once
