"""News reaches whoever watches; when the connection breaks, it is made again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from api.embedded import EmbeddedServer
from shared.adapters.redis import keys
from shared.adapters.redis.connection import connect
from shared.adapters.redis.signals import RedisBell, RedisSignals

SOON = 5.0


@pytest.fixture
async def signals(server: Redis) -> AsyncIterator[RedisSignals]:
    async with RedisSignals(server) as listening:
        yield listening


async def until_heard(server: Redis) -> None:
    """Wait until somebody listens: before that, news is lost, as it may be."""
    for _ in range(3000):
        if await server.publish(keys.SIGNALS, "nobody"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody listens")


async def test_news_rings_the_bell_of_whoever_watches(signals: RedisSignals, server: Redis) -> None:
    async with signals.watch("resp_1") as bell, signals.watch("resp_1") as other:
        await server.publish(keys.SIGNALS, "resp_1")

        assert await bell.wait(SOON)
        assert await other.wait(SOON)


async def test_a_bell_rings_once_for_each_news(signals: RedisSignals, server: Redis) -> None:
    async with signals.watch("resp_1") as bell:
        await server.publish(keys.SIGNALS, "resp_1")
        await bell.wait(SOON)

        assert not await bell.wait(0.01)


async def test_news_of_other_jobs_rings_no_bell(signals: RedisSignals, server: Redis) -> None:
    async with signals.watch("resp_1") as bell, signals.watch("resp_2") as other:
        await server.publish(keys.SIGNALS, "resp_2")
        await other.wait(SOON)

        assert not await bell.wait(0.01)


async def test_whoever_stops_watching_leaves_nothing_behind(signals: RedisSignals, server: Redis) -> None:
    async with signals.watch("resp_1") as bell:
        async with signals.watch("resp_1"):
            pass
        await server.publish(keys.SIGNALS, "resp_1")
        assert await bell.wait(SOON)

    await server.publish(keys.SIGNALS, "resp_1")
    async with signals.watch("resp_2") as later:
        await server.publish(keys.SIGNALS, "resp_2")
        assert await later.wait(SOON)


async def test_a_broken_connection_is_made_again(signals: RedisSignals, server: Redis) -> None:
    await server.client_kill_filter(_type="pubsub")
    await until_heard(server)

    async with signals.watch("resp_1") as bell:
        await server.publish(keys.SIGNALS, "resp_1")

        assert await bell.wait(SOON)


async def test_whoever_watched_while_nobody_listened_is_told_to_look(
    signals: RedisSignals, server: Redis
) -> None:
    async with signals.watch("resp_1") as bell:
        assert not await bell.wait(0.01)
        await server.client_kill_filter(_type="pubsub")

        assert await bell.wait(SOON)


async def test_an_outage_is_waited_out(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as dying:
        client = Redis.from_url(dying.url, retry=Retry(NoBackoff(), 0))
        async with client, RedisSignals(client) as listening, listening.watch("resp_1") as bell:
            assert dying.pid is not None
            os.kill(dying.pid, signal.SIGKILL)
            assert not await bell.wait(0.05)
            dying.launch()

            async with connect(dying.url) as other:
                await until_heard(other)
                assert await bell.wait(SOON)
                await other.publish(keys.SIGNALS, "resp_1")

            assert await bell.wait(SOON)


async def test_signals_that_were_never_opened_can_be_closed(server: Redis) -> None:
    await RedisSignals(server).__aexit__()


async def test_whoever_follows_a_response_hears_of_its_events_and_of_its_end(
    signals: RedisSignals, server: Redis
) -> None:
    async with signals.follow("resp_1") as bell:
        assert await bell.wait(SOON)  # that it listens now: something may have been told before
        await server.publish(keys.told("resp_1"), "resp_1")
        assert await bell.wait(SOON)
        await server.publish(keys.SIGNALS, "resp_1")
        assert await bell.wait(SOON)


async def test_whoever_only_waits_for_the_end_hears_nothing_of_events(
    signals: RedisSignals, server: Redis
) -> None:
    async with signals.follow("resp_1") as follower, signals.watch("resp_1") as bell:
        await follower.wait(SOON)
        await server.publish(keys.told("resp_1"), "resp_1")
        assert await follower.wait(SOON)
        assert not await bell.wait(0.01)


async def test_a_response_that_nobody_follows_any_more_is_not_subscribed_to(
    signals: RedisSignals, server: Redis
) -> None:
    async with signals.follow("resp_1") as bell:
        async with signals.follow("resp_1"):
            await bell.wait(SOON)
        await server.publish(keys.told("resp_1"), "resp_1")
        assert await bell.wait(SOON)
    for _ in range(500):
        if not await server.publish(keys.told("resp_1"), "resp_1"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("somebody still listens")


async def test_what_was_followed_is_followed_again_after_the_connection_broke(
    signals: RedisSignals, server: Redis
) -> None:
    async with signals.follow("resp_1") as bell:
        await bell.wait(SOON)
        await server.client_kill_filter(_type="pubsub")
        assert await bell.wait(SOON)
        await server.publish(keys.told("resp_1"), "resp_1")
        assert await bell.wait(SOON)


async def test_who_is_told_to_stop_as_the_bell_rings_stops() -> None:
    for steps in range(4):
        bell = RedisBell()
        waiting = asyncio.create_task(bell.wait(SOON))
        await asyncio.sleep(0)
        bell.ring()
        for _ in range(steps):
            await asyncio.sleep(0)
        was_done = waiting.done()
        waiting.cancel()
        await asyncio.wait({waiting})

        assert waiting.cancelled() or was_done
