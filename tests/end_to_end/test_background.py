"""Background responses through the official SDK, on real processes over a real Redis."""

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.fixtures.conversations import RULE, long_conversation
from tests.fixtures.polling import create, finished, until
from tests.scripted_upstream import ScriptedUpstream


def test_a_conversation_over_its_threshold_is_queued_compacted_and_answered(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    first = create(client, model="held", input=long_conversation())
    assert (first.status, first.output, first.usage) == ("queued", [], None)
    until(lambda: client.responses.retrieve(first.id).status == "in_progress")
    upstream.released.set()
    ended = finished(client, first.id)
    assert ended.status == "completed"
    assert [item.type for item in ended.output] == ["compaction", "message"]
    assert ended.usage is not None
    assert ended.usage.total_tokens == ended.usage.input_tokens + ended.usage.output_tokens


def test_the_next_turn_sends_the_upstream_the_compacted_window_only(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    first = finished(client, create(client, model="say:Done.", input=long_conversation()).id)
    second = create(client, model="say:Again.", input="What was the rule?", previous_response_id=first.id)
    assert finished(client, second.id).output_text == "Again."

    messages = upstream.requests[-1]["messages"]
    text = str(messages)
    assert RULE in text
    assert len(text) < len(str(long_conversation())) / 3
    assert messages[-1]["content"] == "What was the rule?"
    assert messages[-2]["content"] == "Done."


def test_a_past_of_which_a_part_is_gone_is_refused_at_once(client: OpenAI) -> None:
    first = finished(client, create(client, model="say:One.", input="Hi").id)
    second = finished(client, create(client, model="say:Two.", input="Hi", previous_response_id=first.id).id)
    client.responses.delete(first.id)

    for fields in ({"background": True}, {"stream": True}, {}):
        with pytest.raises(BadRequestError, match=f"'{second.id}' not found"):
            client.responses.create(model="say:No.", input="Hi", previous_response_id=second.id, **fields)  # type: ignore[call-overload]  # its types want literals


def test_a_turn_under_its_threshold_is_not_compacted(client: OpenAI) -> None:
    response = finished(client, create(client, model="say:Hello.", input="Hi").id)
    assert [item.type for item in response.output] == ["message"]


def test_a_cancelled_response_keeps_what_it_said_and_stops_its_upstream_call(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    running = create(client, model="slow:30", input="Tell me a long story about a long river")
    until(lambda: client.responses.retrieve(running.id).output_text != "")
    cancelled = client.responses.cancel(running.id)
    assert cancelled.status == "cancelled"
    assert [item.status for item in cancelled.output if item.type == "message"] == ["incomplete"]
    assert (cancelled.usage, cancelled.completed_at, cancelled.error) == (None, None, None)
    assert cancelled.service_tier == "default"
    assert upstream.saw_disconnects(1, timeout_seconds=2.0)
    assert client.responses.cancel(running.id) == cancelled


def test_a_failing_upstream_fails_the_response_and_says_why(client: OpenAI) -> None:
    response = finished(client, create(client, model="fail:400", input="Hi").id)
    assert response.status == "failed"
    assert response.error is not None


def test_a_truncated_answer_is_incomplete(client: OpenAI) -> None:
    response = finished(client, create(client, model="length", input="Hi").id)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


def test_a_deleted_response_is_gone_and_one_in_flight_is_not_deleted(client: OpenAI) -> None:
    running = create(client, model="slow:30", input="Tell me a long story")
    with pytest.raises(BadRequestError, match="in-flight"):
        client.responses.delete(running.id)
    client.responses.cancel(running.id)
    client.responses.delete(running.id)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(running.id)
