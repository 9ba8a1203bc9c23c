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
_QUOTABLE: Final = re.compile(r"[a-z][a-z_]{1,60}")


def upstream_error(error: openai.APIError) -> UpstreamError:
    """Return what the SDK's error means: a code that a client can act on, the status, the wait."""
    status = error.status_code if isinstance(error, openai.APIStatusError) else None
    code = _known_code([str(error.code), str(error.type)], status, error.message)
    failure = UpstreamError(
        _said(code, _sentence(error, status)),
        code=code,
        status=status,
        retry_after_seconds=_retry_after_seconds(error),
    )
    is_ours = failure.code not in ("server_error", "rate_limit_exceeded")
    is_unreachable = isinstance(error, openai.APIConnectionError)
    failure.is_outage = not is_ours and (is_unreachable or (status or 0) >= 500)
    # Who was silent for as long as we wait is not waited for again.
    is_silent = isinstance(error, openai.APITimeoutError) and not _never_connected(error)
    failure.is_transient = not is_silent and (
        failure.is_outage or (not is_ours and status in _TRANSIENT_STATUSES)
    )
    return failure


def failed_response(code: object, message: object) -> UpstreamError:
    """Return the error of a provider that said within its answer that it failed."""
    known = _known_code([str(code)], None, str(message))
    sentence = _quoting("The model provider failed while it answered", str(code))
    return UpstreamError(_said(known, sentence), code=known)


def _said(code: str, sentence: str) -> str:
    """Return OpenAI's words for what clients know by them, whoever found it out; else the sentence."""
    return str(ContextOverflow()) if code == "context_length_exceeded" else sentence


def _never_connected(error: openai.APITimeoutError) -> bool:
    return type(error.__cause__).__name__ in ("ConnectTimeout", "PoolTimeout")


def _known_code(names: Sequence[str], status: int | None, message: str) -> str:
    for name in names:
        if name in PROVIDER_CODES:
            return name
    if status in _OVERFLOW_STATUSES and (_LLAMA_CPP_OVERFLOW in names or _OVERFLOW_WORDS.search(message)):
        return "context_length_exceeded"
    # A failure inside a stream has no status of its own; some servers put the number in `code`.
    numbers = [int(name) for name in names if name.isdecimal()]
    match status or next(iter(numbers), None):
        case 429:
            return "rate_limit_exceeded"
        case 404:
            return "model_not_found"
        case 400 | 422:
            return "invalid_prompt"
        case _:
            return "server_error"


def _sentence(error: openai.APIError, status: int | None) -> str:
    if isinstance(error, openai.APITimeoutError):
        return "The model provider did not answer in time."
    if isinstance(error, openai.APIConnectionError):
        return "The connection to the model provider failed."
    if status is None:
        return _quoting("The model provider failed while it answered", error.code or error.type)
    return _quoting(f"The model provider answered with HTTP status {status}", error.code or error.type)


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
