"""What every answer promises, whatever was asked: status, time, envelope, request id, content type, events."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.wire.events import TERMINAL_EVENTS

MAX_SECONDS = 5.0
JSON = "application/json"
EVENT_STREAM = "text/event-stream"

_ENVELOPE = {"message", "type", "param", "code"}
# For people and for Prometheus.
_OTHER_TYPES = {"/docs": "text/html", "/docs/oauth2-redirect": "text/html", "/metrics": "text/plain"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of `headers` are in lower case."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def content_type(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of a stream, without its comments."""
        frames = self.body.decode().split("\n\n")
        lines = [line for frame in frames for line in frame.split("\n") if line.startswith("data: ")]
        return [json.loads(line.removeprefix("data: ")) for line in lines]


def broken_promises(answer: Answer) -> list[str]:
    """Return a sentence for each promise that the answer breaks."""
    try:
        return list(_broken(answer))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return [f"the body cannot be read: {type(error).__name__}"]


def _broken(answer: Answer) -> Iterator[str]:
    if answer.status >= 500:
        yield f"status {answer.status}"
    if answer.seconds > MAX_SECONDS:
        yield f"took more than {MAX_SECONDS:.0f} s"
    if not answer.headers.get("x-request-id", "").startswith("req_"):
        yield "no x-request-id"
    if answer.method == "HEAD":
        return
    yield from _broken_success(answer) if answer.status < 300 else _broken_refusal(answer)


def _broken_refusal(answer: Answer) -> Iterator[str]:
    if answer.status < 400:
        yield f"status {answer.status}"
    if answer.content_type != JSON:
        yield f"an error as {answer.content_type!r}"
        return
    document = answer.document
    if set(document) != {"error"} or set(document["error"]) != _ENVELOPE:
        yield "an error without the envelope"
        return
    error = document["error"]
    if not (error["message"] and isinstance(error["message"], str) and isinstance(error["type"], str)):
        yield "an error without words"
    if not all(error[name] is None or isinstance(error[name], str) for name in ("param", "code")):
        yield "a param or code that is no text"


def _broken_success(answer: Answer) -> Iterator[str]:
    if answer.content_type == EVENT_STREAM:
        yield from _broken_stream(answer.events)
        return
    expected = _OTHER_TYPES.get(answer.path, JSON)
    if answer.content_type != expected:
        yield f"{answer.content_type!r} instead of {expected!r}"
    elif expected == JSON and not isinstance(answer.document, dict):
        yield "not an object"


def _broken_stream(events: list[dict[str, Any]]) -> Iterator[str]:
    if not events:
        return  # a client may ask for what comes after the last event
    numbers = [event["sequence_number"] for event in events]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        yield "events are missing or out of order"
    if events[-1]["type"] not in TERMINAL_EVENTS.values():
        yield f"the stream ends with {events[-1]['type']}"
    if any(event.get("error", {}).get("code") == "server_error" for event in events):
        yield "a server_error in the stream"
