"""How a stream begins, how it ends, and how it is written down."""

import json

import pytest

from shared.errors import HithertoError
from shared.wire.events import closing_events, encode, opening_events
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from shared.wire.responses import Response, ResponseError, ResponseStatus, Usage

SAID = {"type": "message", "id": "msg_1", "role": "assistant", "content": "Grüße", "vendor": [1]}


def a_response(status: ResponseStatus, **fields: object) -> Response:
    return Response(id="resp_1", created_at=1, status=status, model="m").changed(**fields)


def test_a_background_response_is_created_and_queued() -> None:
    queued = a_response("queued", background=True)

    assert opening_events(queued) == [
        {"type": "response.created", "sequence_number": 0, "response": queued.to_json()},
        {"type": "response.queued", "sequence_number": 1, "response": queued.to_json()},
    ]


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("completed", "response.completed"),
        ("incomplete", "response.incomplete"),
        ("cancelled", "response.failed"),
        ("failed", "response.failed"),
    ],
)
def test_a_stream_ends_with_one_event_that_holds_the_whole_response(
    status: ResponseStatus, event: str
) -> None:
    response = a_response(status, output=parse_items([SAID]), usage=Usage(input_tokens=3))

    [closing] = closing_events(response, first=7)

    assert closing == {"type": event, "sequence_number": 7, "response": response.to_json()}
    assert closing["response"]["output"] == [SAID]


def test_a_failure_is_told_as_a_nested_error_and_then_as_a_failed_response() -> None:
    error = ResponseError(code="rate_limit_exceeded", message="Slow down.")

    events = closing_events(a_response("failed", error=error), first=2)

    assert events[0] == {
        "type": "error",
        "sequence_number": 2,
        "error": {
            "type": "rate_limit_error",
            "code": "rate_limit_exceeded",
            "message": "Slow down.",
            "param": None,
        },
    }
    assert (events[1]["type"], events[1]["sequence_number"]) == ("response.failed", 3)
    assert events[1]["response"]["error"] == {"code": "rate_limit_exceeded", "message": "Slow down."}


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"type": "x", "delta": "Grüße 🦊\n\u2028"}, id="text of any script"),
        pytest.param({"type": "x", "delta": "\ud83e"}, id="half a surrogate pair"),
        pytest.param({"type": "x", "item": {"a": [None, True, 1.5]}}, id="any JSON"),
    ],
)
def test_an_event_is_stored_as_one_line_of_ascii_that_means_the_same(event: JsonObject) -> None:
    [text] = encode([event])

    assert text.isascii()
    assert "\n" not in text
    assert json.loads(text) == event


@pytest.mark.parametrize(
    ("code", "kind", "param"),
    [
        ("server_error", "server_error", None),
        ("insufficient_quota", "insufficient_quota", None),
        ("context_length_exceeded", "invalid_request_error", "input"),
        ("model_not_found", "invalid_request_error", "model"),
        ("invalid_prompt", "invalid_request_error", None),
    ],
)
def test_an_error_in_a_stream_is_of_the_type_that_it_would_have_as_an_answer(
    code: str, kind: str, param: str | None
) -> None:
    told = closing_events(a_response("failed", error=ResponseError(code=code, message="No.")), first=0)[0]
    assert told["error"] == {"type": kind, "code": code, "message": "No.", "param": param}


def test_an_error_without_words_says_what_its_class_says() -> None:
    class Lost(HithertoError):
        """It is lost.

        And nobody knows where.
        """

    assert Lost().message == "It is lost."
    assert Lost("Gone.").message == "Gone."
