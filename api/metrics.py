"""/metrics for Prometheus: this process's requests, and what all processes share in Redis."""

import time
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.admission import has_room
from shared.jobs import Queue
from shared.services import Services
from shared.upstream_gate import GateState

# A client may make up methods: each would be a label for ever.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

# How a delivery stands, by the status of its job; a deferred one is tried again.
_OUTCOMES = {"completed": "delivered", "failed": "given_up", "cancelled": "dropped", "deferred": "retried"}


class Meter:
    """Counts the requests of one process, by route: never by path, which holds ids."""

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "hitherto_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "hitherto_http_request_seconds",
            "Time to the end of the answer.",
            ["method", "route"],
            registry=registry,
            buckets=_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), "none"

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            method = scope["method"] if scope["method"] in _METHODS else "unknown"
            self._requests.labels(method, route, status).inc()
            self._seconds.labels(method, route).observe(time.monotonic() - started)


async def _add_gates(services: Services, registry: CollectorRegistry) -> None:
    calls = Gauge("hitherto_upstream_calls", "Calls under way.", ["upstream"], registry=registry)
    limit = Gauge("hitherto_upstream_limit", "Calls that there may be.", ["upstream"], registry=registry)
    state = Gauge(
        "hitherto_upstream_gate", "1 for the state of the gate.", ["upstream", "state"], registry=registry
    )
    for route in services.routes.routes:
        if route.base_url is None:
            continue
        figures = await services.gates.figures(route)
        calls.labels(route.name).set(figures.calls)
        if figures.limit is not None:
            limit.labels(route.name).set(figures.limit)
        for name in get_args(GateState):
            state.labels(route.name, name).set(name == figures.state)


async def metrics_of(services: Services, registry: CollectorRegistry) -> Response:
    """Return this process's metrics and those of all: queues, jobs in hand, jobs ended, Redis's memory."""
    shared = CollectorRegistry()
    depth = Gauge("hitherto_queue_depth", "Doorbells waiting.", ["queue"], registry=shared)
    queued = Gauge("hitherto_queued_jobs", "Jobs that wait for a worker.", ["queue"], registry=shared)
    for queue in Queue:
        depth.labels(str(queue)).set(await services.jobs.queue_depth(queue))
        queued.labels(str(queue)).set(await services.jobs.queued(queue))
    await _add_gates(services, shared)
    figures = await services.jobs.figures()
    Gauge("hitherto_jobs_watched", "Jobs that have not ended.", registry=shared).set(figures.watched)
    ended = Counter("hitherto_jobs_ended", "Jobs that ended.", ["kind", "status"], registry=shared)
    deferred = Counter("hitherto_jobs_deferred", "Jobs put off to be tried again.", ["kind"], registry=shared)
    told = Counter("hitherto_webhook_deliveries", "Webhook tries and ends.", ["outcome"], registry=shared)
    ahead = Counter(
        "hitherto_compactions_ahead", "What became of compactions made ahead.", ["outcome"], registry=shared
    )
    in_vain = Counter(
        "hitherto_compaction_tokens_in_vain", "Tokens of compactions made ahead for nobody.", registry=shared
    )
    for (kind, status), count in figures.ended.items():
        if kind == "ahead":
            ahead.labels(status).inc(count)
        elif kind == "ahead_tokens":
            in_vain.inc(count)
        elif kind == "wh":
            told.labels(_OUTCOMES.get(status, status)).inc(count)
        elif status == "deferred":
            deferred.labels(kind).inc(count)
        else:
            ended.labels(kind, status).inc(count)
    await _note_memory(services, shared)
    body = generate_latest(registry) + generate_latest(shared)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


async def _note_memory(services: Services, registry: CollectorRegistry) -> None:
    memory = await services.storage.memory()
    limit = "Memory that Redis may use; 0: no limit."
    accepts = "Whether new work is accepted: 0 while Redis is nearly full."
    for name, meaning, value in (
        ("redis_memory_bytes", "Memory that Redis uses.", memory.used_bytes),
        ("redis_memory_limit_bytes", limit, memory.limit_bytes),
        ("accepts_work", accepts, int(has_room(services, memory))),
    ):
        Gauge(f"hitherto_{name}", meaning, registry=registry).set(value)
