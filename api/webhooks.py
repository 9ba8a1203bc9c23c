"""Webhook endpoints as OpenAI's API takes and shows them."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from shared.happenings import WebhookEventType
from shared.wire.model import JsonObject, WireModel

_EventTypes: TypeAlias = Annotated[list[WebhookEventType], Field(min_length=1, max_length=50)]
_Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]
_Url: TypeAlias = Annotated[str, Field(min_length=1, max_length=2048)]


class CreateWebhookEndpoint(WireModel):
    """POST /v1/webhook_endpoints."""

    event_types: _EventTypes
    name: _Name
    url: _Url


class UpdateWebhookEndpoint(WireModel):
    """POST /v1/webhook_endpoints/{id}; what is absent stays."""

    event_types: _EventTypes | None = None
    name: _Name | None = None
    url: _Url | None = None


class RotateSecret(WireModel):
    """POST /v1/webhook_endpoints/{id}/rotate_secret."""

    keep_old_secret_active_for_24_hours: bool | None = None


class SendTestEvent(WireModel):
    """POST /v1/webhook_endpoints/{id}/test."""

    event_type: WebhookEventType


class WebhookEndpoint(WireModel):
    """An endpoint; its secret is shown where it was made, and never again."""

    id: str
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    created_at: int
    updated_at: int
    name: str
    url: str
    event_types: list[WebhookEventType]
    signing_secret_hint: str
    signing_secret: str | None = Field(default=None, repr=False)

    def to_json(self) -> JsonObject:
        """Return all fields, but the secret only where there is one."""
        hidden = {"signing_secret"} if self.signing_secret is None else None
        return self.model_dump(mode="json", exclude=hidden)
