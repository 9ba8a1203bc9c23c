"""Connections outlive short outages, and all processes on one Redis seal with the same key."""

import asyncio

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.connection import agreed_encryption_key, connect
from shared.adapters.sealer import AesGcmSealer


async def test_a_connection_that_was_cut_is_made_again(redis_url: str, server: Redis) -> None:
    async with connect(redis_url) as client:
        await client.set("word", "kept")
        await server.client_kill_filter(_type="normal", skipme=True)

        assert await client.get("word") == b"kept"


async def test_all_processes_agree_on_one_key_however_they_race(server: Redis) -> None:
    agreed = await asyncio.gather(*(agreed_encryption_key(server, ttl_seconds=100) for _ in range(5)))

    assert len(set(agreed)) == 1
    AesGcmSealer([agreed[0]]).seal(b"payload", tenant="acme", kind="compaction")


async def test_each_process_that_starts_extends_the_keys_life(server: Redis) -> None:
    first = await agreed_encryption_key(server, ttl_seconds=100)
    assert await server.ttl(keys.ENCRYPTION_KEY) <= 100

    second = await agreed_encryption_key(server, ttl_seconds=1000)

    assert first == second
    assert await server.ttl(keys.ENCRYPTION_KEY) > 900
