"""Signing events by the rules of Standard Webhooks, which OpenAI's webhooks follow."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from shared.happenings import SECRET_PREFIX

_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new random signing secret."""
    return SECRET_PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(keys: Sequence[str], webhook_id: str, body: str, *, now: float) -> dict[str, str]:
    """Return the three headers of an event; each secret signs, so that a receiver may know any of them.

    `now` is in seconds of the Unix clock: receivers refuse what is older or newer than five minutes.
    """
    time = datetime.fromtimestamp(int(now), UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(Webhook(key).sign(webhook_id, time, body) for key in keys),
    }
