"""Webhook endpoints in Redis: secrets are sealed there, nobody's change is lost, and nothing lives for ever."""

import asyncio
import json
import time

import pytest
from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.webhook_endpoints import MOST_ENDPOINTS, RedisWebhookEndpoints
from shared.adapters.sealer import AesGcmSealer, new_key
from shared.errors import InvalidRequest, InvalidSeal, NotFound
from shared.webhooks import OLD_SECRET_SECONDS, Endpoint
from tests.shared.adapters.redis.desk import SETTINGS, Desk

URL = "https://example.com/"


@pytest.fixture
def endpoints(store: Redis) -> RedisWebhookEndpoints:
    return RedisWebhookEndpoints(store, AesGcmSealer([new_key()]), SETTINGS)


async def create(
    endpoints: RedisWebhookEndpoints, *, tenant: str = "acme", name: str = "one"
) -> tuple[Endpoint, str]:
    return await endpoints.create(tenant, name=name, url=URL, event_types=["response.completed"])


async def test_an_endpoint_comes_back_as_it_was_created_and_its_secret_stands_nowhere(
    store: Redis, endpoints: RedisWebhookEndpoints
) -> None:
    endpoint, secret = await create(endpoints)

    assert await endpoints.load(endpoint.id, "acme") == endpoint
    assert secret[-4:] in endpoint.hint
    stored = str(await answer(store.hgetall(keys.webhooks_of("acme"))))
    assert secret.removeprefix("whsec_")[:20] not in stored
    target = await endpoints.target(endpoint.id, "acme")
    assert target is not None
    assert (target.url, target.secrets) == (URL, [secret])


async def test_what_belongs_to_another_tenant_does_not_exist(endpoints: RedisWebhookEndpoints) -> None:
    endpoint, _ = await create(endpoints)

    assert await endpoints.all("other") == []
    assert await endpoints.target(endpoint.id, "other") is None
    for call in (
        endpoints.load(endpoint.id, "other"),
        endpoints.update(endpoint.id, "other", {"name": "mine"}),
        endpoints.rotate(endpoint.id, "other", keeps_old=True),
        endpoints.delete(endpoint.id, "other"),
    ):
        with pytest.raises(NotFound, match=endpoint.id):
            await call
    assert await endpoints.load(endpoint.id, "acme") == endpoint


async def test_a_sealed_secret_opens_for_its_tenant_only(
    store: Redis, endpoints: RedisWebhookEndpoints
) -> None:
    endpoint, _ = await create(endpoints)
    stolen = await answer(store.hget(keys.webhooks_of("acme"), endpoint.id))
    await answer(store.hset(keys.webhooks_of("other"), endpoint.id, stolen))

    with pytest.raises(InvalidSeal):
        await endpoints.target(endpoint.id, "other")


async def test_what_a_newer_server_wrote_can_be_read(store: Redis, endpoints: RedisWebhookEndpoints) -> None:
    endpoint, _ = await create(endpoints)
    key = keys.webhooks_of("acme")
    written = json.loads(await answer(store.hget(key, endpoint.id)))
    await answer(store.hset(key, endpoint.id, json.dumps(written | {"news": 1})))

    assert await endpoints.load(endpoint.id, "acme") == endpoint


async def test_an_unchanged_update_does_not_make_it_newer(endpoints: RedisWebhookEndpoints) -> None:
    endpoint, _ = await create(endpoints)

    assert await endpoints.update(endpoint.id, "acme", {"name": "one"}) == endpoint
    assert (await endpoints.update(endpoint.id, "acme", {"name": "two"})).updated_at > endpoint.updated_at


async def test_changes_at_the_same_time_are_all_kept(endpoints: RedisWebhookEndpoints) -> None:
    endpoint, _ = await create(endpoints)

    await asyncio.gather(
        endpoints.update(endpoint.id, "acme", {"name": "two"}),
        endpoints.update(endpoint.id, "acme", {"url": "https://example.org/"}),
        endpoints.rotate(endpoint.id, "acme", keeps_old=False),
    )

    found = await endpoints.load(endpoint.id, "acme")
    assert (found.name, found.url) == ("two", "https://example.org/")
    assert found.hint != endpoint.hint


async def test_the_old_secret_signs_for_a_day_if_it_is_kept(endpoints: RedisWebhookEndpoints) -> None:
    endpoint, first = await create(endpoints)

    rotated, second = await endpoints.rotate(endpoint.id, "acme", keeps_old=True)
    target = await endpoints.target(endpoint.id, "acme")
    assert target is not None
    assert target.secrets == [second, first]
    assert rotated.old_secret_until == pytest.approx(time.time() + OLD_SECRET_SECONDS, abs=5)

    await endpoints.update(endpoint.id, "acme", {"old_secret_until": time.time()})
    target = await endpoints.target(endpoint.id, "acme")
    assert target is not None
    assert target.secrets == [second]


async def test_a_secret_that_is_not_kept_ends_at_once(endpoints: RedisWebhookEndpoints) -> None:
    endpoint, _ = await create(endpoints)
    await endpoints.rotate(endpoint.id, "acme", keeps_old=True)

    _, last = await endpoints.rotate(endpoint.id, "acme", keeps_old=False)

    target = await endpoints.target(endpoint.id, "acme")
    assert target is not None
    assert target.secrets == [last]


async def test_a_call_that_is_applied_twice_changes_nothing_more(stuttering: Desk) -> None:
    endpoints = RedisWebhookEndpoints(stuttering.store, AesGcmSealer([new_key()]), SETTINGS)
    endpoint, first = await create(endpoints)
    _, second = await endpoints.rotate(endpoint.id, "acme", keeps_old=True)

    target = await endpoints.target(endpoint.id, "acme")
    assert target is not None
    assert target.secrets == [second, first]
    assert len(await endpoints.all("acme")) == 1


async def test_a_tenant_has_so_many_endpoints_and_no_more(
    store: Redis, endpoints: RedisWebhookEndpoints
) -> None:
    created = [await create(endpoints, name=str(number)) for number in range(MOST_ENDPOINTS)]
    with pytest.raises(InvalidRequest, match="delete one first"):
        await create(endpoints)

    await endpoints.delete(created[0][0].id, "acme")
    await create(endpoints)
    assert [each.name for each in await endpoints.all("acme")][:2] == ["1", "2"]


async def test_endpoints_live_as_long_as_somebody_keeps_them_alive_and_nothing_is_left_of_deleted_ones(
    store: Redis, endpoints: RedisWebhookEndpoints
) -> None:
    endpoint, _ = await create(endpoints)
    for key in (keys.webhooks_of("acme"), keys.HOOKED):
        assert 0 < await store.ttl(key) <= SETTINGS.response_ttl_seconds
        await store.expire(key, 10)

    await endpoints.keep_alive()

    assert await store.ttl(keys.webhooks_of("acme")) > 10
    await endpoints.delete(endpoint.id, "acme")
    assert not await store.exists(keys.webhooks_of("acme"))
