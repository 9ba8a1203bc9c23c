"""The portions of a compaction: kept for its next attempt, spread as jobs of their own, gone when it ends."""

from dataclasses import replace

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.compaction.passages import Passage
from shared.compaction.summary import Wish
from shared.errors import LeaseLost
from shared.jobs import Queue, queue_of
from shared.lifecycle import Found
from tests.shared.adapters.redis.desk import COMPACTION, NEW_COMPACTION, SETTINGS, Desk
from tests.shared.adapters.redis.parting import (
    GOOD,
    IDS,
    NAMED,
    NAMES,
    PORTIONS,
    WISH,
    checkpoints,
    finish,
    parked,
    parts,
    rung,
    spread,
)

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
