"""Idempotency keys in Redis: the first request under a key reserves it, those that repeat it find out."""

import hashlib
import json

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.reservations import Reservation

_KEPT_SECONDS = 24 * 3600


class RedisReservations:
    """The port `Reservations` on Redis."""

    def __init__(self, store: Redis) -> None:
        self._store = store

    async def reserve(self, wanted: Reservation, *, ttl_seconds: int = _KEPT_SECONDS) -> Reservation:
        """Return `wanted` when its key was free, else the reservation that holds it."""
        name = _name(wanted)
        value = json.dumps({"response_id": wanted.response_id, "request_hash": wanted.request_hash})
        held = await answer(self._store.set(name, value, nx=True, get=True, ex=ttl_seconds))
        if held is None:
            return wanted
        known = json.loads(held)
        return Reservation(
            tenant=wanted.tenant,
            key=wanted.key,
            request_hash=known["request_hash"],
            response_id=known["response_id"],
        )

    async def keep(self, reservation: Reservation, *, ttl_seconds: int = _KEPT_SECONDS) -> None:
        """Hold a reservation for so long from now on."""
        await self._store.expire(_name(reservation), ttl_seconds)

    async def drop(self, reservation: Reservation) -> None:
        """Free the key: what it was reserved for did not come about."""
        await self._store.delete(_name(reservation))


def _name(reservation: Reservation) -> str:
    digest = hashlib.sha256(f"{reservation.tenant}\n{reservation.key}".encode()).hexdigest()
    return keys.reservation(digest)
