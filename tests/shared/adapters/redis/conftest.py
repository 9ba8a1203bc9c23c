"""The desk of jobs on a real server. That fakeredis keeps to docs/jobs.md, too, `test_creating` alone shows."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.adapters.redis.compaction_records import RedisCompactionRecords
from shared.adapters.redis.compactions import RedisCompactions
from shared.adapters.redis.connection import connect
from shared.adapters.redis.conversations import RedisConversations
from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.redis.responses import RedisResponses
from shared.adapters.sealer import AesGcmSealer, new_key
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


@pytest.fixture
def store(server: Redis) -> Redis:
    """The store of the desk: the real server, where a module names no other."""
    return server


@pytest.fixture
def desk(store: Redis) -> Desk:
    """Jobs on a store that is the broker, too."""
    return Desk(store, None, RedisJobs(store, None, SETTINGS))


@pytest.fixture
async def stuttering(redis_url: str) -> AsyncIterator[Desk]:
    """Jobs on the real server, each of whose scripts runs twice."""
    async with StutteringRedis.from_url(redis_url) as client:
        yield Desk(client, None, RedisJobs(client, None, SETTINGS))


@pytest.fixture
def responses(desk: Desk) -> RedisResponses:
    """Responses on the desk's store."""
    return RedisResponses(desk.store, desk.jobs, SETTINGS)


@pytest.fixture
async def conversations(desk: Desk) -> RedisConversations:
    """Conversations on the desk's store: CONV is one of them, of the tenant `acme`."""
    found = RedisConversations(desk.store, SETTINGS)
    await found.create(Conversation(id=CONV, created_at=7, metadata={"topic": "rain"}), "acme", [])
    return found


@pytest.fixture
def sealer() -> AesGcmSealer:
    """Seals with a key of its own."""
    return AesGcmSealer([new_key()])


@pytest.fixture
def compactions(desk: Desk, sealer: AesGcmSealer) -> RedisCompactions:
    """Compactions on the desk's store."""
    return RedisCompactions(desk.store, desk.jobs, sealer, SETTINGS)


@pytest.fixture
def records(desk: Desk, sealer: AesGcmSealer) -> RedisCompactionRecords:
    """The records of those compactions."""
    return RedisCompactionRecords(desk.store, sealer, SETTINGS)
