"""What a failure of a provider's, of Redis or of ours is to a client."""

import httpx
import pytest
import redis.exceptions
from fastapi import FastAPI

from api.envelope import install_error_handlers, upstream_failure
from api.gate import Gate
from shared.errors import StoreUnreachable, UpstreamError
from shared.settings import Settings


@pytest.mark.parametrize(
    ("code", "status", "kind", "param"),
    [
        ("server_error", 502, "server_error", None),
        ("server_is_overloaded", 503, "service_unavailable_error", None),
        ("rate_limit_exceeded", 429, "rate_limit_error", None),
        ("insufficient_quota", 429, "insufficient_quota", None),
        ("model_not_found", 404, "invalid_request_error", "model"),
        ("context_length_exceeded", 400, "invalid_request_error", "input"),
        ("invalid_image", 400, "invalid_request_error", None),
    ],
)
def test_an_upstreams_failure_has_the_status_of_whose_fault_it_is(
    code: str, status: int, kind: str, param: str | None
) -> None:
    failure = upstream_failure(UpstreamError("It failed.", code=code, retry_after_seconds=7))
    assert (failure.status, failure.type, failure.param, failure.code) == (status, kind, param, code)
    assert failure.retry_after_seconds == 7


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreUnreachable("ConnectionError"), 503), (redis.exceptions.DataError("Invalid input."), 500)],
    ids=["an outage", "a mistake"],
)
async def test_only_an_outage_of_redis_is_worth_another_try(
    error: Exception, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    app = FastAPI()
    install_error_handlers(app)
    app.add_middleware(Gate, settings=Settings())

    @app.get("/v1/models")
    async def models() -> None:
        raise error

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        answer = await client.get("/v1/models")
    assert (answer.status_code, "retry-after" in answer.headers) == (status, status == 503)
    assert ("Traceback" in capsys.readouterr().out) is (status == 500)
