"""Webhooks as values: an endpoint, the end of a job to tell it of, and one delivery of that. Nothing here does I/O."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.happenings import WebhookEventType, event_type_of
from shared.ids import id_of
from shared.jitter import jittered
from shared.wire.model import JsonObject

# The endpoint that the settings name: it is told of every tenant's.
SETTINGS_ENDPOINT = "settings"

GIVE_UP_SECONDS = 72 * 3600.0
LONGEST_PAUSE_SECONDS = 3600.0
OLD_SECRET_SECONDS = 24 * 3600

_SLOWER = 5.0
_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a tenant wants to be told of what. Times in seconds of the Unix clock.

    Its secrets are sealed. The old one signs beside the new until its time is over; `hint` is what may be shown.
    """

    id: str
    tenant: str
    name: str
    url: str
    event_types: Sequence[WebhookEventType]
    created_at: float
    updated_at: float
    hint: str
    sealed_secret: str
    sealed_old_secret: str = ""
    old_secret_until: float = 0.0

    def changed(self, now: float, **fields: Any) -> "Endpoint":
        """Return it with these fields; one that stays as it was is as new as it was."""
        changed = replace(self, **fields)
        return self if changed == self else replace(changed, updated_at=now)

    def rotated(self, sealed_secret: str, hint: str, now: float, *, keeps_old: bool) -> "Endpoint":
        """Return it with a new secret; the present one goes on for a day if it is kept, else ends now."""
        return replace(
            self,
            sealed_secret=sealed_secret,
            hint=hint,
            updated_at=now,
            sealed_old_secret=self.sealed_secret if keeps_old else "",
            old_secret_until=now + OLD_SECRET_SECONDS if keeps_old else 0.0,
        )


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post, and the secrets that sign what is posted, the newest first."""

    url: str
    secrets: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class JobEnd:
    """That a job ended. Times in milliseconds of Redis's clock; `created_at` tells two jobs of one id apart."""

    tenant: str
    job_id: str
    status: str
    created_at: int
    ended_at: int

    @property
    def event_type(self) -> WebhookEventType | None:
        """What it is called; None where nobody is told of it."""
        return event_type_of(self.job_id, self.status)

    def event(self, event_type: WebhookEventType) -> JsonObject:
        """Return the body that tells of it: the same for every endpoint and every try."""
        event_id = id_of("evt", self.job_id, str(self.created_at), self.status)
        return event_body(event_id, event_type, self.ended_at // 1000, self.job_id)

    def delivery_id(self, endpoint_id: str) -> str:
        """Return the id of telling it to an endpoint, its `webhook-id`: the same however often it is told."""
        return id_of("wh", self.job_id, str(self.created_at), self.status, endpoint_id)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Telling one endpoint of one end.

    `failures` counts the tries so far; `is_wanted` is false once what it tells of was deleted.
    """

    id: str
    tenant: str
    endpoint_id: str
    body: str
    failures: int = 0
    is_wanted: bool = True


def event_body(event_id: str, event_type: WebhookEventType, created_at: int, object_id: str) -> JsonObject:
    """Return an event as OpenAI's webhooks tell it; the time is in seconds of the Unix clock."""
    return {
        "id": event_id,
        "object": "event",
        "created_at": created_at,
        "type": event_type,
        "data": {"id": object_id},
    }


def as_body(event: JsonObject) -> str:
    """Return the text of an event that is signed and sent."""
    return json.dumps(event, separators=(",", ":"))


def pause_seconds(failures: int, *, first_seconds: float) -> float:
    """Return how long to wait after so many failures: five times longer each time, up to about an hour.

    A fifth more or less, so that what failed together is not tried again together.
    """
    # Beyond ten, the power would only grow until it is no float.
    pause = min(first_seconds * _SLOWER ** min(failures - 1, 10), LONGEST_PAUSE_SECONDS)
    return jittered(pause, 1 - _JITTER, 1 + _JITTER)
