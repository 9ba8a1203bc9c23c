"""Every error answer in OpenAI's envelope: `{"error": {"message", "type", "param", "code"}}`."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.errors import RequestError, StoreUnreachable, Unavailable, UpstreamError
from shared.wire.codes import error_param, error_type
from shared.wire.model import JsonObject

_log = structlog.get_logger()

_RETRY_AFTER_SECONDS = 2

_Error = TypeVar("_Error", bound=Exception)

# The status of an upstream's failure by the type of its code; what is not named here is the request's fault.
_UPSTREAM_STATUSES = {
    "server_error": HTTPStatus.BAD_GATEWAY,
    "service_unavailable_error": HTTPStatus.SERVICE_UNAVAILABLE,
    "rate_limit_error": HTTPStatus.TOO_MANY_REQUESTS,
    "insufficient_quota": HTTPStatus.TOO_MANY_REQUESTS,
}


def install_error_handlers(app: FastAPI) -> None:
    """Have every error that leaves a route answered in the envelope."""
    for kind, handler in (
        _handling(RequestError, lambda _request, error: error_response(error)),
        _handling(UpstreamError, lambda _request, error: error_response(upstream_failure(error))),
        _handling(StoreUnreachable, _on_outage),
        _handling(HTTPException, _on_http_exception),
    ):
        app.add_exception_handler(kind, handler)


def error_response(error: RequestError) -> JSONResponse:
    """Return the answer that tells a client what is wrong."""
    headers = {}
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    body = envelope(error.message, kind=error.type, param=error.param, code=error.code)
    return JSONResponse(body, status_code=error.status, headers=headers)


def bug_response(error: Exception) -> JSONResponse:
    """Return the answer for what nobody expected, and log it: the client is told no more than that."""
    _log.error("request_failed", error=type(error).__name__, exc_info=error)
    message = "The server had an error while processing your request."
    body = envelope(message, kind="server_error", param=None, code="server_error")
    return JSONResponse(body, status_code=HTTPStatus.INTERNAL_SERVER_ERROR)


def upstream_failure(error: UpstreamError) -> RequestError:
    """Return what an upstream's failure is to the client of a foreground response."""
    failure = RequestError(
        error.message,
        param=error_param(error.code),
        code=error.code,
        retry_after_seconds=error.retry_after_seconds,
    )
    failure.type = error_type(error.code)
    failure.status = _UPSTREAM_STATUSES.get(failure.type, HTTPStatus.BAD_REQUEST)
    if error.code == "model_not_found":
        failure.status = HTTPStatus.NOT_FOUND
    return failure


def envelope(message: str, *, kind: str, param: str | None, code: str | None) -> JsonObject:
    """Return the body of an error answer."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _handling(
    kind: type[_Error], answer: Callable[[Request, _Error], JSONResponse]
) -> tuple[type[_Error], Callable[[Request, Exception], Awaitable[JSONResponse]]]:
    async def handle(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, kind):
            raise error  # nothing else is given to it
        return answer(request, error)

    return kind, handle


def _on_outage(_request: Request, error: StoreUnreachable) -> JSONResponse:
    _log.warning("redis_unreachable", error=error.reason)
    return error_response(
        Unavailable(
            error.message,
            code="server_is_overloaded",
            retry_after_seconds=_RETRY_AFTER_SECONDS,
        )
    )


def _on_http_exception(request: Request, error: HTTPException) -> JSONResponse:
    message = str(error.detail)
    if error.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        message = f"Invalid URL ({request.method} {request.url.path})"
    body = envelope(message, kind="invalid_request_error", param=None, code=None)
    return JSONResponse(body, status_code=error.status_code, headers=error.headers)
