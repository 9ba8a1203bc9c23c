"""Thoughts as `encrypted_content`, for clients that send back nothing else of them, or refuse to go on without.

They stand in the open beside it, so there is nothing to hide: it is an envelope, not a seal. Thoughts that the
provider sealed itself are none of its business.
"""

import base64
import binascii
import json
from typing import Any

from shared.wire.model import JsonObject

# With it the letters of URL-safe base64: no client looks inside, some may look for strange characters.
_MARK = "hitherto_thoughts_"


def enclosed_thoughts(reasoning: JsonObject) -> JsonObject:
    """Return a reasoning item with its thoughts as `encrypted_content` too; one without thoughts as it is."""
    texts = [part["text"] for part in reasoning.get("content") or []]
    if not texts or reasoning.get("encrypted_content"):
        return reasoning
    letters = base64.urlsafe_b64encode(json.dumps(texts).encode()).decode()
    return reasoning | {"encrypted_content": _MARK + letters}


def is_envelope(encrypted_content: str | None) -> bool:
    """Return whether thoughts were enclosed here, rather than sealed by a provider."""
    return encrypted_content is not None and encrypted_content.startswith(_MARK)


def opened_thoughts(item: JsonObject) -> JsonObject:
    """Return a reasoning item with its thoughts in the open only; any other item, and what is damaged, as it is."""
    envelope = item.get("encrypted_content")
    if item.get("type") != "reasoning" or not isinstance(envelope, str) or not is_envelope(envelope):
        return item
    bare = {key: value for key, value in item.items() if key != "encrypted_content"}
    if bare.get("content"):
        return bare
    try:
        texts: Any = json.loads(base64.urlsafe_b64decode(envelope.removeprefix(_MARK)))
    except (binascii.Error, ValueError, RecursionError):
        return item
    return (
        bare | {"content": [{"type": "reasoning_text", "text": text} for text in texts]}
        if _are_texts(texts)
        else item
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
