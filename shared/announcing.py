"""Announcing: from the end of a job to one delivery for each endpoint that wants to be told of it."""

import time

import structlog

from shared.errors import StoreUnreachable, TooManyRequests
from shared.ports import Deliveries, WebhookEndpoints
from shared.webhooks import JobEnd

_log = structlog.get_logger()


class Announcer:
    """Turns ends into deliveries. Repeating it does no harm: a delivery that exists stays."""

    def __init__(
        self, endpoints: WebhookEndpoints, deliveries: Deliveries, *, keep_alive_seconds: float
    ) -> None:
        """Take how often the endpoints are to be kept from expiring."""
        self._endpoints = endpoints
        self._deliveries = deliveries
        self._keep_alive_seconds = keep_alive_seconds
        self._kept_alive_at = float("-inf")

    async def sweep(self) -> None:
        """Store the deliveries of every end that nobody was told of."""
        if time.monotonic() - self._kept_alive_at >= self._keep_alive_seconds:
            await self._endpoints.keep_alive()
            self._kept_alive_at = time.monotonic()
        for end in await self._deliveries.untold():
            await self._announce_safely(end)

    async def _announce_safely(self, end: JobEnd) -> None:
        """Announce an end; one that cannot be stays in the outbox, where later sweeps find it."""
        try:
            await self._announce(end)
        except StoreUnreachable:
            raise
        except TooManyRequests:
            _log.warning("webhooks_held_up", job_id=end.job_id)
        except Exception:  # an end that cannot be told must not keep the others from it
            _log.exception("announcing_failed", job_id=end.job_id)

    async def _announce(self, end: JobEnd) -> None:
        if end.event_type is not None:
            event = end.event(end.event_type)
            for endpoint_id in await self._endpoints.listeners(end.tenant, end.event_type):
                await self._deliveries.enqueue(end, endpoint_id, event)
        await self._deliveries.told(end)
