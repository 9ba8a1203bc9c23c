"""The gate answers for all that stands behind it, and counts it, whatever happens there."""

import traceback

import httpx
import pytest
import starlette.requests
from prometheus_client import CollectorRegistry, generate_latest
from starlette.types import Message, Receive, Scope, Send

from api.gate import AnswerBrokenOff, Gate
from api.metrics import Meter
from shared.settings import Settings


async def _broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise ZeroDivisionError


async def test_a_bug_is_a_500_in_the_envelope_with_a_request_id() -> None:
    transport = httpx.ASGITransport(Gate(_broken, settings=Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
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
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        with pytest.raises(AnswerBrokenOff) as caught:
            await client.get("/v1/models")
    assert "what the client said" not in "".join(traceback.format_exception(caught.value))


async def test_methods_that_clients_make_up_are_counted_as_one() -> None:
    registry = CollectorRegistry()
    meter = Meter(Gate(_broken, settings=Settings()), registry=registry)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(meter), base_url="http://test") as client:
        for method in ("FOO", "BAR"):
            await client.request(method, "/")
    counted = generate_latest(registry).decode()
    assert 'method="unknown",route="unknown",status="500"} 2.0' in counted
    assert "FOO" not in counted
