"""Connections outlive short outages, and all processes on one Redis seal with the same key."""

import asyncio
from contextlib import AsyncExitStack

from redis.asyncio import Redis
from structlog.testing import capture_logs

from shared.adapters.redis import keys
from shared.adapters.redis.connection import agreed_encryption_key, connect
from shared.adapters.redis.encoding import answer
from shared.adapters.sealer import AesGcmSealer, new_key


async def test_a_connection_that_was_cut_is_made_again(redis_url: str, server: Redis) -> None:
    async with connect(redis_url) as client:
        await client.set("word", "kept")
        await server.client_kill_filter(_type="normal", skipme=True)

        assert await client.get("word") == b"kept"


async def test_all_processes_agree_on_one_key_however_they_race(server: Redis) -> None:
    async with AsyncExitStack() as stack:
        processes = [agreed_encryption_key(server, ttl_seconds=100) for _ in range(5)]
        agreed = await asyncio.gather(*(stack.enter_async_context(process) for process in processes))

    assert len(set(agreed)) == 1
    AesGcmSealer([agreed[0]]).seal(b"payload", tenant="acme", kind="compaction")


async def test_each_process_that_starts_extends_the_keys_life(server: Redis) -> None:
    async with agreed_encryption_key(server, ttl_seconds=100) as first:
        assert await server.ttl(keys.ENCRYPTION_KEY) <= 100

    async with agreed_encryption_key(server, ttl_seconds=1000) as second:
        assert first == second
        assert await server.ttl(keys.ENCRYPTION_KEY) > 900


async def test_a_process_that_runs_keeps_the_key_alive(server: Redis) -> None:
    async with agreed_encryption_key(server, ttl_seconds=1) as first:
        await server.set(keys.PREFIX + "older", "x", px=1500)
        while await server.exists(keys.PREFIX + "older"):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.05)
        async with agreed_encryption_key(server, ttl_seconds=1) as second:
            assert second == first


async def test_a_process_that_runs_makes_the_key_known_again_that_was_lost(server: Redis) -> None:
    async with agreed_encryption_key(server, ttl_seconds=1) as first:
        await server.flushall()
        while not await server.exists(keys.ENCRYPTION_KEY):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.05)
        async with agreed_encryption_key(server, ttl_seconds=1) as second:
            assert second == first


async def test_a_process_that_runs_keeps_the_key_alive_after_redis_refused_it_once(server: Redis) -> None:
    with capture_logs() as logs:
        async with agreed_encryption_key(server, ttl_seconds=1):
            await server.delete(keys.ENCRYPTION_KEY)
            await answer(server.rpush(keys.ENCRYPTION_KEY, "what is no text"))
            while not logs:  # noqa: ASYNC110 - nobody is told of a log line
                await asyncio.sleep(0.05)
            await server.delete(keys.ENCRYPTION_KEY)
            while not await server.exists(keys.ENCRYPTION_KEY):  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(0.05)

    assert logs[0] == {"event": "encryption_key_not_kept", "error": "ResponseError", "log_level": "error"}


async def test_a_process_that_seals_with_another_key_than_the_others_says_so(server: Redis) -> None:
    with capture_logs() as logs:
        async with agreed_encryption_key(server, ttl_seconds=1):
            await server.set(keys.ENCRYPTION_KEY, new_key(), ex=100)
            while not logs:  # noqa: ASYNC110 - nobody is told of a log line
                await asyncio.sleep(0.05)

    assert logs == [{"event": "encryption_key_differs", "log_level": "error"}]


async def test_hundreds_of_turns_may_want_something_at_the_same_moment(redis_url: str) -> None:
    async with connect(redis_url) as client:
        await client.set("name", "value")
        assert await asyncio.gather(*(client.get("name") for _ in range(500))) == [b"value"] * 500
