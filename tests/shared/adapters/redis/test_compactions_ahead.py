"""What became of compactions that were made ahead."""

from dataclasses import replace

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.compaction_records import RedisCompactionRecords
from shared.adapters.redis.compactions import RedisCompactions
from shared.adapters.redis.encoding import answer
from shared.adapters.sealer import AesGcmSealer
from shared.errors import TooManyRequests
from tests.shared.adapters.redis.compacted import ASKED, finished
from tests.shared.adapters.redis.desk import COMPACTION, SETTINGS, Desk


async def counted(desk: Desk) -> dict[str, int]:
    counters = await answer(desk.store.hgetall(keys.COUNTERS))
    return {name.decode(): int(count) for name, count in counters.items()}


@pytest.mark.parametrize("in_time", [True, False], ids=["ready", "waited for"])
async def test_it_is_noted_once_whether_the_turn_that_uses_it_found_it_ready(
    desk: Desk, compactions: RedisCompactions, records: RedisCompactionRecords, in_time: bool
) -> None:
    await compactions.enqueue(ASKED)
    await compactions.note_use(COMPACTION, in_time=in_time)
    await compactions.note_use(COMPACTION, in_time=not in_time)
    await compactions.supersede([COMPACTION])

    record = await records.load(COMPACTION, "acme")
    assert record.outcome == ("in_time" if in_time else "late")
    assert record.used_at_ms is not None
    assert record.tokens_in_vain == 0
    assert await counted(desk) == {f"ahead:{record.outcome}": 1}


async def test_one_that_is_superseded_as_it_waits_for_a_worker_is_cancelled(
    desk: Desk, compactions: RedisCompactions, records: RedisCompactionRecords
) -> None:
    await compactions.enqueue(ASKED)
    await compactions.supersede([COMPACTION])
    await compactions.supersede([COMPACTION])

    record = await records.load(COMPACTION, "acme")
    assert (record.status, record.outcome, record.tokens_in_vain) == ("cancelled", "superseded", 0)
    assert (await counted(desk))["ahead:superseded"] == 1


async def test_one_is_given_up_though_the_answer_was_lost_that_it_is_to_be(
    stuttering: Desk, sealer: AesGcmSealer, records: RedisCompactionRecords
) -> None:
    compactions = RedisCompactions(stuttering.store, stuttering.jobs, sealer, SETTINGS)
    await compactions.enqueue(ASKED)
    await compactions.supersede([COMPACTION])

    assert await stuttering.status(COMPACTION) == "cancelled"
    assert (await counted(stuttering))["ahead:superseded"] == 1


async def test_one_that_found_no_room_is_not_listed(
    desk: Desk, compactions: RedisCompactions, records: RedisCompactionRecords
) -> None:
    for number in range(SETTINGS.max_queued):
        await compactions.enqueue(replace(ASKED, id=f"cmp_{number}"))

    with pytest.raises(TooManyRequests):
        await compactions.enqueue(replace(ASKED, id="cmp_late"))

    assert await desk.store.zcard(keys.compactions_of("acme")) == SETTINGS.max_queued


async def test_one_that_is_superseded_as_it_is_made_has_cost_what_it_reads(
    desk: Desk, sealer: AesGcmSealer, records: RedisCompactionRecords
) -> None:
    asking = SETTINGS.model_copy(update={"summarizer": "model"})
    compactions = RedisCompactions(desk.store, desk.jobs, sealer, asking)
    await compactions.enqueue(ASKED)
    lease = await desk.take("first", job_id=COMPACTION)
    await compactions.supersede([COMPACTION])

    assert not await desk.jobs.renew(lease)
    assert (await records.load(COMPACTION, "acme")).tokens_in_vain == ASKED.tokens


async def test_one_that_was_made_for_nobody_has_cost_what_it_cost_and_stays(
    desk: Desk, compactions: RedisCompactions, records: RedisCompactionRecords
) -> None:
    await finished(compactions, desk)
    await compactions.supersede([COMPACTION])

    record = await records.load(COMPACTION, "acme")
    assert (record.status, record.outcome, record.tokens_in_vain) == ("completed", "superseded", 35)
    assert (await counted(desk))["ahead_tokens:in_vain"] == 35

    await compactions.note_use(COMPACTION, in_time=True)
    assert (await records.load(COMPACTION, "acme")).tokens_in_vain == 0


async def test_one_that_somebody_waits_for_is_not_given_up(
    compactions: RedisCompactions, records: RedisCompactionRecords
) -> None:
    await compactions.enqueue(ASKED)
    await compactions.hurry(COMPACTION)
    await compactions.supersede([COMPACTION])

    assert (await records.load(COMPACTION, "acme")).status == "queued"


async def test_nothing_is_noted_of_one_that_was_needed_from_the_beginning(
    desk: Desk, compactions: RedisCompactions, records: RedisCompactionRecords
) -> None:
    await compactions.enqueue(replace(ASKED, ahead=False))
    await compactions.note_use(COMPACTION, in_time=False)
    await compactions.supersede([COMPACTION])

    record = await records.load(COMPACTION, "acme")
    assert (record.status, record.outcome, record.used_at_ms) == ("queued", None, None)
    assert await counted(desk) == {}
