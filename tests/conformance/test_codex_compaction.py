"""The Codex CLI against the whole server: compaction by `compaction_trigger`, as it does it remotely."""

from typing import Any

import pytest

from tests.fixtures.codex import TRIGGER, finished_items, post, request, said, stream
from tests.fixtures.conversations import RULE, long_conversation
from tests.scripted_upstream import Json, ScriptedUpstream

QUESTION = said("user", "Which rule holds?")


def history() -> list[Json]:
    return [said(item["role"], item["content"]) for item in long_conversation()]


def by_the_user(items: list[Json]) -> list[Json]:
    """Return what Codex itself keeps of a history that it had compacted."""
    return [item for item in items if item.get("role") == "user"]


def test_a_trigger_is_told_as_one_compaction_and_nothing_else(
    address: str, upstream: ScriptedUpstream
) -> None:
    events = stream(address, request(*history(), TRIGGER))
    assert [event["type"] for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.compaction.compacting",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event["sequence_number"] for event in events] == list(range(6))
    _, _, added, compacting, done, completed = events
    item = done["item"]
    assert item.keys() >= {"id", "type", "encrypted_content"}
    assert item["id"].startswith("cmp_")
    assert added["item"] == item | {"encrypted_content": ""}
    assert (compacting["item_id"], compacting["output_index"]) == (item["id"], 0)
    assert completed["response"]["output"] == [item]
    assert completed["response"]["status"] == "completed"
    assert completed["response"]["usage"] is not None
    assert upstream.requests == []


def test_a_trigger_without_a_stream_is_answered_with_the_item_alone(address: str) -> None:
    response = post(address, request(*history(), TRIGGER, stream=False)).json()
    assert (response["object"], response["status"]) == ("response", "completed")
    assert [item["type"] for item in response["output"]] == ["compaction"]


def test_the_model_reads_what_was_compacted_once_and_the_question_after_it(
    address: str, upstream: ScriptedUpstream
) -> None:
    [item] = finished_items(stream(address, request(*history(), TRIGGER)))
    kept = by_the_user(history())
    sealed = {"type": "compaction", "encrypted_content": item["encrypted_content"]}
    stream(address, request(*kept, sealed, QUESTION))
    messages = upstream.requests[-1]["messages"]
    assert str(messages).count(RULE) == 1
    assert "Shard 7 is balanced." not in str(messages)
    assert messages[-1]["content"] == "Which rule holds?"


def test_a_compaction_is_compacted_again_without_losing_the_rule(
    address: str, upstream: ScriptedUpstream
) -> None:
    [first] = finished_items(stream(address, request(*history(), TRIGGER)))
    # The rule is in the item only: Codex drops old messages of the user's beyond its budget.
    grown = [first, *history()[2:]]
    [second] = finished_items(stream(address, request(*grown, TRIGGER)))
    assert second["encrypted_content"] != first["encrypted_content"]
    stream(address, request(second, QUESTION))
    assert RULE in str(upstream.requests[-1]["messages"])


def test_a_compaction_by_its_old_name_is_read(address: str, upstream: ScriptedUpstream) -> None:
    [item] = finished_items(stream(address, request(*history(), TRIGGER)))
    old = {"type": "compaction_summary", "encrypted_content": item["encrypted_content"]}
    stream(address, request(old, QUESTION))
    assert RULE in str(upstream.requests[-1]["messages"])


def test_a_chain_is_compacted_by_its_response_and_goes_on_from_there(
    address: str, upstream: ScriptedUpstream
) -> None:
    first = stream(address, request(*history(), store=True))[-1]["response"]
    chained = {"store": True, "previous_response_id": first["id"]}
    compacted = stream(address, request(**chained) | {"input": [TRIGGER]})[-1]["response"]
    assert [item["type"] for item in compacted["output"]] == ["compaction"]

    upstream.follow()
    goes_on = request(store=True, previous_response_id=compacted["id"]) | {"input": [QUESTION]}
    assert stream(address, goes_on)[-1]["type"] == "response.completed"
    assert RULE in str(upstream.requests[-1]["messages"])
    assert "Shard 7 is balanced." not in str(upstream.requests[-1]["messages"])


def test_a_budget_that_holds_a_summary_is_accepted(address: str) -> None:
    answer = post(address, request(*history(), TRIGGER, max_output_tokens=20_000))
    assert answer.status_code == 200, answer.text


LATER = said("user", "Later")

CONTRADICTIONS: dict[str, tuple[list[Json], dict[str, Any], str, str]] = {
    "two, of which one is not the last, and a small budget": (
        [TRIGGER, TRIGGER, LATER],
        {"max_output_tokens": 100},
        "input",
        "Only one 'compaction_trigger' item may be provided.",
    ),
    "not the last, and a small budget": (
        [TRIGGER, LATER],
        {"max_output_tokens": 100},
        "input",
        "The 'compaction_trigger' item must be the final input item.",
    ),
    "a small budget": (
        [LATER, TRIGGER],
        {"max_output_tokens": 19_999},
        "max_output_tokens",
        "'compaction_trigger' requires 'max_output_tokens' to be at least 20000 when specified.",
    ),
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("items", "fields", "param", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys()
)
def test_what_contradicts_a_trigger_is_refused_by_count_then_place_then_budget(
    address: str, items: list[Json], fields: dict[str, Any], param: str, message: str, streamed: bool
) -> None:
    answer = post(address, request(*items, stream=streamed, **fields))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["param"], error["message"]) == ("invalid_request_error", param, message)
