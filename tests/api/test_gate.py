"""The gate answers for all that stands behind it, and counts it, whatever happens there."""

import hashlib
import traceback

import httpx
import pytest
import starlette.requests
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import SecretStr
from starlette.types import Message, Receive, Scope, Send

from api.gate import AnswerBrokenOff, Gate
from api.metrics import Meter
from shared.settings import Settings


async def _broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise ZeroDivisionError


async def test_a_bug_is_a_500_in_the_envelope_with_a_request_id() -> None:
    transport = httpx.ASGITransport(Gate(_broken, settings=Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/v1/models")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.json()["error"] == {
        "message": "The server had an error while processing your request.",
        "type": "server_error",
        "param": None,
        "code": "server_error",
    }


async def test_a_request_that_its_client_breaks_off_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await starlette.requests.Request(scope, receive, send).body()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/v1/responses", "headers": []}
    await Gate(app, settings=Settings())(scope, receive, send)

    assert sent[0]["status"] == 400
    assert capsys.readouterr() == ("", "")


async def test_what_breaks_an_answer_off_tells_the_server_nothing_of_the_request() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError("what the client said")

    transport = httpx.ASGITransport(Gate(app, settings=Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        with pytest.raises(AnswerBrokenOff) as caught:
            await client.get("/v1/models")
    assert "what the client said" not in "".join(traceback.format_exception(caught.value))


async def test_what_is_logged_behind_it_has_the_id_that_its_client_is_told() -> None:
    seen: list[object] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append(structlog.contextvars.get_contextvars().get("request_id"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    transport = httpx.ASGITransport(Gate(app, settings=Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/v1/models")
    assert seen == [answer.headers["x-request-id"]]


@pytest.mark.parametrize(
    ("headers", "lets_in"),
    [
        ({}, True),
        ({"host": "localhost:8080", "origin": "http://localhost:3000"}, True),
        ({"host": "[::1]:8080", "origin": "http://127.0.0.1"}, True),
        ({"host": "172.17.0.2:8080"}, True),
        ({"host": "hitherto.test", "origin": "https://hitherto.test"}, True),
        ({"host": "evil.example:8080"}, False),
        ({"host": "localhost.evil.example"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://203.0.113.7"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://[::1"}, False),
    ],
    ids=str,
)
async def test_a_web_page_is_not_the_local_tenant(headers: dict[str, str], lets_in: bool) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    async def status(settings: Settings) -> int:
        transport = httpx.ASGITransport(Gate(app, settings=settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            key = {"authorization": "Bearer sk-1"}
            return (await client.post("/v1/responses", headers=headers | key)).status_code

    assert await status(Settings(host="hitherto.test")) == (200 if lets_in else 403)
    assert await status(Settings(host="hitherto.test", api_keys=[SecretStr("sk-1")])) == 200


async def test_a_hash_in_the_settings_is_no_key_and_who_sends_it_is_told_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    digits = hashlib.sha256(b"sk-1").hexdigest()

    async def status(key: str) -> int:
        transport = httpx.ASGITransport(Gate(_broken, settings=Settings(api_keys=[SecretStr(digits)])))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return (await client.get("/v1/models", headers={"authorization": f"Bearer {key}"})).status_code

    assert (await status("sk-2"), "api_key_taken_for_hash" in capsys.readouterr().out) == (401, False)
    assert (await status(digits), "api_key_taken_for_hash" in capsys.readouterr().out) == (401, True)
    assert await status("sk-1") == 500


async def test_methods_that_clients_make_up_are_counted_as_one() -> None:
    registry = CollectorRegistry()
    meter = Meter(Gate(_broken, settings=Settings()), registry=registry)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(meter), base_url="http://127.0.0.1") as client:
        for method in ("FOO", "BAR"):
            await client.request(method, "/")
    counted = generate_latest(registry).decode()
    assert 'method="unknown",route="unknown",status="500"} 2.0' in counted
    assert "FOO" not in counted
