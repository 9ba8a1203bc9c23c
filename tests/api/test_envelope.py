"""What a model provider's failure is to the client of a foreground response."""

import pytest

from api.envelope import upstream_failure
from shared.errors import UpstreamError


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
