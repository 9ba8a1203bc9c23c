"""What became of compactions that were made ahead."""

from dataclasses import replace

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.compaction_records import RedisCompactionRecords
from shared.adapters.redis.compactions import RedisCompactions
from shared.adapters.redis.conversations import RedisConversations
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.responses import RedisResponses
from shared.adapters.sealer import AesGcmSealer
from shared.errors import TooManyRequests
from tests.shared.adapters.redis.compacted import ASKED, finished
from tests.shared.adapters.redis.conversing import CONV
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


# What they were made for


async def test_what_was_made_for_a_past_is_given_up_but_what_took_its_place(
    desk: Desk, compactions: RedisCompactions
) -> None:
    for name, asker in (("cmp_1", "resp_1"), ("cmp_2", "resp_2"), ("cmp_3", "resp_2"), ("cmp_4", "resp_3")):
        await compactions.enqueue(replace(ASKED, id=name, asked_by=asker))

    await compactions.supersede_made_for(["resp_1", "resp_2"], but=["cmp_3"])

    statuses = [await desk.status(f"cmp_{number}") for number in range(1, 5)]
    assert statuses == ["cancelled", "cancelled", "queued", "queued"]


@pytest.mark.parametrize("deleted_first", [False, True], ids=["then deleted", "deleted before"])
async def test_a_deleted_conversation_gives_up_what_was_made_for_its_next_turn(
    desk: Desk, compactions: RedisCompactions, conversations: RedisConversations, deleted_first: bool
) -> None:
    if deleted_first:
        await conversations.delete(CONV, "acme")
    await compactions.enqueue(replace(ASKED, ahead_in=CONV))
    if not deleted_first:
        assert await desk.status(COMPACTION) == "queued"
        await conversations.delete(CONV, "acme")
        await compactions.supersede_made_for([CONV])

    assert await desk.status(COMPACTION) == "cancelled"
    assert not await desk.store.exists(keys.derived(CONV))


async def test_what_was_made_for_a_deleted_response_counts_as_in_vain(
    desk: Desk, compactions: RedisCompactions, responses: RedisResponses
) -> None:
    await desk.jobs.store("resp_1", "completed", {"tenant": b"acme"})
    await finished(compactions, desk, replace(ASKED, asked_by="resp_1"))

    await responses.delete("resp_1")

    assert await desk.status(COMPACTION) == ""
    assert (await counted(desk))["ahead_tokens:in_vain"] == 35


# Those that nobody asks for again


async def grown_old(desk: Desk, *names: str) -> None:
    await desk.store.zadd(keys.AHEAD, dict.fromkeys(names, 1))


async def test_one_that_nobody_has_used_for_a_day_was_made_in_vain(
    desk: Desk, compactions: RedisCompactions, records: RedisCompactionRecords
) -> None:
    await finished(compactions, desk)
    await grown_old(desk, COMPACTION)

    for number in range(2):
        await compactions.enqueue(replace(ASKED, id=f"cmp_later_{number}"))

    record = await records.load(COMPACTION, "acme")
    assert (record.outcome, record.tokens_in_vain) == ("unused", 35)
    told = await counted(desk)
    assert (told["ahead:unused"], told["ahead_tokens:in_vain"]) == (1, 35)
    assert await desk.store.zscore(keys.AHEAD, COMPACTION) is None
    assert await desk.store.pttl(keys.AHEAD) > 0

    await compactions.supersede([COMPACTION])
    assert (await counted(desk))["ahead_tokens:in_vain"] == 35
    await compactions.note_use(COMPACTION, in_time=True)
    assert (await records.load(COMPACTION, "acme")).outcome == "in_time"


async def test_one_that_was_used_or_given_up_keeps_its_outcome_as_it_grows_old(
    desk: Desk, compactions: RedisCompactions, records: RedisCompactionRecords
) -> None:
    for name in ("cmp_used", "cmp_given_up"):
        await compactions.enqueue(replace(ASKED, id=name))
    await compactions.note_use("cmp_used", in_time=True)
    used_at = (await records.load("cmp_used", "acme")).used_at_ms
    await compactions.supersede(["cmp_given_up"])
    await grown_old(desk, "cmp_used", "cmp_given_up", "cmp_forgotten")

    await compactions.enqueue(ASKED)

    found = [await records.load(name, "acme") for name in ("cmp_used", "cmp_given_up")]
    assert [record.outcome for record in found] == ["in_time", "superseded"]
    assert found[0].used_at_ms == used_at
    assert await desk.store.zcard(keys.AHEAD) == 1
