"""Streams through the official SDK: foreground, background, resumed, cancelled."""

import json
from typing import Any

import httpx
import pytest
from openai import APIError, BadRequestError, OpenAI

from tests.fixtures.conversations import long_conversation
from tests.fixtures.polling import MANAGEMENT, create, finished, until
from tests.scripted_upstream import ScriptedUpstream

TEXT_EVENTS = [
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


def test_a_foreground_stream_has_openais_events_in_openais_order(client: OpenAI) -> None:
    events = stream(client, model="say:Hi", input="Hello")
    assert types(events) == ["response.created", "response.in_progress", *TEXT_EVENTS]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].response.output_text == "Hi"
    assert client.responses.retrieve(events[-1].response.id) == events[-1].response


def test_a_compaction_comes_before_the_message_without_an_event_of_its_own(client: OpenAI) -> None:
    events = stream(client, model="say:Hi", input=long_conversation(), context_management=MANAGEMENT)
    assert types(events) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.output_item.done",
        *TEXT_EVENTS,
    ]
    assert events[2].item.encrypted_content == ""
    assert events[3].item.encrypted_content
    assert [item.type for item in events[-1].response.output] == ["compaction", "message"]


def test_the_sdks_own_stream_helper_understands_it(client: OpenAI) -> None:
    with client.responses.stream(model="slow:0.1", input="Tell me something") as helper:
        text = "".join(event.delta for event in helper if event.type == "response.output_text.delta")
        assert helper.get_final_response().output_text == text


def test_a_failure_in_the_stream_is_an_error_event_and_then_the_failed_response(client: OpenAI) -> None:
    raw = raw_stream(client, {"model": "cut", "input": "Hello", "stream": True})
    assert [line for line in raw if line.startswith("event: ")][-2:] == [
        "event: error",
        "event: response.failed",
    ]
    with pytest.raises(APIError):
        stream(client, model="cut", input="Hello")


def test_a_foreground_stream_that_failed_can_be_read_back_and_is_not_continued(client: OpenAI) -> None:
    lines = raw_stream(client, {"model": "cut", "input": "Hello", "stream": True, "service_tier": "flex"})
    told = json.loads(lines[-2].removeprefix("data: "))["response"]
    stored = client.responses.with_raw_response.retrieve(told["id"])
    assert json.loads(stored.text) == told
    assert (told["status"], told["usage"], told["output"], told["service_tier"]) == (
        "failed",
        None,
        [],
        "flex",
    )
    assert [text(item) for item in client.responses.input_items.list(told["id"])] == ["Hello"]
    with pytest.raises(BadRequestError, match="cannot be continued"):
        client.responses.create(model="say:Hi", input="Go on", previous_response_id=told["id"])


def test_a_foreground_stream_whose_client_left_is_cancelled_with_what_it_had_said(client: OpenAI) -> None:
    with client.responses.create(model="slow:30", input="Hello", stream=True) as events:
        response_id = next(events).response.id  # type: ignore[union-attr]  # it is response.created
        next(event for event in events if event.type == "response.output_text.delta")
    until(lambda: is_known(client, response_id))
    left = client.responses.retrieve(response_id)
    assert (left.status, left.usage, left.completed_at, left.service_tier) == (
        "cancelled",
        None,
        None,
        "default",
    )
    assert left.output_text.startswith("word0 ")
    assert [item.status for item in left.output if item.type == "message"] == ["incomplete"]
    with pytest.raises(BadRequestError, match="synchronous"):
        client.responses.cancel(response_id)


def test_a_stream_that_is_not_stored_leaves_nothing_when_its_client_leaves(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    with client.responses.create(model="slow:30", input="Hello", stream=True, store=False) as events:
        response_id = next(events).response.id  # type: ignore[union-attr]  # it is response.created
        assert upstream.saw_requests(1)
    assert upstream.saw_disconnects(1)
    assert not is_known(client, response_id)


def test_the_headers_of_a_stream_keep_proxies_from_holding_it_back(client: OpenAI) -> None:
    body = {"model": "say:Hi", "input": "Hello", "stream": True}
    headers = httpx.post(f"{client.base_url}responses", json=body, timeout=30).headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (headers["cache-control"], headers["connection"]) == ("no-cache", "keep-alive")
    assert headers["x-accel-buffering"] == "no"


def test_deltas_are_padded_unless_the_client_declines(client: OpenAI) -> None:
    body: dict[str, Any] = {"model": "say:Hi", "input": "Hello", "stream": True}
    assert any('"obfuscation"' in line for line in raw_stream(client, body))
    plain = raw_stream(client, body | {"stream_options": {"include_obfuscation": False}})
    assert not any('"obfuscation"' in line for line in plain)


def test_a_client_that_leaves_a_foreground_stream_ends_the_upstream_call(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    with client.responses.create(model="slow:30", input="Hello", stream=True) as events:
        next(event for event in events if event.type == "response.output_text.delta")
    assert upstream.saw_disconnects(1, timeout_seconds=3.0)


def test_a_background_stream_is_queued_first_and_replays_the_same_bytes(client: OpenAI) -> None:
    events = stream(client, model="slow:0.3", input="Hello", background=True)
    assert types(events)[:3] == ["response.created", "response.queued", "response.in_progress"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    response_id = events[0].response.id
    first, second = (replay(client, response_id) for _ in range(2))
    assert first == second
    assert len([line for line in first if line.startswith("event: ")]) == len(events)


@pytest.mark.parametrize(
    "after", [0, 5, 1000, 10**20], ids=["from the start", "in the middle", "past the end", "far past the end"]
)
def test_a_background_stream_is_resumed_after_any_event(client: OpenAI, after: int) -> None:
    events = stream(client, model="slow:0.2", input="Hello", background=True)
    response_id = events[0].response.id
    with client.responses.retrieve(response_id, stream=True, starting_after=after) as resumed:
        assert list(resumed) == events[after + 1 :]


@pytest.mark.parametrize(
    ("after", "code"),
    [("x", "invalid_type"), ("1.5", "invalid_type"), ("", "invalid_type"), ("-1", "integer_below_min_value")],
)
def test_a_stream_is_resumed_after_a_number_only(client: OpenAI, after: str, code: str) -> None:
    response_id = stream(client, model="say:Hi", input="Hello", background=True)[0].response.id
    refused = httpx.get(f"{client.base_url}responses/{response_id}?stream=true&starting_after={after}")
    error = refused.json()["error"]
    assert (refused.status_code, error["param"], error["code"]) == (400, "starting_after", code)


def test_several_watchers_see_the_same_events_as_they_come(client: OpenAI) -> None:
    with create(client, model="slow:1", input="Hello", stream=True) as running:
        response_id = next(iter(running)).response.id
    watchers = [iter(client.responses.retrieve(response_id, stream=True)) for _ in range(3)]
    assert all(next(watcher).type == "response.created" for watcher in watchers)
    rest = [list(watcher) for watcher in watchers]
    assert rest[0] == rest[1] == rest[2]
    assert rest[0][-1].type == "response.completed"


def test_the_stream_of_a_cancelled_response_ends_as_failed_with_the_status_cancelled(client: OpenAI) -> None:
    running = create(client, model="slow:30", input="Hello", stream=True)
    events = iter(running)
    response_id = next(events).response.id
    client.responses.cancel(response_id)
    last = list(events)[-1]
    assert (last.type, last.response.status) == ("response.failed", "cancelled")


def test_what_was_not_created_as_a_background_stream_cannot_be_streamed(client: OpenAI) -> None:
    foreground = client.responses.create(model="say:Hi", input="Hello")
    with pytest.raises(BadRequestError, match="background=true") as refused:
        client.responses.retrieve(foreground.id, stream=True)
    assert refused.value.param == "stream"
    polled = finished(client, create(client, model="say:Hi", input="Hello").id)
    with pytest.raises(BadRequestError, match="stream=true"):
        client.responses.retrieve(polled.id, stream=True)


def stream(client: OpenAI, **fields: Any) -> list[Any]:
    """Return all events of a streamed response."""
    return list(client.responses.create(stream=True, **fields))


def text(item: Any) -> str:
    return str(item.content[0].text)


def is_known(client: OpenAI, response_id: str) -> bool:
    return httpx.get(f"{client.base_url}responses/{response_id}").status_code == 200


def types(events: list[Any]) -> list[str]:
    """Return the events' types, with neighbours of one type once."""
    names = [event.type for event in events]
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


def raw_stream(client: OpenAI, body: dict[str, Any]) -> list[str]:
    """Return the lines of a stream as they stand on the wire."""
    return httpx.post(f"{client.base_url}responses", json=body, timeout=30).text.splitlines()


def replay(client: OpenAI, response_id: str) -> list[str]:
    """Return the lines of a replay as they stand on the wire."""
    return httpx.get(f"{client.base_url}responses/{response_id}?stream=true", timeout=30).text.splitlines()
