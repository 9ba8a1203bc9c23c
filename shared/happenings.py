"""Happenings that webhooks tell of: their names, and what a secret for them looks like."""

import binascii
from base64 import b64decode
from typing import Literal, TypeAlias, get_args

WebhookEventType: TypeAlias = Literal[
    "response.completed",
    "response.failed",
    "response.cancelled",
    "response.incomplete",
    "compaction.completed",
    "compaction.failed",
]
EVENT_TYPES: tuple[WebhookEventType, ...] = get_args(WebhookEventType)

SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with is none

_KINDS = {"resp": "response", "cmp": "compaction"}


def event_type_of(job_id: str, status: str) -> WebhookEventType | None:
    """Return what it is called that this job ended so; None where nobody is told of it."""
    name = f"{_KINDS.get(job_id.partition('_')[0])}.{status}"
    return next((known for known in EVENT_TYPES if known == name), None)


def is_secret(text: str) -> bool:
    """Return whether text is a signing secret by Standard Webhooks: `whsec_` and 24 to 64 bytes in base64."""
    try:
        key = b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(SECRET_PREFIX) and 24 <= len(key) <= 64
