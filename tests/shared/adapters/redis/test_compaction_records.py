"""The accounts of compactions in Redis: each tenant's own, newest last, and undone once and for all."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.compaction_records import MOST_LISTED, RedisCompactionRecords
from shared.adapters.redis.compactions import RedisCompactions
from shared.adapters.redis.encoding import answer
from shared.adapters.sealer import AesGcmSealer, new_key
from shared.compaction.policy import endpoint_policy
from shared.compactions import CompactionJob
from shared.errors import InvalidRequest, NotFound, TooManyRequests
from shared.lifecycle import JobStatus
from shared.window.undone import Replaced
from tests.shared.adapters.redis.compacted import ASKED, RESULT
from tests.shared.adapters.redis.desk import COMPACTION, SETTINGS, Desk


@pytest.fixture
def sealer() -> AesGcmSealer:
    return AesGcmSealer([new_key()])


@pytest.fixture
def compactions(desk: Desk, sealer: AesGcmSealer) -> RedisCompactions:
    return RedisCompactions(desk.store, desk.jobs, sealer, SETTINGS)


@pytest.fixture
def records(desk: Desk, sealer: AesGcmSealer) -> RedisCompactionRecords:
    return RedisCompactionRecords(desk.store, sealer, SETTINGS)


async def finished(compactions: RedisCompactions, desk: Desk, job: CompactionJob = ASKED) -> None:
    await compactions.enqueue(job)
    await compactions.finish(await desk.take("first", job_id=job.id), job, RESULT)


# Reading


async def test_a_record_tells_all_of_a_finished_compaction(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk
) -> None:
    await finished(compactions, desk)

    record = await records.load(COMPACTION, "acme")

    assert (record.account, record.items, record.payload) == (RESULT.account, RESULT.items, RESULT.payload)
    assert (record.status, record.tokens, record.threshold) == (JobStatus.COMPLETED, 3, 8000)
    assert (record.policy, record.ahead, record.undone) == (ASKED.policy, True, False)
    assert record.ended_at_ms is not None
    assert abs(await desk.now() - record.created_at_ms) < 10_000
    assert record.created_at_ms <= record.ended_at_ms


async def test_a_record_is_there_before_the_compaction_is(
    compactions: RedisCompactions, records: RedisCompactionRecords
) -> None:
    await compactions.enqueue(ASKED)

    record = await records.load(COMPACTION, "acme")

    assert (record.status, record.account, record.payload, record.items) == (JobStatus.QUEUED, None, None, [])
    assert record.ended_at_ms is None


async def test_a_failed_one_says_why(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk
) -> None:
    await compactions.enqueue(ASKED)
    await compactions.fail(await desk.take("first", job_id=COMPACTION), "It came to nothing.")

    record = await records.load(COMPACTION, "acme")

    assert (record.status, record.message) == (JobStatus.FAILED, "It came to nothing.")


async def test_what_is_stored_of_items_holds_none_of_their_words(
    compactions: RedisCompactions, desk: Desk
) -> None:
    await finished(compactions, desk)

    fields = await answer(desk.store.hgetall(keys.record(COMPACTION)))

    assert b"Point" not in b"".join(fields.values())


@pytest.mark.parametrize(
    ("name", "tenant"), [("cmp_0", "acme"), (COMPACTION, "other"), ("resp_1", "acme")], ids=str
)
async def test_what_is_not_this_tenants_compaction_does_not_exist(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk, name: str, tenant: str
) -> None:
    await finished(compactions, desk)
    await desk.start()

    with pytest.raises(NotFound, match=f"'{name}' not found"):
        await records.load(name, tenant)
    with pytest.raises(NotFound):
        await records.undo(name, tenant)


# Lists


async def listed(records: RedisCompactionRecords, **asked: object) -> tuple[list[str], bool]:
    query: dict[str, object] = {"after": None, "limit": 20, "ascending": False} | asked
    page, has_more = await records.page("acme", **query)  # type: ignore[arg-type]  # a table's row
    return [record.id for record in page], has_more


async def several(compactions: RedisCompactions, desk: Desk, count: int) -> list[str]:
    """Finish so many that somebody waits for, each some time after the last, as far as the index knows."""
    ids = [f"cmp_{number:03}" for number in range(count)]
    for name in ids:
        await finished(compactions, desk, replace(ASKED, id=name, ahead=False))
    await note(desk, ids)
    return ids


async def note(desk: Desk, ids: Sequence[str]) -> None:
    await desk.store.zadd(keys.compactions_of("acme"), {name: place for place, name in enumerate(ids)})


async def test_a_list_is_read_in_pages_from_either_end(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk
) -> None:
    ids = await several(compactions, desk, 4)

    assert await listed(records) == (ids[::-1], False)
    assert await listed(records, limit=2) == ([ids[3], ids[2]], True)
    assert await listed(records, limit=2, after=ids[2]) == ([ids[1], ids[0]], False)
    assert await listed(records, limit=2, after=ids[0], ascending=True) == (ids[1:3], True)
    assert await listed(records, after=ids[0]) == ([], False)
    with pytest.raises(InvalidRequest, match="'cmp_x' not found"):
        await listed(records, after="cmp_x")


async def test_a_list_holds_no_texts_and_no_items(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk
) -> None:
    await finished(compactions, desk)

    [[record], _] = await records.page("acme", after=None, limit=1, ascending=False)

    assert (record.account, record.items, record.payload) == (RESULT.account, [], None)


async def test_what_is_forgotten_takes_no_place_in_a_page(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk
) -> None:
    oldest, newest = await several(compactions, desk, 2)
    await note(desk, [oldest, *(f"cmp_gone_{number}" for number in range(120)), newest])

    assert await listed(records, limit=2) == ([newest, oldest], False)
    assert await listed(records, limit=1) == ([newest], True)


async def test_a_list_is_bounded_and_expires(compactions: RedisCompactions, desk: Desk) -> None:
    await note(desk, [f"cmp_old_{number}" for number in range(MOST_LISTED)])

    await compactions.enqueue(ASKED)

    key = keys.compactions_of("acme")
    left = await answer(desk.store.zrange(key, 0, -1))
    assert (len(left), left[0], left[-1]) == (MOST_LISTED, b"cmp_old_1", COMPACTION.encode())
    kept = SETTINGS.response_ttl_seconds + SETTINGS.compaction_deadline_seconds
    assert await desk.ttl_seconds(key) == pytest.approx(kept, abs=5)


async def test_asking_again_changes_no_place_and_what_was_refused_is_not_shown(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk
) -> None:
    ids = await several(compactions, desk, 2)
    await compactions.enqueue(replace(ASKED, id=ids[0]))
    for number in range(SETTINGS.max_queued):
        await compactions.enqueue(replace(ASKED, id=f"cmp_x{number}", tenant="other", ahead=False))
    with pytest.raises(TooManyRequests):
        await compactions.enqueue(replace(ASKED, id="cmp_refused", ahead=False))

    assert await listed(records) == (ids[::-1], False)


async def test_the_operator_finds_tenants_and_owners(
    compactions: RedisCompactions, records: RedisCompactionRecords
) -> None:
    await compactions.enqueue(ASKED)
    await compactions.enqueue(replace(ASKED, id="cmp_2", tenant="zeta"))

    assert await records.tenants() == ["acme", "zeta"]
    assert await records.owner("cmp_2") == "zeta"
    for name in ("cmp_0", "resp_1"):
        with pytest.raises(NotFound):
            await records.owner(name)


# Undoing


async def test_an_undone_compaction_serves_nobody_and_says_what_it_stood_for(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk
) -> None:
    await finished(compactions, desk)
    assert await compactions.undone([COMPACTION, "cmp_0"]) == {}

    first = await records.undo(COMPACTION, "acme")
    again = await records.undo(COMPACTION, "acme")

    assert first.undone
    assert again == first
    assert await compactions.undone([COMPACTION, "cmp_0"]) == {COMPACTION: Replaced("d1", 2)}
    assert await compactions.statuses([COMPACTION, "cmp_0"]) == [None, None]
    state = await compactions.state(COMPACTION)
    assert state is not None
    assert state.undone


async def test_that_it_was_undone_is_known_as_long_as_somebody_asks(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk
) -> None:
    await finished(compactions, desk)
    await records.undo(COMPACTION, "acme")
    await desk.store.expire(keys.record(COMPACTION), 5)

    await compactions.undone([COMPACTION])

    left = await desk.ttl_seconds(keys.record(COMPACTION))
    assert left == pytest.approx(SETTINGS.response_ttl_seconds, abs=5)


@pytest.mark.parametrize("status", ["queued", "running", "failed"])
async def test_what_has_not_completed_cannot_be_undone(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk, status: str
) -> None:
    await compactions.enqueue(ASKED)
    if status != "queued":
        lease = await desk.take("first", job_id=COMPACTION)
        if status == "failed":
            await compactions.fail(lease, "It came to nothing.")

    with pytest.raises(InvalidRequest, match=f"cannot be undone: its status is {status}"):
        await records.undo(COMPACTION, "acme")

    assert await compactions.undone([COMPACTION]) == {}


async def test_what_its_client_holds_alone_cannot_be_undone(
    compactions: RedisCompactions, records: RedisCompactionRecords, desk: Desk
) -> None:
    policy = endpoint_policy(target=None, model="m", instructions=None)
    await finished(compactions, desk, replace(ASKED, policy=policy))

    with pytest.raises(InvalidRequest, match="made by /v1/responses/compact"):
        await records.undo(COMPACTION, "acme")


# What became of those made ahead


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
