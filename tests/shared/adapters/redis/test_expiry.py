"""What is kept goes by itself when its time is over, whatever path it came by."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis

from api.intake import accept
from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.sealer import new_key
from shared.lifecycle import Lease
from shared.services import Services, open_services
from shared.settings import Settings
from shared.turns import Parked, Turn
from shared.wire.conversations import Conversation
from shared.wire.model import JsonObject
from shared.wire.requests import CreateResponse
from tests.fakes import CollectingProgress
from tests.fixtures.conversations import long_conversation
from tests.fixtures.traces import Keyspace
from workers.compacting import compact
from workers.generating import generate

TENANT = "acme"
MARK = "QZEXPIRES"
KEY = new_key()
MANAGEMENT = [{"type": "compaction", "compact_threshold": 2000}]


@pytest.fixture
async def services(redis_url: str) -> AsyncIterator[Services]:
    settings = Settings.model_validate(
        {"redis_url": redis_url, "response_ttl_seconds": 2, "encryption_keys": [KEY]}
    )
    async with open_services(settings) as services:
        yield services


async def test_nothing_is_left_of_what_has_expired(services: Services, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        keyspace = Keyspace(client, KEY, tenant=TENANT)
        await _leave_traces(services)
        assert len(keyspace.traces(MARK)) > 10
        assert keyspace.kept_for_ever() == []
        # By then Redis has let go of all that is to be kept for two seconds.
        await asyncio.sleep(2.5)
        assert keyspace.traces(MARK) == []


async def _leave_traces(services: Services) -> None:
    long = [{"role": "user", "content": f"Never touch {MARK}."}, *long_conversation()]
    for fields in (
        {"input": MARK, "metadata": {"topic": MARK}},
        {"input": long, "context_management": MANAGEMENT},
        {"input": [*long, {"type": "compaction_trigger"}], "stream": True},
    ):
        await _in_the_background(services, instructions=MARK, **fields)
    conversation = Conversation(id="conv_1", created_at=7, metadata={"topic": MARK})
    said = await services.history.size((await _turn(services, input=MARK)).input)
    await services.conversations.create(conversation, TENANT, said)
    await _in_the_background(services, input=f"And {MARK}?", conversation="conv_1")
    turn = await _turn(services, input=f"In the foreground: {MARK}", conversation="conv_1")
    await services.conversations.hold(turn)
    result = await services.turns.run(turn, CollectingProgress())
    assert not isinstance(result, Parked)
    await services.responses.save(turn, result)
    cancelled = await _turn(services, input=MARK, background=True, stream=True)
    await services.responses.enqueue(cancelled)
    await services.jobs.cancel(cancelled.id)


async def _in_the_background(services: Services, **fields: object) -> None:
    await services.responses.enqueue(await _turn(services, background=True, **fields))
    await _work_off(services)


async def _turn(services: Services, **fields: object) -> Turn:
    body: JsonObject = {"model": "hitherto-offline", **fields}
    return await accept(CreateResponse.from_json(body), tenant=TENANT, services=services)


async def _work_off(services: Services) -> None:
    """Do all that a worker would: what is queued, and what becomes queued by it."""
    while waiting := await answer(services.store.zrange(keys.WATCH, 0, -1)):
        for job_id in (name.decode() for name in waiting):
            lease = await services.jobs.claim(job_id, "worker")
            if isinstance(lease, Lease):
                await (compact if job_id.startswith("cmp_") else generate)(services, lease)
