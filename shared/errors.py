"""Every error that hitherto raises on purpose.

HithertoError
├── RequestError                 the client's fault; carries OpenAI's envelope and a status
│   ├── InvalidRequest           400
│   │   ├── ContextOverflow      400: more than the model's window holds
│   │   └── ConversationLocked   400: it runs one turn at a time
│   ├── AuthenticationFailed     401
│   ├── Forbidden            403
│   ├── NotFound                 404
│   ├── Conflict                 409
│   ├── BodyTooLarge             413
│   ├── WebSocketRefused         426: plain HTTP it must be
│   ├── TooManyRequests          429, with Retry-After
│   └── Unavailable              503, with Retry-After
├── UpstreamError                the model provider failed; says whether another try may help
│   └── UpstreamBusy             it cannot be asked now, with Retry-After: nothing of the answer has come
├── ConfigurationError           the operator's fault: says what to set right, and where
├── WebhookUnreachable           a webhook endpoint gave no answer: another try may help
├── StoreUnreachable             Redis cannot work now: another try may help
├── LeaseLost                    another attempt owns this job, or it has ended: stop, write nothing
└── InvalidSeal                  a sealed payload is not ours, not this tenant's, or was changed
"""

from http import HTTPStatus


class HithertoError(Exception):
    """Something went wrong in hitherto."""

    def __init__(self, message: str | None = None) -> None:
        """Take `message`, or the first line of the class's docstring."""
        super().__init__(message or (type(self).__doc__ or "").partition("\n")[0])

    @property
    def message(self) -> str:
        """The sentence that tells a person what happened."""
        return str(self)


class RequestError(HithertoError):
    """The request cannot be answered as it stands."""

    status: HTTPStatus = HTTPStatus.BAD_REQUEST
    type: str = "invalid_request_error"

    def __init__(
        self,
        message: str | None = None,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        """Take OpenAI's `param` (a path such as `input[0].role`) and `code`; None stays null on the wire."""
        super().__init__(message)
        self.param = param
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class InvalidRequest(RequestError):
    """The request is not valid."""


class ContextOverflow(InvalidRequest):
    """Your input exceeds the context window of this model. Please adjust your input and try again."""

    def __init__(self) -> None:
        """Carry the code by which OpenAI's clients know that a shorter input will help."""
        super().__init__(param="input", code="context_length_exceeded")


class ConversationLocked(InvalidRequest):
    """Another process is currently operating on this conversation. Please retry in a few seconds."""

    def __init__(self) -> None:
        """Carry the code by which OpenAI's clients know that another try will help."""
        super().__init__(code="conversation_locked")


class AuthenticationFailed(RequestError):
    """Incorrect API key provided."""

    status = HTTPStatus.UNAUTHORIZED


class Forbidden(RequestError):
    """The request is not allowed."""

    status = HTTPStatus.FORBIDDEN


class NotFound(RequestError):
    """There is no such object."""

    status = HTTPStatus.NOT_FOUND


class Conflict(RequestError):
    """The same is being done already: try again later."""

    status = HTTPStatus.CONFLICT


class BodyTooLarge(RequestError):
    """The request body is too large."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class WebSocketRefused(RequestError):
    """WebSocket mode is not supported by this server. Use HTTP."""

    # By this status clients such as Codex know at once not to try again.
    status = HTTPStatus.UPGRADE_REQUIRED


class TooManyRequests(RequestError):
    """Too many requests: try again later."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    type = "rate_limit_error"


class Unavailable(RequestError):
    """The server cannot take this request now: try again later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    type = "service_unavailable_error"


class UpstreamError(HithertoError):
    """The model provider failed.

    `code` is one of OpenAI's response error codes, or `context_length_exceeded`; `status` is the
    provider's HTTP status where there was one. Another try may help where it `is_transient`; what
    `is_outage` is no matter of this request. `calls` is how often the provider was asked.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str = "server_error",
        status: int | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        """Take the provider's words, and what they mean in OpenAI's."""
        super().__init__(message)
        self.is_transient = False
        self.is_outage = False
        self.calls = 1
        self.code = code
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class UpstreamBusy(UpstreamError):
    """The model provider cannot be asked now: try again later."""


class ConfigurationError(HithertoError):
    """The configuration cannot be used."""


class WebhookUnreachable(HithertoError):
    """The webhook endpoint gave no answer."""


class StoreUnreachable(HithertoError):
    """The server's storage cannot be reached."""

    def __init__(self, reason: str) -> None:
        """Take the kind of failure, for the log: the words of a library may hold an address."""
        super().__init__()
        self.reason = reason


class LeaseLost(HithertoError):
    """Another attempt owns this job, or the job has ended."""


class InvalidSeal(HithertoError):
    """The sealed payload could not be decrypted or parsed."""
