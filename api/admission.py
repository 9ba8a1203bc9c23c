"""Admission: new work is refused while Redis is nearly full; what exists is told, cancelled and deleted.

A Celery worker that meets a full Redis loses its message and exits, so that the last part of the memory is
kept for what was accepted.
"""

from fastapi import Depends

from api.given import GivenServices
from shared.errors import Unavailable
from shared.services import Services
from shared.storage import Memory

_RETRY_AFTER_SECONDS = 10


def has_room(services: Services, memory: Memory) -> bool:
    """Return whether new work is accepted where so much memory is taken."""
    return memory.ratio < services.settings.max_memory_ratio


async def _refuse_when_full(services: GivenServices) -> None:
    if not has_room(services, await services.storage.memory()):
        raise Unavailable(
            "The server's storage is nearly full: it takes no new work now.",
            code="server_is_overloaded",
            retry_after_seconds=_RETRY_AFTER_SECONDS,
        )


# What a route that stores something new depends on, before it reads its request.
NEEDS_ROOM = Depends(_refuse_when_full)
