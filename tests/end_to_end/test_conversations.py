"""Conversations through the official SDK, on real processes over a real Redis."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.fixtures.conversations import RULE, long_conversation
from tests.fixtures.house import House
from tests.fixtures.polling import answer, create, finished, until
from tests.scripted_upstream import ScriptedUpstream


def new(client: OpenAI, *said: str) -> str:
    """Make a conversation in which a user said this, and return its id."""
    return client.conversations.create(items=[{"role": "user", "content": text} for text in said]).id


def texts(client: OpenAI, conversation_id: str) -> list[str]:
    return [text(item) for item in client.conversations.items.list(conversation_id, order="asc")]


def text(item: Any) -> str:
    return str(item.content[0].text)


def heard(upstream: ScriptedUpstream) -> list[str]:
    """What the model was told last."""
    return [message["content"] for message in upstream.requests[-1]["messages"]]


# The object


def test_a_conversation_is_made_read_changed_and_deleted(client: OpenAI) -> None:
    made = client.conversations.create(metadata={"topic": "rain"})
    assert made.id.startswith("conv_")
    assert (made.object, made.metadata) == ("conversation", {"topic": "rain"})
    assert client.conversations.retrieve(made.id) == made
    assert client.conversations.update(made.id, metadata={"topic": "sun"}).metadata == {"topic": "sun"}
    assert client.conversations.retrieve(made.id).metadata == {"topic": "sun"}

    deleted = client.conversations.delete(made.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (made.id, "conversation.deleted", True)
    with pytest.raises(NotFoundError, match=f"Conversation with id '{made.id}' not found."):
        client.conversations.delete(made.id)
    with pytest.raises(NotFoundError):
        client.conversations.items.list(made.id)


def test_items_are_added_paged_read_and_deleted(client: OpenAI) -> None:
    conversation = new(client, *(f"Line {number}" for number in range(15)))
    more: Any = [{"role": "user", "content": f"Line {number}"} for number in range(15, 25)]
    added = client.conversations.items.create(conversation, items=more)
    assert [text(item) for item in added.data] == [f"Line {n}" for n in range(15, 25)]
    assert (added.first_id, added.last_id) == (added.data[0].id, added.data[-1].id)

    newest = client.conversations.items.list(conversation)
    assert [text(item) for item in newest.data] == [f"Line {n}" for n in range(24, 4, -1)]
    assert newest.has_more
    pages = client.conversations.items.list(conversation, order="asc", limit=7)
    assert [text(item) for item in pages] == [f"Line {n}" for n in range(25)]

    name = str(added.data[0].id)
    item = client.conversations.items.retrieve(name, conversation_id=conversation)
    assert (item.id, item.status, text(item)) == (name, "completed", "Line 15")  # type: ignore[union-attr]
    assert client.conversations.items.delete(name, conversation_id=conversation).id == conversation
    for call in (client.conversations.items.retrieve, client.conversations.items.delete):
        with pytest.raises(NotFoundError, match=f"Item with id '{name}' not found."):
            call(name, conversation_id=conversation)
    assert len(texts(client, conversation)) == 24


def test_a_call_and_its_output_are_kept_with_ids_and_statuses(client: OpenAI) -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c1", "output": "Rain."}
    conversation = client.conversations.create(items=[call, output])  # type: ignore[list-item]
    kept = list(client.conversations.items.list(conversation.id, order="asc"))
    assert [item.type for item in kept] == ["function_call", "function_call_output"]
    assert [item.status for item in kept] == ["completed", "completed"]  # type: ignore[union-attr]
    assert all(item.id for item in kept)


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "items", "missing_required_parameter"),
        ({"items": []}, "items", "empty_array"),
        ({"items": [{"role": "user", "content": "x"}] * 21}, "items", "array_above_max_length"),
        ({"items": [{"role": "bogus", "content": "x"}]}, "items[0]", "invalid_value"),
        ({"items": [{"type": "compaction_trigger"}]}, "items", None),
        ({"items": [{"role": "user", "content": "x", "id": "msg_1"}] * 2}, "items", None),
        ({"items": [{"type": "compaction", "encrypted_content": "x"}]}, None, "invalid_encrypted_content"),
        ({"items": [], "bogus": 1}, "bogus", "unknown_parameter"),
    ],
)
def test_items_that_cannot_be_kept_are_refused(
    client: OpenAI, body: object, param: str | None, code: str | None
) -> None:
    conversation = new(client, "Zero")
    refused = httpx.post(f"{client.base_url}conversations/{conversation}/items", json=body)
    error = refused.json()["error"]
    assert (refused.status_code, error["param"], error["code"]) == (400, param, code)
    assert texts(client, conversation) == ["Zero"]


def test_another_tenants_conversation_does_not_exist(house: House) -> None:
    house.settings |= {"API_KEYS": "key-one,key-two"}
    address = house.start_api()
    one, two = (house.client(address, api_key=key) for key in ("key-one", "key-two"))
    conversation = new(one, "Secret")
    model = "hitherto-offline"
    for call in (
        lambda: two.conversations.retrieve(conversation),
        lambda: two.conversations.delete(conversation),
        lambda: two.conversations.items.list(conversation),
        lambda: two.responses.create(model=model, input="Hi", conversation=conversation),
        lambda: two.responses.create(model=model, input="Hi", conversation=conversation, background=True),
    ):
        with pytest.raises(NotFoundError, match=f"Conversation with id '{conversation}' not found."):
            call()
    assert texts(one, conversation) == ["Secret"]


# Turns


def test_turns_go_on_from_each_other_however_they_are_run(client: OpenAI, upstream: ScriptedUpstream) -> None:
    conversation = new(client, "Zero")
    first = client.responses.create(model="say:A", input="One", conversation=conversation)
    assert first.conversation is not None
    assert (first.conversation.id, first.previous_response_id) == (conversation, None)
    for _ in client.responses.create(model="say:B", input="Two", conversation=conversation, stream=True):
        pass
    third = create(client, model="say:C", input="Three", conversation={"id": conversation})
    assert finished(client, third.id).status == "completed"
    for _ in create(client, model="say:D", input="Four", conversation=conversation, stream=True):
        pass

    assert heard(upstream) == ["Zero", "One", "A", "Two", "B", "Three", "C", "Four"]
    items = list(client.conversations.items.list(conversation, order="asc"))
    assert [text(item) for item in items] == ["Zero", "One", "A", "Two", "B", "Three", "C", "Four", "D"]
    assert {item.status for item in items} == {"completed"}  # type: ignore[union-attr]


def test_a_turn_may_bring_nothing_new(client: OpenAI, upstream: ScriptedUpstream) -> None:
    conversation = new(client, "Zero")
    client.responses.create(model="say:A", input=[], conversation=conversation)
    assert heard(upstream) == ["Zero"]
    assert texts(client, conversation) == ["Zero", "A"]


def test_a_turn_that_is_not_stored_reads_the_conversation_and_writes_nothing(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    conversation = new(client, "Zero")
    running = create(client, model="slow:30", input="One", conversation=conversation)
    assert upstream.saw_requests(1)
    unstored = client.responses.create(model="say:A", input="Aside", conversation=conversation, store=False)
    assert unstored.output_text == "A"
    assert heard(upstream) == ["Zero", "Aside"]
    client.responses.cancel(running.id)
    assert texts(client, conversation) == ["Zero"]


@pytest.mark.parametrize("model", ["fail:400", "cut"])
def test_a_turn_that_fails_leaves_the_conversation_as_it_was_and_free(client: OpenAI, model: str) -> None:
    conversation = new(client, "Zero")
    failed = create(client, model=model, input="One", conversation=conversation)
    assert finished(client, failed.id).status == "failed"
    refused = httpx.post(
        f"{client.base_url}responses",
        json={"model": model, "input": "Two", "conversation": conversation},
        timeout=30,
    )
    assert refused.status_code >= 400
    assert texts(client, conversation) == ["Zero"]
    client.responses.create(model="say:A", input="Three", conversation=conversation)
    assert texts(client, conversation) == ["Zero", "Three", "A"]


def test_a_chain_may_branch_off_a_conversation_and_leaves_it_alone(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    conversation = new(client, "Zero")
    first = client.responses.create(model="say:A", input="One", conversation=conversation)
    client.responses.create(model="say:B", input="Two", conversation=conversation)
    branch = client.responses.create(model="say:C", input="Instead", previous_response_id=first.id)
    assert branch.conversation is None
    client.responses.create(model="say:D", input="Further", previous_response_id=branch.id)
    assert heard(upstream) == ["Zero", "One", "A", "Instead", "C", "Further"]
    assert texts(client, conversation) == ["Zero", "One", "A", "Two", "B"]


def test_a_conversation_and_a_previous_response_exclude_each_other(client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as refused:
        client.responses.create(model="m", input="x", conversation="conv_x", previous_response_id="resp_x")
    assert refused.value.code == "mutually_exclusive_parameters"


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
def test_an_unknown_conversation_is_a_404(client: OpenAI, background: bool) -> None:
    with pytest.raises(NotFoundError, match="Conversation with id 'conv_x' not found") as refused:
        client.responses.create(model="say:A", input="x", conversation="conv_x", background=background)
    assert (refused.value.code, refused.value.param) == (None, None)


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
def test_an_item_that_is_there_already_is_refused(client: OpenAI, background: bool) -> None:
    conversation = new(client, "Zero")
    first = client.responses.create(model="say:A", input="One", conversation=conversation)
    again = [item.model_dump(exclude_none=True) for item in first.output]
    with pytest.raises(BadRequestError, match="Duplicate item found with id"):
        answer(client, model="say:B", input=again, conversation=conversation, background=background)
    assert texts(client, conversation) == ["Zero", "One", "A"]


# One turn at a time


def test_of_fifty_turns_at_once_one_runs_and_the_others_are_locked_out(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    conversation = new(client, "Zero")
    refused = threading.Semaphore(0)

    def ask(number: int) -> str:
        fields = {"model": "held", "input": f"Turn {number}", "conversation": conversation}
        try:
            answer(client, background=number % 2 == 0, **fields)
        except BadRequestError as error:
            refused.release()
            return str(error.code)
        return f"Turn {number}"

    with ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(ask, number) for number in range(50)]
        # The one that runs is not answered before all others were.
        all_refused = all(refused.acquire(timeout=30) for _ in range(49))
        upstream.released.set()
        outcomes = [each.result() for each in asked]
    assert all_refused
    [ran] = [outcome for outcome in outcomes if outcome != "conversation_locked"]
    until(lambda: len(texts(client, conversation)) == 3)
    assert texts(client, conversation)[:2] == ["Zero", ran]
    assert len(upstream.requests) == 1


def test_while_a_turn_runs_its_conversation_takes_no_items(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    conversation = new(client, "Zero")
    running = create(client, model="slow:30", input="One", conversation=conversation)
    with pytest.raises(BadRequestError) as refused:
        client.conversations.items.create(conversation, items=[{"role": "user", "content": "Two"}])
    assert (refused.value.code, refused.value.param) == ("conversation_locked", None)
    assert "retry" in refused.value.message

    client.responses.cancel(running.id)
    client.conversations.items.create(conversation, items=[{"role": "user", "content": "Two"}])
    assert texts(client, conversation) == ["Zero", "Two"]


def test_a_turn_whose_conversation_is_deleted_ends_without_it(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    conversation = new(client, "Zero")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(answer, client, model="held", input="One", conversation=conversation)
        assert upstream.saw_requests(1)
        client.conversations.delete(conversation)
        upstream.released.set()
        response = running.result(timeout=20)
    assert response.status == "completed"
    assert client.responses.retrieve(response.id).output_text == response.output_text


def test_a_client_that_hangs_up_in_mid_turn_frees_the_conversation(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    conversation = new(client, "Zero")
    stream = client.responses.create(model="slow:30", input="One", conversation=conversation, stream=True)
    until(lambda: next(stream).type == "response.output_text.delta")
    stream.close()
    assert upstream.saw_disconnects(1)
    until(lambda: _may_have_a_turn(client, conversation))
    assert texts(client, conversation) == ["Zero", "Next", "A"]


def _may_have_a_turn(client: OpenAI, conversation: str) -> bool:
    try:
        client.responses.create(model="say:A", input="Next", conversation=conversation)
    except BadRequestError as error:
        if error.code != "conversation_locked":
            raise
        return False
    return True


# Compaction, and what was given


def test_a_long_conversation_is_compacted_and_goes_on_from_there(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    conversation = new(client)
    first = create(client, model="say:Done.", input=long_conversation(), conversation=conversation)
    assert [item.type for item in finished(client, first.id).output] == ["compaction", "message"]
    client.responses.create(model="say:Again.", input="What was the rule?", conversation=conversation)

    said = heard(upstream)
    assert RULE in str(said)
    assert len(str(said)) < len(str(long_conversation())) / 3
    assert said[-2:] == ["Done.", "What was the rule?"]
    kept = client.conversations.items.list(conversation, limit=5).data
    assert [item.type for item in kept] == ["message", "message", "message", "compaction", "message"]
    shown = client.responses.input_items.list(first.id, order="asc", limit=2).data
    assert text(shown[0]) == RULE


def test_input_items_of_a_turn_are_what_the_conversation_held_until_then(client: OpenAI) -> None:
    conversation = new(client, "Zero")
    client.responses.create(model="say:A", input="One", conversation=conversation)
    second = create(client, model="say:B", input="Two", conversation=conversation)
    finished(client, second.id)
    client.responses.create(model="say:C", input="Three", conversation=conversation)
    shown = [text(item) for item in client.responses.input_items.list(second.id, order="asc")]
    assert shown == ["Zero", "One", "A", "Two"]


def test_input_tokens_count_the_conversation(client: OpenAI) -> None:
    conversation = new(client, "word " * 500)
    count = client.responses.input_tokens.count
    # Of a model that no other test asks: what was learned of how that one counts changes these.
    counted = count(model="never-asked", input="x", conversation=conversation)
    assert counted.input_tokens > count(model="never-asked", input="x").input_tokens + 400
    with pytest.raises(NotFoundError):
        count(model="m", input="x", conversation="conv_x")


# References


def test_an_item_may_be_named_instead_of_sent(client: OpenAI, upstream: ScriptedUpstream) -> None:
    stored = client.responses.create(model="say:Rain.", input="How is Oslo?")
    [asked] = client.responses.input_items.list(stored.id)
    named: Any = [
        {"type": "item_reference", "id": asked.id},
        {"type": "item_reference", "id": stored.output[0].id},
        {"role": "user", "content": "And Rome?"},
    ]
    second = client.responses.create(model="say:Sun.", input=named)
    assert heard(upstream) == ["How is Oslo?", "Rain.", "And Rome?"]
    shown = client.responses.input_items.list(second.id, order="asc")
    assert [text(item) for item in shown] == ["How is Oslo?", "Rain.", "And Rome?"]
    conversation = client.conversations.create(items=named)
    assert texts(client, conversation.id) == ["How is Oslo?", "Rain.", "And Rome?"]


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
def test_an_item_of_a_response_that_was_deleted_cannot_be_named(client: OpenAI, background: bool) -> None:
    stored = client.responses.create(model="say:Rain.", input="How is Oslo?")
    [asked] = client.responses.input_items.list(stored.id)
    client.responses.delete(stored.id)
    for item_id in (asked.id, stored.output[0].id):
        named: Any = [{"type": "item_reference", "id": item_id}]
        with pytest.raises(NotFoundError, match="Item with id"):
            client.responses.create(model="say:A", input=named, background=background)


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
def test_an_item_that_was_never_stored_cannot_be_named(client: OpenAI, background: bool) -> None:
    unstored = client.responses.create(model="say:Rain.", input="Hi", store=False)
    named: Any = [{"type": "item_reference", "id": unstored.output[0].id}]
    with pytest.raises(NotFoundError, match="Items are not persisted when `store` is set to false"):
        client.responses.create(model="say:A", input=named, background=background)
