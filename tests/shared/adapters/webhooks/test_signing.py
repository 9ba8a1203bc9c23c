"""Signatures are those of Standard Webhooks: its own library and OpenAI's SDK accept them, and nothing else."""

import time

import pytest
from openai import InvalidWebhookSignatureError, OpenAI
from standardwebhooks import Webhook, WebhookVerificationError

from shared.adapters.webhooks.signing import new_secret, signed_headers
from shared.happenings import is_secret
from shared.webhooks import JobEnd, as_body

BODY = as_body(JobEnd("acme", "resp_é", "failed", 1, 2000).event("response.failed"))


def headers(*keys: str, age_seconds: float = 0.0) -> dict[str, str]:
    return signed_headers(keys, "wh_1", BODY, now=time.time() - age_seconds)


def accept(body: str, given: dict[str, str], secret: str) -> None:
    """Have both judges check the signature."""
    with OpenAI(api_key="unused") as client:
        assert client.webhooks.unwrap(body, given, secret=secret).to_dict()["data"] == {"id": "resp_é"}
    assert Webhook(secret).verify(body, given)["data"] == {"id": "resp_é"}


def refuse(body: str, given: dict[str, str], secret: str) -> None:
    with OpenAI(api_key="unused") as client, pytest.raises(InvalidWebhookSignatureError):
        client.webhooks.unwrap(body, given, secret=secret)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, given)


def test_both_judges_accept_what_was_signed() -> None:
    secret = new_secret()
    assert is_secret(secret)
    accept(BODY, headers(secret), secret)


def test_while_a_secret_rotates_either_is_accepted() -> None:
    new, old = new_secret(), new_secret()
    given = headers(new, old)
    accept(BODY, given, new)
    accept(BODY, given, old)
    assert len(given["webhook-signature"].split()) == 2


def test_another_secret_body_id_or_an_old_time_is_refused() -> None:
    secret = new_secret()
    refuse(BODY, headers(new_secret()), secret)
    refuse(BODY.replace("failed", "completed"), headers(secret), secret)
    refuse(BODY, headers(secret) | {"webhook-id": "wh_2"}, secret)
    refuse(BODY, headers(secret, age_seconds=301), secret)
