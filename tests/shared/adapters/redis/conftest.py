"""The desk of jobs on a real server and on fakeredis: both must keep to docs/jobs.md."""

from collections.abc import AsyncIterator
from typing import Any

import fakeredis
import pytest
from redis.asyncio import Redis

from shared.adapters.redis.connection import connect
from shared.adapters.redis.conversations import RedisConversations
from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.redis.responses import RedisResponses
from shared.wire.conversations import Conversation
from tests.shared.adapters.redis.conversing import CONV
from tests.shared.adapters.redis.desk import SETTINGS, Desk


class StutteringRedis(Redis):
    """A client that loses the answer of every script and asks again, as redis-py does on its own."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send the command; a script is sent twice."""
        if args[0] == "EVALSHA":
            await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


@pytest.fixture
async def server(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the real server, which is empty."""
    async with connect(redis_url) as client:
        yield client


@pytest.fixture(params=["server", "fakeredis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Redis]:
    """A client of an empty store, of either kind."""
    if request.param == "fakeredis":
        async with fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer()) as client:
            yield client
    else:
        async with connect(request.getfixturevalue("redis_url")) as client:
            yield client


@pytest.fixture
def desk(store: Redis) -> Desk:
    """Jobs on either kind of store, which is the broker, too."""
    return Desk(store, None, RedisJobs(store, None, SETTINGS))


@pytest.fixture
async def stuttering(redis_url: str) -> AsyncIterator[Desk]:
    """Jobs on the real server, each of whose scripts runs twice."""
    async with StutteringRedis.from_url(redis_url) as client:
        yield Desk(client, None, RedisJobs(client, None, SETTINGS))


@pytest.fixture
def responses(desk: Desk) -> RedisResponses:
    """Responses on either kind of store."""
    return RedisResponses(desk.store, desk.jobs, SETTINGS)


@pytest.fixture
async def conversations(desk: Desk) -> RedisConversations:
    """Conversations on either kind of store: CONV is one of them, of the tenant `acme`."""
    found = RedisConversations(desk.store, SETTINGS)
    await found.create(Conversation(id=CONV, created_at=7, metadata={"topic": "rain"}), "acme", [])
    return found
