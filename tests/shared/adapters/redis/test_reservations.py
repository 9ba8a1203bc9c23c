"""An idempotency key stands for one request, and only who reserved it says for how long."""

import pytest
from redis.asyncio import Redis

from shared.adapters.redis.idempotency import RedisReservations
from shared.reservations import Reservation

FIRST, SECOND = (Reservation("acme", "key", "hash", f"resp_{number}") for number in (1, 2))


@pytest.fixture
def reservations(store: Redis) -> RedisReservations:
    return RedisReservations(store)


async def test_a_key_stands_for_who_reserved_it_first_until_he_drops_it(
    reservations: RedisReservations,
) -> None:
    assert await reservations.reserve(FIRST) == FIRST
    assert await reservations.reserve(SECOND) == FIRST

    await reservations.drop(FIRST)

    assert await reservations.reserve(SECOND) == SECOND


async def test_a_reservation_is_kept_for_so_long(reservations: RedisReservations, store: Redis) -> None:
    await reservations.reserve(FIRST, ttl_seconds=5)
    [name] = await store.keys()

    await reservations.keep(FIRST, ttl_seconds=50)

    assert 45 < await store.ttl(name) <= 50


async def test_who_comes_too_late_neither_keeps_nor_drops_what_is_anothers(
    reservations: RedisReservations, store: Redis
) -> None:
    await reservations.reserve(SECOND, ttl_seconds=5)
    [name] = await store.keys()

    await reservations.keep(FIRST, ttl_seconds=50)
    assert await store.ttl(name) <= 5

    await reservations.drop(FIRST)
    assert await reservations.reserve(FIRST) == SECOND
