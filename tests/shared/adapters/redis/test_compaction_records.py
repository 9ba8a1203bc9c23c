"""The accounts of compactions in Redis: each tenant's own, newest last, and undone once and for all."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.compaction_records import MOST_LISTED, RedisCompactionRecords
from shared.adapters.redis.compactions import RedisCompactions
from shared.adapters.redis.encoding import answer
from shared.errors import InvalidRequest, NotFound, TooManyRequests
from shared.lifecycle import JobStatus
from tests.shared.adapters.redis.compacted import ASKED, RESULT, finished
from tests.shared.adapters.redis.desk import COMPACTION, SETTINGS, Desk

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
