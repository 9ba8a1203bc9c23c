"""A foreground turn that is ended, be it twice, leaves nothing taken behind; letting go spoils no answer."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from api.conversing import held
from api.idempotency import reserved
from shared.adapters.redis.conversations import RedisConversations
from shared.adapters.redis.responses import RedisResponses
from shared.errors import StoreUnreachable
from shared.services import open_services
from shared.settings import Settings
from shared.turns import StoredResponse, Turn
from shared.wire.conversations import Conversation
from tests.shared.adapters.redis.conversing import CONV, is_free, turn

KEY, BODY = "once", b"{}"


def foreground_turn(name: str = "1") -> Turn:
    asked = turn(name)
    return replace(asked, request=asked.request.changed(background=False))


class Slowly:
    """Redis takes its time: what is asked of it is done when it is let."""

    def __init__(self) -> None:
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def wait(self) -> None:
        self.asked.set()
        await self.may_answer.wait()


class SlowConversations(RedisConversations):
    slowly: Slowly

    async def release(self, turn: Turn) -> None:
        await self.slowly.wait()
        await super().release(turn)


class SlowResponses(RedisResponses):
    slowly: Slowly

    async def load(self, response_id: str, tenant: str) -> StoredResponse:
        await self.slowly.wait()
        return await super().load(response_id, tenant)


class LostResponses(RedisResponses):
    """Redis is gone."""

    async def load(self, response_id: str, tenant: str) -> StoredResponse:
        raise StoreUnreachable("ConnectionError")


async def end_twice(context: AbstractAsyncContextManager[object], slowly: Slowly) -> None:
    """Enter the context, and cancel its task in there, and once more while it leaves."""
    entered = asyncio.Event()

    async def run() -> None:
        async with context:
            entered.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(run())
    await entered.wait()
    running.cancel()
    await slowly.asked.wait()
    running.cancel()
    await asyncio.sleep(0)
    slowly.may_answer.set()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_its_conversation_is_free(redis_url: str) -> None:
    async with open_services(Settings(redis_url=redis_url)) as opened:
        conversations = SlowConversations(opened.store, opened.settings)
        conversations.slowly = Slowly()
        await conversations.create(Conversation(id=CONV, created_at=1, metadata={}), "acme", [])
        services = replace(opened, conversations=conversations)

        await end_twice(held(services, foreground_turn()), conversations.slowly)

        assert await is_free(conversations)


async def test_its_idempotency_key_is_free_for_another_try(redis_url: str) -> None:
    async with open_services(Settings(redis_url=redis_url)) as opened:
        responses = SlowResponses(opened.store, opened.jobs, opened.settings)  # type: ignore[arg-type]  # it is Redis's
        responses.slowly = Slowly()
        services = replace(opened, responses=responses)

        await end_twice(reserved(services, foreground_turn(), key=KEY, body=BODY), responses.slowly)

        again = foreground_turn("2")
        async with reserved(services, again, key=KEY, body=BODY) as (given, earlier):
            assert (given, earlier) == (again, None)


async def test_an_answer_that_is_there_is_given_though_redis_goes_before_its_key_is_settled(
    redis_url: str,
) -> None:
    async with open_services(Settings(redis_url=redis_url)) as opened:
        responses = LostResponses(opened.store, opened.jobs, opened.settings)  # type: ignore[arg-type]  # it is Redis's
        services = replace(opened, responses=responses)

        async with reserved(services, foreground_turn(), key=KEY, body=BODY) as (_, earlier):
            assert earlier is None
