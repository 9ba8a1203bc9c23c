"""Foreground responses, /responses/compact, models and probes, through the official SDK."""

from typing import Any

import httpx
import pytest
import redis
from openai import (
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    OpenAI,
    RateLimitError,
)

from tests.fixtures.conversations import RULE, long_conversation
from tests.fixtures.house import House
from tests.fixtures.leaving import leave
from tests.fixtures.polling import MANAGEMENT, answer, create, finished
from tests.scripted_upstream import Reply, ScriptedUpstream, in_turn


@pytest.fixture(scope="module")
def client(module_house: House, provider: ScriptedUpstream) -> OpenAI:
    module_house.settings |= {
        "UPSTREAM_BASE_URL": provider.base_url,
        "SUMMARIZER": "ledger",
        "CONTEXT_WINDOW_TOKENS": "20000",
    }
    [address] = module_house.start()
    return module_house.client(address)


def test_a_response_is_answered_stored_and_continued(client: OpenAI, upstream: ScriptedUpstream) -> None:
    first = client.responses.create(model="say:Hello.", input="Hi", metadata={"team": "index"})
    assert (first.status, first.output_text, first.metadata) == ("completed", "Hello.", {"team": "index"})
    assert client.responses.retrieve(first.id) == first

    second = client.responses.create(model="say:Yes.", input="Still there?", previous_response_id=first.id)
    assert [message["content"] for message in upstream.requests[-1]["messages"]] == [
        "Hi",
        "Hello.",
        "Still there?",
    ]
    assert second.previous_response_id == first.id


def test_a_response_says_what_it_was_asked_with(client: OpenAI, upstream: ScriptedUpstream) -> None:
    asked = {
        "instructions": "Be brief.",
        "max_output_tokens": 100,
        "max_tool_calls": 3,
        "metadata": {"team": "index"},
        "parallel_tool_calls": False,
        "prompt_cache_key": "k",
        "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
        "prompt_cache_retention": "24h",
        "reasoning": {"effort": "low", "summary": "auto"},
        "safety_identifier": "s",
        "service_tier": "flex",
        "temperature": 0.5,
        "text": {
            "format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}},
            "verbosity": "low",
        },
        "tool_choice": {"type": "function", "name": "f"},
        "top_logprobs": 2,
        "top_p": 0.5,
        "truncation": "auto",
        "user": "u",
    }
    tools = [{"type": "function", "name": "f", "description": "d", "parameters": {}, "strict": False}]
    unshown = {"include": ["reasoning.encrypted_content"], "context_management": [{"type": "compaction"}]}

    response = answer(client, model="say:{}", input="Hi", tools=tools, **asked, **unshown)

    shown = client.responses.retrieve(response.id, extra_query={}).to_dict()
    assert {name: shown.get(name) for name in asked} == asked
    assert shown["tools"] == tools
    assert not unshown.keys() & shown.keys()


def test_a_long_chain_is_the_same_window_as_sending_everything(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    last = None
    for number in range(30):
        response = client.responses.create(
            model=f"say:Answer {number}.", input=f"Question {number}?", previous_response_id=last
        )
        last = response.id
    said = [message["content"] for message in upstream.requests[-1]["messages"]]
    expected = [text for number in range(29) for text in (f"Question {number}?", f"Answer {number}.")]
    assert said == [*expected, "Question 29?"]


def test_with_truncation_the_oldest_items_of_a_window_that_is_too_large_are_left_out(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    history = [*long_conversation(400), {"role": "user", "content": "And the last shard?"}]
    with pytest.raises(BadRequestError) as refused:
        answer(client, model="say:Fine.", input=history)
    assert refused.value.code == "context_length_exceeded"

    response = answer(client, model="say:Fine.", input=history, truncation="auto")
    assert (response.output_text, response.truncation) == ("Fine.", "auto")
    sent = upstream.requests[-1]["messages"]
    assert 100 < len(sent) < len(history)
    assert [message["content"] for message in sent] == [item["content"] for item in history[-len(sent) :]]


def test_with_truncation_only_what_is_kept_is_counted(client: OpenAI) -> None:
    history: list[Any] = [*long_conversation(400), {"role": "user", "content": "And the last shard?"}]
    whole = client.responses.input_tokens.count(model="m", input=history).input_tokens
    kept = client.responses.input_tokens.count(model="m", input=history, truncation="auto").input_tokens
    assert whole > 20_000
    assert 15_000 < kept <= 20_000
    short = client.responses.input_tokens.count(model="m", input="Hi", truncation="auto").input_tokens
    assert short == client.responses.input_tokens.count(model="m", input="Hi").input_tokens


def test_the_probabilities_of_tokens_are_part_of_the_answer(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    token = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}
    choice = {
        "index": 0,
        "delta": {"content": "Hi"},
        "logprobs": {"content": [token]},
        "finish_reason": "stop",
    }
    upstream.follow(in_turn(Reply(events=({"choices": [choice]},))))

    response = answer(client, model="m", input="Hi", include=["message.output_text.logprobs"])

    assert upstream.requests[-1]["logprobs"] is True
    [message] = response.output
    assert message.type == "message"
    assert message.content[0].to_dict()["logprobs"] == [token]


def test_a_stateless_client_may_drop_what_stands_before_the_compaction(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    history = [*long_conversation(), {"role": "user", "content": "And the last shard?"}]
    first = answer(client, model="say:Fine.", input=history, store=False, context_management=MANAGEMENT)
    assert [item.type for item in first.output] == ["compaction", "message"]
    output = [item.to_dict() for item in first.output]
    question = {"role": "user", "content": "Which rule holds?"}
    seen = []
    for items in ([*history, *output, question], [*output, question]):
        answer(client, model="say:That one.", input=items, store=False)
        seen.append(upstream.requests[-1]["messages"])
    assert seen[0] == seen[1]
    assert RULE in str(seen[0])
    assert "And the last shard?" in str(seen[0])
    with pytest.raises(NotFoundError):
        client.responses.retrieve(first.id)


def test_what_is_not_stored_and_what_was_deleted_leave_nothing_behind(
    client: OpenAI, module_house: House
) -> None:
    history = long_conversation()
    with redis.Redis.from_url(module_house.redis_url) as store:
        before = set(store.keys("hitherto:*"))
        answer(client, model="say:Fine.", input=history, store=False, context_management=MANAGEMENT)
        assert set(store.keys("hitherto:{*")) <= before
        kept = answer(client, model="say:Fine.", input=history, context_management=MANAGEMENT)
        client.responses.delete(kept.id)
        assert not any(kept.id.encode() in key or b"{cmp_" in key for key in set(store.keys("*")) - before)


def test_compact_returns_user_messages_and_one_item_that_can_be_continued(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    history = long_conversation()
    compacted = client.responses.compact(model="m", input=history)  # type: ignore[arg-type]  # plain JSON
    assert compacted.object == "response.compaction"
    assert [item.type for item in compacted.output][-1] == "compaction"
    assert compacted.usage.input_tokens > compacted.usage.output_tokens > 0  # though no model was asked
    assert {item.role for item in compacted.output[:-1] if item.type == "message"} == {"user"}

    by_id = client.responses.create(model="say:Ok.", input="Go on", previous_response_id=compacted.id)
    assert by_id.output_text == "Ok."
    sent_by_id = upstream.requests[-1]["messages"]
    output = [item.to_dict(warnings=False) for item in compacted.output]
    answer(client, model="say:Ok.", input=[*output, {"role": "user", "content": "Go on"}])
    assert upstream.requests[-1]["messages"] == sent_by_id
    assert sent_by_id[-1]["content"] == "Go on"


def test_compacting_what_is_compacted_gives_it_back_byte_for_byte(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    history = long_conversation()

    def compacted(**fields: Any) -> list[Any]:
        output = client.responses.compact(model="m", **fields).output
        return [item.to_dict(warnings=False) for item in output]

    first = client.responses.compact(model="m", input=history)  # type: ignore[arg-type]  # plain JSON
    output = [item.to_dict(warnings=False) for item in first.output]
    assert compacted(input=history) == output
    assert compacted(input=output) == output
    assert compacted(previous_response_id=first.id) == output
    # So does the item of an automatic compaction, which holds the user messages, too.
    [automatic] = answer(client, model="m", input=[*history, {"type": "compaction_trigger"}]).output
    assert compacted(input=[automatic.to_dict()]) == [automatic.to_dict()]
    # What was said since, a smaller target and new pins are work to be done.
    said = {"role": "user", "content": "And the weather?"}
    assert compacted(input=[*output, said])[-1] != output[-1]
    for extra in ({"compact_target_tokens": 300}, {"pins": ["Never on a Friday."]}):
        assert compacted(input=output, extra_body={"hitherto": extra})[-1] != output[-1]
    assert not upstream.requests


def test_what_compact_leaves_fits_the_models_window_or_is_refused(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    # Questions of 30,000 tokens in all, where the window is of 20,000.
    history = [{"role": "user", "content": f"Question {number}: " + "word " * 300} for number in range(100)]
    compacted = client.responses.compact(
        model="m",
        input=history,  # type: ignore[arg-type]  # plain JSON
        image={"context_compression": "enabled"},
    )
    assert compacted.to_dict(warnings=False)["image"] == {"context_compression": "disabled"}
    by_id = client.responses.create(model="say:Ok.", input="Go on", previous_response_id=compacted.id)
    assert by_id.output_text == "Ok."

    with pytest.raises(BadRequestError) as refused:
        client.responses.compact(model="m", input="word " * 30_000)
    assert (refused.value.code, refused.value.param) == ("context_length_exceeded", "input")

    # What only the provider can measure is no reason to refuse.
    documents = [{"type": "input_file", "file_url": f"https://example.org/{name}.pdf"} for name in range(15)]
    asked = [{"role": "user", "content": documents}]
    client.responses.compact(model="m", input=asked)  # type: ignore[arg-type]  # plain JSON


def test_a_window_over_the_models_is_refused_in_openais_words(client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as refused:
        client.responses.create(model="m", input="word " * 30_000)
    assert (refused.value.code, refused.value.param) == ("context_length_exceeded", "input")


def test_a_failing_upstream_is_a_502_and_a_limited_one_a_429(client: OpenAI) -> None:
    with pytest.raises(InternalServerError) as failed:
        client.responses.create(model="fail:500", input="Hi")
    assert failed.value.status_code == 502
    with pytest.raises(RateLimitError):
        client.responses.create(model="fail:429", input="Hi")


def test_a_client_that_hangs_up_ends_the_upstream_call(client: OpenAI, upstream: ScriptedUpstream) -> None:
    leave(client, upstream, {"model": "slow:30", "input": "Hi"})
    assert upstream.saw_disconnects(1, timeout_seconds=3.0)


def test_the_models_are_the_upstreams(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names
    assert client.models.retrieve(names[0]).id == names[0]
    with pytest.raises(NotFoundError):
        client.models.retrieve("no/such-model")


def test_every_answer_has_a_request_id(client: OpenAI) -> None:
    response = client.responses.with_raw_response.create(model="say:Hi.", input="Hi")
    assert response.headers["x-request-id"].startswith("req_")
    with pytest.raises(NotFoundError) as missing:
        client.responses.retrieve("resp_none")
    assert (missing.value.request_id or "").startswith("req_")


def test_probes_tell_that_it_lives_and_how_long_the_queues_are(client: OpenAI) -> None:
    door = str(client.base_url).removesuffix("/v1/")
    assert httpx.get(f"{door}/healthz").json() == {"status": "ok"}
    told = httpx.get(f"{door}/readyz").json()
    assert told.pop("memory")["used_bytes"] > 0
    assert told == {
        "status": "ready",
        "accepts_work": True,
        "queues": {"generation": 0, "compaction": 0, "housekeeping": 0},
    }


def test_the_docs_are_served_without_a_word_from_elsewhere(client: OpenAI) -> None:
    door = str(client.base_url).removesuffix("/v1/")
    page = httpx.get(f"{door}/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "/v1/conversations/{conversation_id}/items" in page.text
    assert httpx.get(f"{door}/openapi.json").json()["info"]["title"] == "hitherto"


def test_metrics_count_requests_by_route_and_jobs_by_how_they_ended(client: OpenAI) -> None:
    door = str(client.base_url).removesuffix("/v1/")
    finished(client, create(client, model="say:Hi.", input="Hi").id)
    text = httpx.get(f"{door}/metrics").text
    assert (
        'hitherto_http_requests_total{method="GET",route="/v1/responses/{response_id}",status="200"}' in text
    )
    assert 'hitherto_jobs_ended_total{kind="resp",status="completed"}' in text
    assert 'hitherto_queue_depth{queue="generation"} 0.0' in text
    assert "resp_" not in text


def test_with_keys_a_stranger_is_refused_and_tenants_do_not_see_each_other(
    module_house: House, client: OpenAI
) -> None:
    module_house.settings |= {"API_KEYS": "sk-one,sk-two"}
    address = module_house.start_api()
    one, two = module_house.client(address, api_key="sk-one"), module_house.client(address, api_key="sk-two")
    response = one.responses.create(model="say:Hi.", input="Hi")
    with pytest.raises(NotFoundError):
        two.responses.retrieve(response.id)
    with pytest.raises(BadRequestError, match="not found"):
        two.responses.create(model="say:Hi.", input="Go on", previous_response_id=response.id)
    with pytest.raises(AuthenticationError):
        module_house.client(address, api_key="sk-three").responses.retrieve(response.id)
