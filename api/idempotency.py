"""`Idempotency-Key`: a POST that is sent again returns the response of the first one."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from shared.ending import end_task, to_its_end
from shared.errors import Conflict, InvalidRequest, NotFound, RequestError, StoreUnreachable
from shared.reservations import Reservation
from shared.services import Services
from shared.turns import StoredResponse, Turn

HEADER = "idempotency-key"
MAX_KEY_CHARACTERS = 255

# A foreground turn renews its reservation while it runs, so that one whose process died is soon forgotten.
_RUNNING_SECONDS = 30


@asynccontextmanager
async def reserved(
    services: Services, turn: Turn, *, key: str | None, body: bytes
) -> AsyncIterator[tuple[Turn, StoredResponse | None]]:
    """Give the turn to run, or the response that an earlier request under the same key led to.

    A background turn that was reserved and never stored is run under the id that was reserved for it.
    Raises InvalidRequest when the key was used for another request, Conflict while the first one runs.
    """
    if key is None:
        yield turn, None
        return
    if not 0 < len(key) <= MAX_KEY_CHARACTERS:
        raise InvalidRequest(f"An Idempotency-Key has between 1 and {MAX_KEY_CHARACTERS} characters.")
    wanted = Reservation(turn.tenant, key, hashlib.sha256(body).hexdigest(), turn.id)
    background = turn.request.is_background
    ttl = {} if background else {"ttl_seconds": _RUNNING_SECONDS}
    held = await services.reservations.reserve(wanted, **ttl)
    if held != wanted:
        yield await _repeated(services, turn, wanted, held)
    elif background:
        async with _dropped_if_refused(services, wanted):
            yield turn, None
    else:
        async with _held_while_running(services, wanted):
            yield turn, None


async def _repeated(
    services: Services, turn: Turn, wanted: Reservation, held: Reservation
) -> tuple[Turn, StoredResponse | None]:
    if held.request_hash != wanted.request_hash:
        raise InvalidRequest(
            "This Idempotency-Key was used for another request.", code="idempotency_key_reused"
        )
    try:
        return turn, await services.responses.load(held.response_id, turn.tenant)
    except NotFound:
        if turn.request.is_background:
            return replace(turn, head=turn.head.changed(id=held.response_id)), None
        raise Conflict(
            "The first request under this Idempotency-Key is still running.",
            code="idempotency_request_in_progress",
            retry_after_seconds=1,
        ) from None


@asynccontextmanager
async def _dropped_if_refused(services: Services, reservation: Reservation) -> AsyncIterator[None]:
    """Free the key of a background request that was refused; one whose fate is not known keeps it."""
    try:
        yield
    except RequestError:
        if not await _can_be_returned(services, reservation):
            await services.reservations.drop(reservation)
        raise


@asynccontextmanager
async def _held_while_running(services: Services, reservation: Reservation) -> AsyncIterator[None]:
    renewing = asyncio.create_task(_renew(services, reservation))
    try:
        yield
    finally:
        await to_its_end(_settle(services, reservation, renewing))


async def _settle(services: Services, reservation: Reservation, renewing: asyncio.Task[None]) -> None:
    await end_task(renewing)
    with suppress(StoreUnreachable):  # it runs out by itself, and what the turn came to is told
        if await _can_be_returned(services, reservation):
            await services.reservations.keep(reservation)
        else:
            await services.reservations.drop(reservation)


async def _can_be_returned(services: Services, reservation: Reservation) -> bool:
    try:
        stored = await services.responses.load(reservation.response_id, reservation.tenant)
    except NotFound:
        return False  # it failed, or was not to be stored: the key is free for another try
    # A stream that failed or was left can be read back, but another try is to be another response.
    return stored.response.background or stored.response.status in ("completed", "incomplete")


async def _renew(services: Services, reservation: Reservation) -> None:
    while True:
        await asyncio.sleep(_RUNNING_SECONDS / 3)
        try:
            await services.reservations.keep(reservation, ttl_seconds=_RUNNING_SECONDS)
        except StoreUnreachable:
            continue
