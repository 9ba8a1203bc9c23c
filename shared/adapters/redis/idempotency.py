"""Idempotency keys in Redis: the first request under a key reserves it, those that repeat it find out."""

import hashlib
import json

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.scripts import read_script
from shared.reservations import Reservation

SCRIPT = read_script("reservations")

_KEPT_SECONDS = 24 * 3600


class RedisReservations:
    """The port `Reservations` on Redis."""

    def __init__(self, store: Redis) -> None:
        self._store = store
        self._script = store.register_script(SCRIPT)

    async def reserve(self, wanted: Reservation, *, ttl_seconds: int = _KEPT_SECONDS) -> Reservation:
        """Return `wanted` when its key was free, else the reservation that holds it."""
        name, value = _name(wanted), _value(wanted)
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
        """Hold a reservation for so long from now on, if it still holds its key."""
        await self._script(keys=[_name(reservation)], args=[_value(reservation), ttl_seconds])

    async def drop(self, reservation: Reservation) -> None:
        """Free the key, if the reservation still holds it: what it was reserved for did not come about."""
        await self._script(keys=[_name(reservation)], args=[_value(reservation), 0])


def _name(reservation: Reservation) -> str:
    digest = hashlib.sha256(f"{reservation.tenant}\n{reservation.key}".encode()).hexdigest()
    return keys.reservation(digest)


def _value(reservation: Reservation) -> str:
    return json.dumps({"response_id": reservation.response_id, "request_hash": reservation.request_hash})
