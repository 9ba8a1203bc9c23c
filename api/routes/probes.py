"""/healthz and /readyz: whether the process lives, and whether it can work."""

from fastapi import APIRouter

from api.given import GivenServices
from shared.jobs import Queue
from shared.wire.model import JsonObject

router = APIRouter(tags=["probes"])


@router.get("/healthz")
async def health() -> JsonObject:
    """Say that the process lives."""
    return {"status": "ok"}


@router.get("/readyz")
async def readiness(services: GivenServices) -> JsonObject:
    """Say that the store and the broker answer, and how many jobs wait in each queue; else 503."""
    await services.store.ping()
    depths = {str(queue): await services.jobs.queue_depth(queue) for queue in Queue}
    return {"status": "ready", "queues": depths}
