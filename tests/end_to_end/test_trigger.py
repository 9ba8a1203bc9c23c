"""`compaction_trigger`: a compaction because the client says so."""

from typing import Any

import pytest
from openai import BadRequestError, OpenAI

from tests.fixtures.conversations import RULE, long_conversation
from tests.fixtures.polling import answer, create, finished
from tests.scripted_upstream import ScriptedUpstream

MODEL = "m"
TRIGGER = {"type": "compaction_trigger"}


def test_it_yields_one_compaction_item_and_no_message(client: OpenAI) -> None:
    response = answer(client, model=MODEL, input=[*long_conversation(), TRIGGER], store=False)
    assert response.status == "completed"
    assert [item.type for item in response.output] == ["compaction"]


def test_its_stream_tells_that_it_compacts(client: OpenAI) -> None:
    fields: dict[str, Any] = {"model": MODEL, "input": [*long_conversation(), TRIGGER], "stream": True}
    events = list(client.responses.create(**fields))
    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.compaction.compacting",
        "response.output_item.done",
        "response.completed",
    ]


def test_the_conversation_goes_on_from_it(client: OpenAI, upstream: ScriptedUpstream) -> None:
    compacted = answer(client, model=MODEL, input=[*long_conversation(), TRIGGER])
    by_id = answer(client, model=MODEL, input="Which ticket?", previous_response_id=compacted.id)
    items = [item.to_dict() for item in compacted.output]
    by_item = answer(client, model=MODEL, input=[*items, {"role": "user", "content": "Which ticket?"}])
    assert (by_id.output_text, by_item.output_text) == ("You said: Which ticket?",) * 2
    given_by_id, given_by_item = (body["messages"] for body in upstream.requests)
    assert RULE in str(given_by_id)
    assert given_by_item == given_by_id


def test_what_is_compacted_already_is_the_same_item(client: OpenAI) -> None:
    once = answer(client, model=MODEL, input=[*long_conversation(), TRIGGER])
    items = [item.to_dict() for item in once.output]
    for again in (
        answer(client, model=MODEL, input=[*items, TRIGGER], store=False),
        answer(client, model=MODEL, input=[TRIGGER], previous_response_id=once.id),
    ):
        assert [item.to_dict() for item in again.output] == items


@pytest.mark.parametrize("history", [[], [{"role": "user", "content": "Hi"}]], ids=["nothing", "one message"])
def test_even_a_short_conversation_is_compacted(client: OpenAI, history: list[dict[str, str]]) -> None:
    response = answer(client, model=MODEL, input=[*history, TRIGGER])
    assert [item.type for item in response.output] == ["compaction"]
    assert response.usage is not None
    assert (response.usage.input_tokens > 0) == bool(history)


def test_it_can_be_a_background_job(client: OpenAI) -> None:
    queued = create(client, model=MODEL, input=[*long_conversation(), TRIGGER])
    assert [item.type for item in finished(client, queued.id).output] == ["compaction"]


@pytest.mark.parametrize(
    ("items", "budget", "param", "message"),
    [
        ([TRIGGER, TRIGGER], None, "input", "Only one 'compaction_trigger' item may be provided."),
        ([TRIGGER, {"role": "user", "content": "Hi"}], None, "input", "must be the final input item"),
        ([TRIGGER], 19_999, "max_output_tokens", "to be at least 20000 when specified"),
    ],
    ids=["two", "not the last", "a small budget"],
)
def test_what_contradicts_it_is_refused(
    client: OpenAI, items: list[Any], budget: int | None, param: str, message: str
) -> None:
    with pytest.raises(BadRequestError, match=message) as refused:
        answer(client, model=MODEL, input=items, max_output_tokens=budget)
    assert refused.value.param == param
