"""Conversations at the HTTP door: taking items into one, and holding one while a foreground turn runs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from api.intake import stored_form
from shared.ending import end_task, to_its_end
from shared.errors import InvalidRequest, NotFound, RequestError, StoreUnreachable
from shared.services import Services
from shared.turns import Turn
from shared.window.payload import SizedItem
from shared.wire.items import CompactionTrigger, Item

# A lease is renewed this many times before it would run out.
_RENEWALS = 3


async def taken_in(services: Services, items: Sequence[Item], *, tenant: str) -> list[SizedItem]:
    """Return a client's items as a conversation keeps them: with ids and sizes, references replaced.

    Raises InvalidRequest for what is no part of a conversation or was sealed elsewhere, and NotFound.
    """
    if any(isinstance(item, CompactionTrigger) for item in items):
        raise InvalidRequest(
            "A 'compaction_trigger' item asks for something and cannot be kept in a conversation.",
            param="items",
        )
    await services.history.check(items, None, tenant)
    return await services.history.size(stored_form(await services.history.dereferenced(items, tenant)))


@asynccontextmanager
async def held(services: Services, turn: Turn) -> AsyncIterator[None]:
    """Hold a foreground turn's conversation while it runs: a short lease that a dead process lets run out.

    A turn without a conversation, or one that stores nothing and so writes nothing there, holds none.
    Raises NotFound, ConversationLocked, or InvalidRequest for an item that is there already.
    """
    if turn.request.conversation_id is None or not turn.request.is_stored:
        yield
        return
    await services.conversations.hold(turn)
    renewing = asyncio.create_task(_renew(services, turn))
    try:
        yield
    finally:
        await to_its_end(_let_go(services, turn, renewing))


async def check_held(services: Services, turn: Turn) -> None:
    """Raise ConversationLocked when a process that was away for too long has lost the turn's conversation.

    A turn whose conversation was deleted ends without it.
    """
    if turn.request.conversation_id is not None:
        with suppress(NotFound):
            await services.conversations.renew(turn)


async def _let_go(services: Services, turn: Turn, renewing: asyncio.Task[None]) -> None:
    await end_task(renewing)
    with suppress(StoreUnreachable):  # it runs out by itself
        await services.conversations.release(turn)


async def _renew(services: Services, turn: Turn) -> None:
    while True:
        await asyncio.sleep(services.settings.lease_seconds / _RENEWALS)
        try:
            await services.conversations.renew(turn)
        except StoreUnreachable:
            continue
        except RequestError:
            return  # the turn finds out before it is stored
