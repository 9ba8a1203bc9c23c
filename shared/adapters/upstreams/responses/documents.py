"""Whole documents of a Responses provider: what an answer came to, and what a compaction left."""

from pydantic import BaseModel

from shared.prompt import CompactedItems, Finished
from shared.wire.items import Compaction, parse_items
from shared.wire.model import JsonObject
from shared.wire.responses import Usage


class Failure(BaseModel):
    """Why an answer failed."""

    code: object = None
    message: object = None


class Incomplete(BaseModel):
    """Why an answer ended early."""

    reason: str | None = None


class Outcome(BaseModel):
    """A response in its terminal state, as far as it matters here."""

    usage: JsonObject | None = None
    error: Failure | None = None
    incomplete_details: Incomplete | None = None


class _Compacted(BaseModel):
    output: list[JsonObject]
    usage: JsonObject | None = None


def finished(outcome: Outcome) -> Finished:
    """Return the end of an answer. Raises ValueError for a usage that is none."""
    usage = _usage(outcome.usage)
    match outcome.incomplete_details:
        case None:
            return Finished("stop", usage)
        case Incomplete(reason="content_filter"):
            return Finished("content_filter", usage)
        case _:
            return Finished("length", usage)


def compacted_items(data: object) -> CompactedItems:
    """Return what a compaction's document says. Raises ValueError when it is none."""
    document = _Compacted.model_validate(data)
    items = parse_items(document.output)
    if not any(isinstance(item, Compaction) for item in items):
        raise ValueError("no compaction item")
    return CompactedItems(items, _usage(document.usage))


def _usage(reported: JsonObject | None) -> Usage | None:
    return Usage.model_validate(_given(reported)) if reported else None


def _given(counts: JsonObject) -> JsonObject:
    """Return what was counted, details included; some servers send null for what they do not count."""
    given = {name: _given(value) if isinstance(value, dict) else value for name, value in counts.items()}
    return {name: value for name, value in given.items() if value is not None}
