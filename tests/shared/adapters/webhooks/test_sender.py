"""An event is posted once, to where it was meant for, within its time."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

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

    with pytest.raises(WebhookUnreachable, match=r"did not answer within 0\.2 s"):
        await sender(webhook_timeout_seconds=0.2).send(target(receiver), "wh_1", BODY)


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


async def test_over_tls_the_name_is_verified_though_its_address_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WebhookReceiver(certified(tmp_path, "localhost")) as receiver:
        by_name = receiver.address.replace("http://127.0.0.1", "https://localhost") + "/hook"
        by_address = receiver.address.replace("http", "https") + "/hook"
        with pytest.raises(WebhookUnreachable):  # signed by nobody that is known
            await sender().send(Target(by_name, [SECRET]), "wh_1", BODY)

        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        assert await sender().send(Target(by_name, [SECRET]), "wh_1", BODY) == 204
        with pytest.raises(WebhookUnreachable):  # the certificate is another's
            await sender().send(Target(by_address, [SECRET]), "wh_1", BODY)

        [received] = receiver.received("/hook", 1)
        assert received.headers["host"].startswith("localhost:")


async def test_who_may_sign_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read the machine's list takes 15 ms of the loop that all jobs share."""
    with WebhookReceiver(certified(tmp_path, "localhost")) as receiver:
        by_name = receiver.address.replace("http://127.0.0.1", "https://localhost") + "/hook"
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        posting = sender()
        assert await posting.send(Target(by_name, [SECRET]), "wh_1", BODY) == 204

        (tmp_path / "certificate.pem").unlink()
        assert await posting.send(Target(by_name, [SECRET]), "wh_2", BODY) == 204


def certified(directory: Path, name: str) -> ssl.SSLContext:
    """Return what a server needs that calls itself `name`, by a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = directory / "certificate.pem"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (directory / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, directory / "key.pem")
    return context


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
