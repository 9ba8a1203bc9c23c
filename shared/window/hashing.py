"""Names for prefixes of a window: a chain of hashes over what the items say.

An item has the same hash as the client first sent it and as it comes back from storage or from another
client library. Published compactions are found by these hashes: a change of the canonical form orphans
those that exist, which costs a compaction each and is otherwise harmless.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from shared.wire.items import Item, ItemReference, Message, Role
from shared.wire.model import JsonObject
from shared.wire.thoughts import opened_thoughts

# Written by the server, or a hint that clients move from item to item; no part of what was said.
_BOOKKEEPING = frozenset({"id", "status", "created_by"})
_PART_BOOKKEEPING = frozenset({"prompt_cache_breakpoint"})
_OUTPUT_TEXT_BOOKKEEPING = _PART_BOOKKEEPING | {"annotations", "logprobs"}

# Any other status, such as the `failed` of a patch, is a result.
_PROGRESS = frozenset({"in_progress", "completed", "incomplete"})


def prefix_hashes(items: Sequence[Item], *, after: str = "") -> list[str]:
    """Return, for each item, the hash (64 hexadecimal digits) of the window up to and including it.

    `after` is the hash of what comes before `items`: the hashes of `a + b` are those of `a`, then those
    of `b` after the last of `a`. Equal hashes mean equal roles, texts, calls, outputs, media and unknown
    fields. What does not count: ids, progress, null fields, annotations, logprobs, `created_by`, prompt
    cache breakpoints, key order, whether a message's text is a string or a single text part, and whether
    thoughts stand in the open, in an envelope of ours or in both.
    """
    hashes = []
    for item in items:
        after = hashlib.sha256(after.encode() + _canonical(item)).hexdigest()
        hashes.append(after)
    return hashes


def _canonical(item: Item) -> bytes:
    document = opened_thoughts(_without_nulls(item.to_json()))
    # A reference is nothing but its id.
    if not isinstance(item, ItemReference):
        document = {name: value for name, value in document.items() if not _is_bookkeeping(name, value)}
    if isinstance(item, Message):
        document["content"] = _parts_of(item.role, document["content"])
    for name in ("content", "output"):
        if isinstance(document.get(name), list):
            document[name] = [_canonical_part(part) for part in document[name]]
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _is_bookkeeping(name: str, value: Any) -> bool:
    return name in _BOOKKEEPING and (name != "status" or value in _PROGRESS)


def _parts_of(role: Role, content: Any) -> Any:
    if not isinstance(content, str):
        return content
    return [{"type": "output_text" if role == "assistant" else "input_text", "text": content}]


def _canonical_part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    ignored = _OUTPUT_TEXT_BOOKKEEPING if part.get("type") == "output_text" else _PART_BOOKKEEPING
    return {name: value for name, value in part.items() if name not in ignored}


def _without_nulls(value: JsonObject) -> JsonObject:
    return {name: _clean(entry) for name, entry in value.items() if entry is not None}


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return _without_nulls(value)
    if isinstance(value, list):
        return [_clean(entry) for entry in value]
    return value
