"""Codes of errors: whose fault each is, and which parameter it is about, however the client is told of it."""

# Whose fault a code is; what is not named here is the request's.
_TYPES = {
    "server_error": "server_error",
    "vector_store_timeout": "server_error",
    "server_is_overloaded": "service_unavailable_error",
    "rate_limit_exceeded": "rate_limit_error",
    "insufficient_quota": "insufficient_quota",
}
_PARAMS = {"context_length_exceeded": "input", "model_not_found": "model"}


def error_type(code: str) -> str:
    """Return the type of an error with this code."""
    return _TYPES.get(code, "invalid_request_error")


def error_param(code: str) -> str | None:
    """Return the parameter that an error with this code is about, if it is about one."""
    return _PARAMS.get(code)
