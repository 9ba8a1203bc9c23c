"""An event is posted once, to where it was meant for, within its time."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shared.adapters.webhooks.sender import HttpSender
from shared.adapters.webhooks.signing import new_secret
from shared.errors import ConfigurationError, WebhookUnreachable
from shared.settings import Settings
from shared.webhooks import JobEnd, Target, as_body
from tests.fixtures.webhook_receiver import WebhookReceiver

SECRET = new_secret()
BODY = as_body(JobEnd("acme", "resp_1", "completed", 1, 2).event("response.completed"))


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


def sender(**settings: Any) -> HttpSender:
    return HttpSender(
        Settings.model_validate({"webhook_allowed_networks": "127.0.0.0/8,::1/128", **settings})
    )


def target(receiver: WebhookReceiver, path: str = "/hook") -> Target:
    return Target(receiver.address + path, [SECRET])


async def test_what_arrives_is_the_event_signed_and_nothing_else_is_sent(receiver: WebhookReceiver) -> None:
    assert await sender().send(target(receiver, "/hook?a=b"), "wh_1", BODY) == 204

    [received] = receiver.received("/hook?a=b", 1)
    assert received.told(SECRET) == ("response.completed", "resp_1")
    assert received.webhook_id == "wh_1"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"].startswith("hitherto/")
    assert "authorization" not in received.headers


@pytest.mark.parametrize("status", [200, 301, 307, 410, 500])
async def test_the_status_is_told_as_it_came_and_no_redirect_is_followed(
    receiver: WebhookReceiver, status: int
) -> None:
    receiver.statuses["/hook"] = [status]

    assert await sender().send(target(receiver), "wh_1", BODY) == status

    assert receiver.received("/elsewhere", 0) == []


async def test_who_does_not_answer_in_time_is_unreachable(receiver: WebhookReceiver) -> None:
    receiver.hold("/hook")
    began = time.monotonic()

    with pytest.raises(WebhookUnreachable, match=r"did not answer within 0\.2 s"):
        await sender(webhook_timeout_seconds=0.2).send(target(receiver), "wh_1", BODY)

    assert time.monotonic() - began < 2


async def test_nobody_there_and_no_such_name_are_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/hook", f"http://{'no' * 40}.example/hook"):
        with pytest.raises(WebhookUnreachable):
            await sender().send(Target(url, [SECRET]), "wh_1", BODY)


async def test_an_address_that_is_not_allowed_is_never_connected_to(receiver: WebhookReceiver) -> None:
    for host in ("127.0.0.1", "localhost"):
        url = receiver.address.replace("127.0.0.1", host) + "/hook"
        with pytest.raises(WebhookUnreachable, match="not one that this server posts to"):
            await sender(webhook_allowed_networks="10.0.0.0/8").send(Target(url, [SECRET]), "wh_1", BODY)

    assert receiver.received("/hook", 0) == []


async def test_a_proxy_of_the_environment_is_not_asked(
    receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert await sender().send(target(receiver), "wh_1", BODY) == 204


@pytest.mark.parametrize("url", ["http://example.com/", "https://10.0.0.1/", "nonsense"])
def test_an_operators_url_that_cannot_be_told_is_said_at_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match="HITHERTO_WEBHOOK_URL"):
        sender(webhook_url=url, webhook_secret=SECRET, webhook_allowed_networks="")
