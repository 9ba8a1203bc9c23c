"""What a provider's refusals and failures mean in our words.

Providers quote prompts and keys in their messages, so ours never repeat them: only the status and the
provider's own code, where it looks like one.
"""

import math
import re
from collections.abc import Sequence
from typing import Final

import openai

from shared.errors import ContextOverflow, UpstreamError

# OpenAI's codes for the `error` of a failed response, besides those that the status alone tells.
PROVIDER_CODES: Final = frozenset(
    [
        "context_length_exceeded",
        "insufficient_quota",
        "rate_limit_exceeded",
        "model_not_found",
        "invalid_prompt",
        "data_residency_mismatch",
        "bio_policy",
        "misalignment_policy_violation",
        "vector_store_timeout",
        "invalid_image",
        "invalid_image_format",
        "invalid_base64_image",
        "invalid_image_url",
        "image_too_large",
        "image_too_small",
        "image_parse_error",
        "image_content_policy_violation",
        "invalid_image_mode",
        "image_file_too_large",
        "unsupported_image_media_type",
        "empty_image_file",
        "failed_to_download_image",
        "image_file_not_found",
    ]
)

# llama.cpp says it with a type, OpenAI with a code; vLLM, Ollama and the rest only in words.
_LLAMA_CPP_OVERFLOW: Final = "exceed_context_size_error"
_OVERFLOW_WORDS: Final = re.compile(
    r"context[ _](?:length|size|window)|maximum (?:model|input|prompt) length"
    r"|(?:prompt|input)[^.]{0,40} (?:is )?too (?:long|large)"
    r"|exceeds? the maximum number of (?:input )?tokens",
    re.IGNORECASE,
)
_OVERFLOW_STATUSES: Final = frozenset({None, 400, 413, 422, 500})
_TRANSIENT_STATUSES: Final = frozenset({408, 409, 429})
# What servers call failures that are not the request's, and the status that each would have by itself.
_STATUSES: Final = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "server_error": 500,
    "internal_error": 500,
    "internal_server_error": 500,
    "InternalServerError": 500,
    "server_is_overloaded": 503,
    "overloaded_error": 503,
    "service_unavailable_error": 503,
}
# A 404 may as well be about the address, or an item that the provider does not store.
_NO_MODEL: Final = re.compile(r"\bmodels?\b|no endpoints found", re.IGNORECASE)
_NO_ITEM: Final = re.compile(r"\bitem with id\b", re.IGNORECASE)
_BROKE_OFF: Final = "The model provider's answer broke off."
_QUOTABLE: Final = re.compile(r"[a-z][a-z_]{1,60}")


def upstream_error(error: openai.APIError, *, is_answering: bool = False) -> UpstreamError:
    """Return what the SDK's error means: a code that a client can act on, the status, the wait."""
    status = error.status_code if isinstance(error, openai.APIStatusError) else None
    sentence = _BROKE_OFF if is_answering and _is_cut(error) else _sentence(error)
    failure = _failure([str(error.code), str(error.type)], status, error.message, sentence)
    failure.retry_after_seconds = _retry_after_seconds(error)
    if isinstance(error, openai.APIConnectionError):
        failure.is_outage = True
        # Who was silent for as long as we wait is not waited for again.
        failure.is_transient = not isinstance(error, openai.APITimeoutError) or _never_connected(error)
    return failure


def failed_response(code: object, message: object) -> UpstreamError:
    """Return the error of a provider that said within its answer that it failed."""
    sentence = _quoting("The model provider failed while it answered", str(code))
    return _failure([str(code)], None, str(message), sentence)


def broken_off(*, has_begun: bool) -> UpstreamError:
    """Return the error of an answer that has no end; what holds no event at all may be a page or a document."""
    if has_begun:
        return UpstreamError(_BROKE_OFF)
    return UpstreamError("The model provider sent no stream of events.")


def _failure(names: Sequence[str], status: int | None, message: str, sentence: str) -> UpstreamError:
    """Return the error and whether another try may help: told by a status or in a stream, it is the same."""
    status = status or _status_in(names)
    code = _known_code(names, status, message)
    failure = UpstreamError(_said(code, sentence), code=code, status=status)
    is_ours = code not in ("server_error", "rate_limit_exceeded")
    failure.is_outage = not is_ours and (status or 0) >= 500
    failure.is_transient = failure.is_outage or (not is_ours and status in _TRANSIENT_STATUSES)
    return failure


def _status_in(names: Sequence[str]) -> int | None:
    """Return the status that a failure would have had before the stream: some servers put it in `code`."""
    numbers = (int(name) if name.isdecimal() else _STATUSES.get(name) for name in names)
    return next((number for number in numbers if number in range(400, 600)), None)


def _said(code: str, sentence: str) -> str:
    """Return OpenAI's words for what clients know by them, whoever found it out; else the sentence."""
    return str(ContextOverflow()) if code == "context_length_exceeded" else sentence


def _is_cut(error: openai.APIError) -> bool:
    return isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)


def _never_connected(error: openai.APITimeoutError) -> bool:
    return type(error.__cause__).__name__ in ("ConnectTimeout", "PoolTimeout")


def _known_code(names: Sequence[str], status: int | None, message: str) -> str:
    for name in names:
        if name in PROVIDER_CODES:
            return name
    if status in _OVERFLOW_STATUSES and (_LLAMA_CPP_OVERFLOW in names or _OVERFLOW_WORDS.search(message)):
        return "context_length_exceeded"
    match status:
        case 429:
            return "rate_limit_exceeded"
        case 404 if _NO_MODEL.search(message):
            return "model_not_found"
        case 404 if _NO_ITEM.search(message):
            return "invalid_prompt"
        case 400 | 422:
            return "invalid_prompt"
        case _:
            return "server_error"


def _sentence(error: openai.APIError) -> str:
    if isinstance(error, openai.APITimeoutError):
        return "The model provider did not answer in time."
    if isinstance(error, openai.APIConnectionError):
        return "The connection to the model provider failed."
    if not isinstance(error, openai.APIStatusError):
        return _quoting("The model provider failed while it answered", error.code or error.type)
    return _quoting(
        f"The model provider answered with HTTP status {error.status_code}", error.code or error.type
    )


def _quoting(sentence: str, code: str | None) -> str:
    if code and _QUOTABLE.fullmatch(code):
        return f"{sentence} ({code})."
    return f"{sentence}."


def _retry_after_seconds(error: openai.APIError) -> int | None:
    if not isinstance(error, openai.APIStatusError):
        return None
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return math.ceil(seconds) if math.isfinite(seconds) and seconds >= 0 else None
