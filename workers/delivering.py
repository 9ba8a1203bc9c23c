"""Delivering: one try at telling a webhook endpoint that a job ended."""

import structlog

from shared.errors import InvalidSeal, WebhookUnreachable
from shared.lifecycle import Lease
from shared.services import Services
from shared.webhooks import Delivery, pause_seconds

_GONE = 410

_log = structlog.get_logger()


async def deliver(services: Services, lease: Lease) -> None:
    """Tell the endpoint, and end the delivery or have it tried again later. Raises LeaseLost."""
    delivery = await services.deliveries.load(lease)
    try:
        status = await _post(services, delivery)
    except (WebhookUnreachable, InvalidSeal) as error:
        await _defer(services, lease, delivery, reason=error.message)
        return
    if status is None:
        await services.deliveries.finish(lease, "cancelled")
    elif 200 <= status < 300:
        await services.deliveries.finish(lease, "completed")
        _log.info("webhook_delivered", job_id=lease.job_id, endpoint_id=delivery.endpoint_id)
    elif status == _GONE:
        await services.deliveries.finish(lease, "failed")
        _log.warning("webhook_given_up", job_id=lease.job_id, endpoint_id=delivery.endpoint_id, status=status)
    else:
        await _defer(services, lease, delivery, reason=f"It answered {status}.")


async def _post(services: Services, delivery: Delivery) -> int | None:
    """Return the endpoint's status, or None where nobody is to be told any more."""
    target = await services.webhook_endpoints.target(delivery.endpoint_id, delivery.tenant)
    if target is None or not delivery.is_wanted:
        return None
    return await services.webhook_sender.send(target, delivery.id, delivery.body)


async def _defer(services: Services, lease: Lease, delivery: Delivery, *, reason: str) -> None:
    failures = delivery.failures + 1
    seconds = pause_seconds(failures, first_seconds=services.settings.webhook_retry_seconds)
    await services.deliveries.defer(lease, failures=failures, seconds=seconds)
    _log.warning(
        "webhook_deferred",
        job_id=lease.job_id,
        endpoint_id=delivery.endpoint_id,
        failures=failures,
        seconds=round(seconds, 1),
        reason=reason,
    )
