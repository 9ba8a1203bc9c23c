"""Compaction ahead of its time: the turn that crosses the threshold finds it ready."""

from typing import Any

import httpx
import pytest
from openai import OpenAI

from tests.fixtures.conversations import long_conversation
from tests.fixtures.house import House
from tests.fixtures.polling import RUNNING, answer, finished, until
from tests.scripted_replies import SUMMARY, asks_for_a_summary
from tests.scripted_upstream import Json, Reply, ScriptedUpstream

THRESHOLD = 4000
MANAGEMENT = [{"type": "compaction", "compact_threshold": THRESHOLD}]
# With the turns after it: over four fifths of the threshold, but not over it.
NEARLY = long_conversation(36)
MORE = "One more long question. " * 120


def summaries_and_answers(body: Json) -> Reply:
    """Answer summary requests with a summary, slowly, and all others at once."""
    if asks_for_a_summary(body):
        return Reply(SUMMARY, delay_seconds=0.02)
    return Reply("Fine.")


@pytest.fixture
def upstream(provider: ScriptedUpstream) -> ScriptedUpstream:
    provider.follow(summaries_and_answers)
    return provider


@pytest.fixture(scope="module")
def client(module_house: House, provider: ScriptedUpstream) -> OpenAI:
    module_house.settings |= {"UPSTREAM_BASE_URL": provider.base_url}
    [address] = module_house.start()
    return module_house.client(address)


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
def test_a_chain_finds_it_ready(client: OpenAI, upstream: ScriptedUpstream, background: bool) -> None:
    model = f"chain-{background}"
    first = ended(client, answer(client, **ask(NEARLY, model), background=background))
    assert [item.type for item in first.output] == ["message"]
    until(lambda: is_ready(client, model))

    second = answer(client, **ask(MORE, model), previous_response_id=first.id, background=background)
    second = ended(client, second)
    assert [item.type for item in second.output] == ["compaction", "message"]
    assert summaries(upstream, model) == 1
    assert len(str(turns(upstream, model)[-1])) < len(str(NEARLY)) / 2
    [record] = records(client, model)
    assert (record["ahead"], record["outcome"], record["tokens_in_vain"]) == (True, "in_time", 0)
    assert record["used_at"] >= record["ended_at"]
    metrics = httpx.get(f"{client.base_url}".replace("/v1/", "/metrics")).text
    assert 'hitherto_compactions_ahead_total{outcome="in_time"}' in metrics


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
def test_the_turn_that_uses_it_pays_for_it_from_its_budget(
    client: OpenAI, upstream: ScriptedUpstream, background: bool
) -> None:
    model = f"budget-{background}"
    first = answer(client, **ask(NEARLY, model))
    until(lambda: is_ready(client, model))

    fields: dict[str, Any] = {**ask(MORE, model), "previous_response_id": first.id, "background": background}
    spent = ended(client, answer(client, **fields, max_output_tokens=16))
    assert (spent.status, spent.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert [item.type for item in spent.output] == ["compaction"]
    assert (len(turns(upstream, model)), summaries(upstream, model)) == (1, 1)
    cost = spent.usage.output_tokens
    assert cost > 16

    enough = ended(client, answer(client, **fields, max_output_tokens=cost + 20))
    assert [item.type for item in enough.output] == ["compaction", "message"]
    assert turns(upstream, model)[-1]["max_tokens"] == 20
    assert enough.usage.output_tokens <= cost + 20


def test_a_stateless_client_finds_it_ready(client: OpenAI, upstream: ScriptedUpstream) -> None:
    first = answer(client, **ask(NEARLY, "stateless"))
    until(lambda: is_ready(client, "stateless"))

    said = [item.to_dict() for item in first.output]
    second = answer(client, **ask([*NEARLY, *said, {"role": "user", "content": MORE}], "stateless"))
    assert [item.type for item in second.output] == ["compaction", "message"]
    assert summaries(upstream, "stateless") == 1


def test_it_is_not_started_twice_for_a_window_that_an_earlier_one_serves(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    last = answer(client, **ask(NEARLY, "twice"))
    until(lambda: is_ready(client, "twice"))
    for number in range(3):
        last = answer(client, **ask(f"Line {number}", "twice"), previous_response_id=last.id)
    assert summaries(upstream, "twice") == 1


def test_store_false_starts_nothing_and_a_short_conversation_neither(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    answer(client, **ask(NEARLY, "unstored"), store=False)
    answer(client, **ask("Hi", "short"))
    assert summaries(upstream, "unstored") == summaries(upstream, "short") == 0


@pytest.mark.parametrize("deleted", ["response", "conversation"])
def test_a_summary_that_is_written_for_what_is_deleted_is_broken_off(
    client: OpenAI, upstream: ScriptedUpstream, deleted: str
) -> None:
    hanging = Reply(SUMMARY, hang_after=4)
    upstream.follow(lambda body: hanging if asks_for_a_summary(body) else Reply("Fine."))
    conversation = client.conversations.create().id
    response = answer(client, **ask(NEARLY, f"deleted-{deleted}"), conversation=conversation)
    until(lambda: summaries(upstream, f"deleted-{deleted}") == 1)

    if deleted == "response":
        client.responses.delete(response.id)
    else:
        client.conversations.delete(conversation)

    assert upstream.saw_disconnects(1)


def test_one_that_another_target_leaves_unused_was_made_in_vain(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    upstream.follow(lambda body: Reply(SUMMARY if asks_for_a_summary(body) else "Fine."))
    first = answer(client, **ask(NEARLY, "otherwise"))
    until(lambda: is_ready(client, "otherwise"))

    otherwise = {"hitherto": {"compact_target_tokens": 700}}
    answer(client, **ask(MORE, "otherwise"), previous_response_id=first.id, extra_body=otherwise)

    until(lambda: {record["outcome"] for record in records(client, "otherwise")} == {None, "superseded"})
    [cost] = [record["tokens_in_vain"] for record in records(client, "otherwise") if record["ahead"]]
    assert cost > 0


def ask(items: Any, model: str) -> dict[str, Any]:
    """Return what the turns here have in common."""
    return {"model": model, "input": items, "context_management": MANAGEMENT}


def ended(client: OpenAI, response: Any) -> Any:
    """Return the response at its end."""
    return finished(client, response.id) if response.status in RUNNING else response


def summaries(upstream: ScriptedUpstream, model: str) -> int:
    """Return how many summaries were asked for with this model."""
    return sum(asks_for_a_summary(body) for body in seen(upstream, model))


def turns(upstream: ScriptedUpstream, model: str) -> list[Json]:
    """Return the requests for this model's answers."""
    return [body for body in seen(upstream, model) if not asks_for_a_summary(body)]


def seen(upstream: ScriptedUpstream, model: str) -> list[Json]:
    return [body for body in list(upstream.requests) if body["model"] == model]


def is_ready(client: OpenAI, model: str) -> bool:
    """Return whether a compaction of this model's was made."""
    return any(record["status"] == "completed" for record in records(client, model))


def records(client: OpenAI, model: str) -> list[Json]:
    """Return the records of this model's compactions."""
    listed = httpx.get(f"{client.base_url}compactions?limit=100", headers={"authorization": "Bearer test"})
    return [record for record in listed.json()["data"] if record["model"] == model]
