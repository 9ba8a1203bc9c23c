"""/healthz, /readyz and /metrics: whether the process lives, whether it can work, and what it does."""

from fastapi import APIRouter, Request, Response

from api.admission import has_room
from api.given import GivenServices
from api.metrics import metrics_of
from shared.jobs import Queue
from shared.wire.model import JsonObject

router = APIRouter(tags=["probes"])


@router.get("/healthz")
async def health() -> JsonObject:
    """Say that the process lives."""
    return {"status": "ok"}


@router.get("/readyz")
async def readiness(services: GivenServices) -> JsonObject:
    """Say that the store and the broker answer, and how much waits there; else 503.

    It is ready while Redis is nearly full, too: what exists is still told, cancelled and deleted.
    """
    await services.store.ping()
    depths = {str(queue): await services.jobs.queue_depth(queue) for queue in Queue}
    memory = await services.storage.memory()
    return {
        "status": "ready",
        "queues": depths,
        "memory": {"used_bytes": memory.used_bytes, "limit_bytes": memory.limit_bytes},
        "accepts_work": has_room(services, memory),
    }


@router.get("/metrics", responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})
async def metrics(request: Request, services: GivenServices) -> Response:
    """Return what Prometheus collects."""
    return await metrics_of(services, request.app.state.registry)
