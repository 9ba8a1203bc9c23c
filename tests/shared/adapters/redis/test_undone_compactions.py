"""A compaction that was undone serves nobody, and says what it stood for."""

from dataclasses import replace

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.compaction_records import RedisCompactionRecords
from shared.adapters.redis.compactions import RedisCompactions
from shared.compaction.policy import endpoint_policy
from shared.errors import InvalidRequest
from shared.window.undone import Replaced
from tests.shared.adapters.redis.compacted import ASKED, finished
from tests.shared.adapters.redis.desk import COMPACTION, SETTINGS, Desk


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
