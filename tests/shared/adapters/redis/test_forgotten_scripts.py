"""A server that dies with a pipeline under way comes back without the scripts that the pipeline runs."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from shared.adapters.redis.conversations import RedisConversations
from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.redis.responses import RedisResponses
from shared.jobs import SUMMARIZE, Queue
from shared.lifecycle import NewJob
from shared.wire.conversations import Conversation
from tests.shared.adapters.redis.conversing import CONV, result, texts, turn
from tests.shared.adapters.redis.desk import NEW_COMPACTION, SETTINGS, Desk


class LatePipeline(Pipeline):
    """Sees to it that its scripts are known, just before they are forgotten."""

    server: "ForgetfulRedis"

    async def load_scripts(self) -> None:
        """Have the scripts loaded, though it may be for nothing."""
        await super().load_scripts()  # type: ignore[no-untyped-call]
        await self.server.forget()


class ForgetfulRedis(Redis):
    """A client whose server forgets its scripts as often as `forgets` says."""

    forgets = 0

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline that may come too late."""
        late = LatePipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        late.server = self
        return late

    async def forget(self) -> None:
        """Forget all scripts, if it is time."""
        if self.forgets:
            self.forgets -= 1
            await self.script_flush()


@pytest.fixture
async def forgetful(redis_url: str) -> AsyncIterator[ForgetfulRedis]:
    async with ForgetfulRedis.from_url(redis_url) as client:
        assert isinstance(client, ForgetfulRedis)
        yield client


async def test_a_turn_begins_and_ends_all_the_same(forgetful: ForgetfulRedis) -> None:
    jobs = RedisJobs(forgetful, None, SETTINGS)
    responses, conversations = (
        RedisResponses(forgetful, jobs, SETTINGS),
        RedisConversations(forgetful, SETTINGS),
    )
    await conversations.create(Conversation(id=CONV, created_at=7), "acme", [])
    asked = turn()

    forgetful.forgets = 1
    await responses.enqueue(asked)
    lease = await Desk(forgetful, None, jobs).take("first", job_id=asked.id)
    forgetful.forgets = 1
    await responses.finish(lease, asked, result(asked))

    assert await texts(conversations) == ["One", "to-One"]
    assert (await responses.load(asked.id, "acme")).response.status == "completed"


async def test_parts_are_made_once(forgetful: ForgetfulRedis) -> None:
    desk = Desk(forgetful, None, RedisJobs(forgetful, None, SETTINGS))
    lease = await desk.start(job=NEW_COMPACTION)
    parts = [NewJob(f"part_{number}", SUMMARIZE, {"name": b"1"}) for number in range(3)]

    forgetful.forgets = 1
    assert await desk.jobs.create_parts(parts, lease) == ["queued"] * 3

    assert await desk.doorbells(Queue.COMPACTION) == ["part_0", "part_1", "part_2"]
    assert (await desk.record(NEW_COMPACTION.id))["parts_left"] == "3"
