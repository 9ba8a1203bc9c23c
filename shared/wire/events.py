"""Events: what a response's stream is made of, as JSON objects with `type` and `sequence_number`."""

import json
from collections.abc import Iterable

from shared.wire.codes import error_param, error_type
from shared.wire.model import JsonObject
from shared.wire.responses import Response, ResponseError

# What ends a stream. A cancelled response has no event type of its own: it ends as failed (contract §9.11).
TERMINAL_EVENTS = {
    "completed": "response.completed",
    "incomplete": "response.incomplete",
    "failed": "response.failed",
    "cancelled": "response.failed",
}


def opening_events(response: Response) -> list[JsonObject]:
    """Return the first events of a background response: created, then queued."""
    document = response.to_json()
    return [
        {"type": "response.created", "sequence_number": 0, "response": document},
        {"type": "response.queued", "sequence_number": 1, "response": document},
    ]


def closing_events(response: Response, *, first: int) -> list[JsonObject]:
    """Return the events that end the stream of a terminal `response`, numbered from `first`.

    They are made from the stored response alone, so that every reader sees the same, exactly once.
    """
    body: list[JsonObject] = []
    if response.status == "failed" and response.error is not None:
        body.append({"type": "error", "error": _told(response.error)})
    body.append({"type": TERMINAL_EVENTS[response.status], "response": response.to_json()})
    return [
        {"type": event["type"], "sequence_number": first + index} | event for index, event in enumerate(body)
    ]


def _told(error: ResponseError) -> JsonObject:
    """Return the error as an answer's envelope would say it."""
    return {
        "type": error_type(error.code),
        "code": error.code,
        "message": error.message,
        "param": error_param(error.code),
    }


def encode(events: Iterable[JsonObject]) -> list[str]:
    """Return each event as the JSON text that is stored and sent, ASCII only."""
    return [json.dumps(event, separators=(",", ":")) for event in events]
