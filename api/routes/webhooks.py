"""/v1/webhook_endpoints: who is to be told that background work ended, and with which secret it is signed."""

import time

from fastapi import APIRouter, Request

from api.admission import NEEDS_ROOM
from api.bodies import read_json
from api.document import answers, reads
from api.given import GivenServices, Tenant
from api.listing import AskedPage, listed_objects
from api.validation.parsing import (
    parse_create_webhook_endpoint,
    parse_rotate_secret,
    parse_test_webhook_endpoint,
    parse_update_webhook_endpoint,
)
from api.webhooks import (
    CreateWebhookEndpoint,
    RotateSecret,
    SendTestEvent,
    UpdateWebhookEndpoint,
    WebhookEndpoint,
)
from shared.adapters.webhooks.addresses import check_url
from shared.errors import InvalidRequest, InvalidSeal, NotFound, WebhookUnreachable
from shared.happenings import EVENT_TYPES, WebhookEventType
from shared.ids import new_id
from shared.services import Services
from shared.webhooks import Endpoint, as_body, event_body
from shared.wire.model import JsonObject
from shared.wire.wording import shown

router = APIRouter(prefix="/v1", tags=["webhooks"])

_ENDPOINT = answers(model=WebhookEndpoint)


@router.get("/webhook_event_types", responses=answers())
async def list_event_types() -> JsonObject:
    """Return the types of events that endpoints can be told of."""
    return {"object": "list", "data": list(EVENT_TYPES)}


@router.get("/webhook_endpoints", responses=answers())
async def list_endpoints(page: AskedPage, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Return a page of the endpoints, without their secrets."""
    every = await services.webhook_endpoints.all(tenant)
    endpoints, has_more = page.part(every, lambda endpoint: endpoint.id, kind="Webhook endpoint")
    return listed_objects([_shown(endpoint).to_json() for endpoint in endpoints], has_more=has_more)


@router.post(
    "/webhook_endpoints",
    openapi_extra=reads(CreateWebhookEndpoint),
    responses=_ENDPOINT,
    dependencies=[NEEDS_ROOM],
)
async def create_endpoint(request: Request, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Create an endpoint, and return it with its secret, which is shown only now."""
    wanted = await read_json(await request.body(), parse_create_webhook_endpoint)
    check_url(wanted.url, services.settings.webhook_allowed_networks)
    endpoint, secret = await services.webhook_endpoints.create(
        tenant, name=wanted.name, url=wanted.url, event_types=wanted.event_types
    )
    return _shown(endpoint, secret).to_json()


@router.get("/webhook_endpoints/{webhook_endpoint_id}", responses=_ENDPOINT)
async def retrieve_endpoint(webhook_endpoint_id: str, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Return an endpoint, without its secret."""
    return _shown(await services.webhook_endpoints.load(webhook_endpoint_id, tenant)).to_json()


@router.post(
    "/webhook_endpoints/{webhook_endpoint_id}",
    openapi_extra=reads(UpdateWebhookEndpoint),
    responses=_ENDPOINT,
)
async def update_endpoint(
    webhook_endpoint_id: str, request: Request, services: GivenServices, tenant: Tenant
) -> JsonObject:
    """Change an endpoint's name, URL or event types; deliveries under way go to the new URL."""
    wanted = await read_json(await request.body(), parse_update_webhook_endpoint)
    if wanted.url is not None:
        check_url(wanted.url, services.settings.webhook_allowed_networks)
    fields = wanted.model_dump(exclude_none=True)
    return _shown(await services.webhook_endpoints.update(webhook_endpoint_id, tenant, fields)).to_json()


@router.delete("/webhook_endpoints/{webhook_endpoint_id}", responses=answers())
async def delete_endpoint(webhook_endpoint_id: str, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Delete an endpoint; what it was not told yet it is told no more."""
    await services.webhook_endpoints.delete(webhook_endpoint_id, tenant)
    return {"id": webhook_endpoint_id, "object": "webhook_endpoint.deleted", "deleted": True}


@router.post(
    "/webhook_endpoints/{webhook_endpoint_id}/rotate_secret",
    openapi_extra=reads(RotateSecret),
    responses=_ENDPOINT,
)
async def rotate_secret(
    webhook_endpoint_id: str, request: Request, services: GivenServices, tenant: Tenant
) -> JsonObject:
    """Give an endpoint a new secret, and return it; the old one may go on signing for a day."""
    wanted = await read_json(await request.body() or b"{}", parse_rotate_secret)
    endpoint, secret = await services.webhook_endpoints.rotate(
        webhook_endpoint_id, tenant, keeps_old=bool(wanted.keep_old_secret_active_for_24_hours)
    )
    return _shown(endpoint, secret).to_json()


@router.post(
    "/webhook_endpoints/{webhook_endpoint_id}/test",
    openapi_extra=reads(SendTestEvent),
    responses=answers(),
)
async def test_endpoint(
    webhook_endpoint_id: str, request: Request, services: GivenServices, tenant: Tenant
) -> JsonObject:
    """Send an endpoint a sample, once, and return the status that it answered with."""
    wanted = await read_json(await request.body(), parse_test_webhook_endpoint)
    return {
        "object": "webhook_endpoint.test",
        "webhook_endpoint_id": webhook_endpoint_id,
        "event_type": wanted.event_type,
        "status_code": await _sample(services, webhook_endpoint_id, tenant, wanted.event_type),
        "success": True,
    }


async def _sample(services: Services, endpoint_id: str, tenant: str, event_type: WebhookEventType) -> int:
    await services.webhook_endpoints.load(endpoint_id, tenant)
    subject = new_id("resp" if event_type.startswith("response.") else "cmp")
    body = as_body(event_body(new_id("evt"), event_type, int(time.time()), subject))
    try:
        target = await services.webhook_endpoints.target(endpoint_id, tenant)
        if target is None:
            raise NotFound(f"Webhook endpoint with id '{shown(endpoint_id)}' not found.")
        return await services.webhook_sender.send(target, new_id("wh"), body)
    except WebhookUnreachable as error:
        message = f"The webhook endpoint gave no answer. {error.message}"
        raise InvalidRequest(message, code="webhook_endpoint_unreachable") from error
    except InvalidSeal as error:
        raise InvalidRequest("The endpoint's secret cannot be read any more: rotate it.") from error


def _shown(endpoint: Endpoint, secret: str | None = None) -> WebhookEndpoint:
    return WebhookEndpoint(
        id=endpoint.id,
        created_at=int(endpoint.created_at),
        updated_at=int(endpoint.updated_at),
        name=endpoint.name,
        url=endpoint.url,
        event_types=list(endpoint.event_types),
        signing_secret_hint=endpoint.hint,
        signing_secret=secret,
    )
