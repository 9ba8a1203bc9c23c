"""Ports to webhooks: who is told, what is still to be told, and the telling."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.happenings import WebhookEventType
from shared.lifecycle import EndedStatus, Lease
from shared.webhooks import Delivery, Endpoint, JobEnd, Target
from shared.wire.model import JsonObject


class WebhookEndpoints(Protocol):
    """Who wants to be told of what. What belongs to another tenant does not exist."""

    async def create(
        self, tenant: str, *, name: str, url: str, event_types: Sequence[WebhookEventType]
    ) -> tuple[Endpoint, str]:
        """Store a new endpoint and return it with its secret. Raises InvalidRequest when there are too many."""
        ...

    async def load(self, endpoint_id: str, tenant: str) -> Endpoint:
        """Return an endpoint. Raises NotFound."""
        ...

    async def all(self, tenant: str) -> list[Endpoint]:
        """Return a tenant's endpoints, oldest first."""
        ...

    async def update(self, endpoint_id: str, tenant: str, changes: Mapping[str, Any]) -> Endpoint:
        """Set these of `name`, `url` and `event_types`, and return the endpoint. Raises NotFound."""
        ...

    async def rotate(self, endpoint_id: str, tenant: str, *, keeps_old: bool) -> tuple[Endpoint, str]:
        """Give the endpoint a new secret, and return both; the old one signs for a day more if it is kept.

        Raises NotFound.
        """
        ...

    async def delete(self, endpoint_id: str, tenant: str) -> None:
        """Remove an endpoint. Raises NotFound."""
        ...

    async def listeners(self, tenant: str, event_type: WebhookEventType) -> list[str]:
        """Return the ids of the endpoints to tell of this, the operator's among them."""
        ...

    async def target(self, endpoint_id: str, tenant: str) -> Target | None:
        """Return where an endpoint is and what signs now; None when there is none. Raises InvalidSeal."""
        ...

    async def keep_alive(self) -> None:
        """Let every tenant's endpoints live on."""
        ...


class Deliveries(Protocol):
    """The ends of jobs that are still to be told, and the jobs that tell them."""

    async def untold(self) -> list[JobEnd]:
        """Return ends that nobody was told of, and put each off so that two reconcilers rarely meet.

        One that a newer server wrote in another form is left to that.
        """
        ...

    async def enqueue(self, end: JobEnd, endpoint_id: str, event: JsonObject) -> None:
        """Store a delivery as queued and ring for it; one that exists stays. Raises TooManyRequests."""
        ...

    async def told(self, end: JobEnd) -> None:
        """Forget an end: all its deliveries are stored."""
        ...

    async def load(self, lease: Lease) -> Delivery:
        """Return the delivery behind a lease. Raises LeaseLost when it is gone."""
        ...

    async def defer(self, lease: Lease, *, failures: int, seconds: float) -> None:
        """Have it tried again in so many seconds. Raises LeaseLost."""
        ...

    async def finish(self, lease: Lease, status: EndedStatus) -> None:
        """End it, and drop what it said. Raises LeaseLost."""
        ...


class WebhookSender(Protocol):
    """Posts events to endpoints."""

    async def send(self, target: Target, webhook_id: str, body: str) -> int:
        """Post a signed event and return the HTTP status. Raises WebhookUnreachable.

        It follows no redirect, and connects to no address that the settings do not allow.
        """
        ...
