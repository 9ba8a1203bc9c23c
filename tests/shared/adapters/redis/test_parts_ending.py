"""However a compaction or a part of it ends, nobody waits for ever and nothing is left."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from shared.adapters.celery import LOW, queue_key
from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.jobs import RedisJobs
from shared.errors import LeaseLost
from shared.jobs import Queue
from shared.lifecycle import Lease, NotClaimed
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
from tests.shared.adapters.redis.parting import (
    GOOD,
    IDS,
    NAMED,
    NAMES,
    PORTIONS,
    checkpoints,
    finish,
    parked,
    parts,
    rung,
    spread,
)


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
