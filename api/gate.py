"""The gate: what every request passes first. Its id, its key, and the size of its body."""

import hashlib
import hmac
import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.envelope import bug_response, error_response
from api.strangers import refuse_foreign_pages
from shared.errors import AuthenticationFailed, BodyTooLarge, RequestError, WebSocketRefused
from shared.ids import new_id
from shared.settings import Settings

# Without keys there is one tenant, and only this machine can be it.
LOCAL_TENANT = "local"

_HASH = re.compile(r"[0-9a-f]{64}")

_log = structlog.get_logger()


class AnswerBrokenOff(Exception):
    """An answer that had begun could not be completed; the log line before this one says where."""


class Gate:
    """Gives each answer its `x-request-id` and each request its tenant; refuses strangers and giants.

    Everything that is logged behind it has the id. Answers for what broke there, too: further out, an answer would be without its id.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        """Take the keys as they stand in the settings: plain, or as the SHA-256 of one in hexadecimal."""
        self._app = app
        keys = [key.get_secret_value() for key in settings.api_keys]
        self._tenants = {key_hash(key): tenant_of(key) for key in keys}
        self._max_body_bytes = settings.max_body_bytes
        self._host = settings.host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer it with an error."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        with structlog.contextvars.bound_contextvars(request_id=answer.request_id):
            await self._answer(scope, receive, answer)

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            self._admit(scope)
            await self._app(scope, _counted(receive, self._max_body_bytes), answer)
        except Exception as error:
            if answer.begun:
                # The server logs what it is given, words and all; it only has to cut the connection.
                _log.error("answer_broken_off", error=type(error).__name__, exc_info=error)
                raise AnswerBrokenOff from None
            await _refusal(error)(scope, receive, answer)

    def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if headers.get("upgrade", "").lower() == "websocket":
            raise WebSocketRefused
        if scope["path"].startswith("/v1/"):
            scope.setdefault("state", {})["tenant"] = self._tenant(headers)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._max_body_bytes:
            raise _too_large(self._max_body_bytes)

    def _tenant(self, headers: Headers) -> str:
        if not self._tenants:
            refuse_foreign_pages(headers, host=self._host)
            return LOCAL_TENANT
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise AuthenticationFailed("You didn't provide an API key.", code=None)
        offered = hashlib.sha256(key.strip().encode()).hexdigest()
        # Every key is compared, so that the time taken does not tell which one was nearly right.
        matches = [known for known in self._tenants if hmac.compare_digest(known, offered)]
        if not matches:
            if key.strip() in self._tenants:
                _log.warning("api_key_taken_for_hash")
            raise AuthenticationFailed("Incorrect API key provided.", code="invalid_api_key")
        return self._tenants[matches[0]]


def key_hash(key: str) -> str:
    """Return the SHA-256 of a key as it stands in the settings: plain, or as that already."""
    return key if is_hash(key) else hashlib.sha256(key.encode()).hexdigest()


def is_hash(key: str) -> bool:
    """Return whether a key in the settings is given as its SHA-256.

    It is then never taken for a key itself: whoever reads the settings could use it.
    """
    return _HASH.fullmatch(key) is not None


def tenant_of(key: str) -> str:
    """Return whose objects a key is for."""
    return key_hash(key)[:32]


def _too_large(max_body_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request body is larger than {max_body_bytes} bytes.", code="request_too_large")


def _counted(receive: Receive, max_body_bytes: int) -> Receive:
    """Return a `receive` that refuses a body that turns out too large, whatever its header said."""
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > max_body_bytes:
            raise _too_large(max_body_bytes)
        return message

    return receive_counted


def _refusal(error: Exception) -> JSONResponse:
    if isinstance(error, RequestError):
        return error_response(error)
    if isinstance(error, ClientDisconnect):
        # To hang up in the middle of a request is a client's right, and no fault of ours.
        return error_response(RequestError("The request was broken off."))
    return bug_response(error)


class _Answer:
    """The `send` of one request, which adds the headers that every answer has."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.request_id = new_id("req")
        self._started = time.monotonic()
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            headers["openai-processing-ms"] = str(int((time.monotonic() - self._started) * 1000))
            headers["openai-version"] = "2020-10-01"
        await self._send(message)
