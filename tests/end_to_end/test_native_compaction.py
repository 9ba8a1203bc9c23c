"""Compaction by the provider itself, behind a server that also has a provider that cannot read it."""

from pathlib import Path

import pytest
from openai import OpenAI

from tests.fixtures.conversations import RULE, long_conversation
from tests.fixtures.house import House
from tests.fixtures.polling import MANAGEMENT, answer, create, finished
from tests.scripted_upstream import Json, ScriptedUpstream

FILE = """
[[upstream]]
name = "sealing"
base_url = "{url}"
api = "responses"
native_compaction = true
models = ["sealing-*", "fail:*"]

[[upstream]]
name = "chat"
base_url = "{url}"
models = ["chat-*"]
"""
HISTORY = [*long_conversation(), {"role": "user", "content": "And the last shard?"}]


@pytest.fixture(scope="module")
def client(
    module_house: House, provider: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory
) -> OpenAI:
    path: Path = tmp_path_factory.mktemp("upstreams") / "upstreams.toml"
    path.write_text(FILE.format(url=provider.base_url))
    module_house.settings |= {
        "UPSTREAMS_FILE": str(path),
        "SUMMARIZER": "native",
        "COMPACT_AHEAD_RATIO": "0",
    }
    [address] = module_house.start()
    return module_house.client(address)


def sealed_items(request: Json) -> list[Json]:
    return [item for item in request["input"] if item["type"] == "compaction"]


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
def test_the_providers_item_goes_back_to_it_and_the_ledger_to_others(
    client: OpenAI, upstream: ScriptedUpstream, background: bool
) -> None:
    # Another history each: equal ones would join one compaction.
    begun = [{"role": "user", "content": "Hello" if background else "Hi"}, *HISTORY]
    said = {"model": "sealing-1", "input": begun}
    first = (
        finished(client, create(client, **said).id)
        if background
        else answer(client, **said, context_management=MANAGEMENT)
    )
    assert [item.type for item in first.output] == ["compaction", "message"]
    compacted, turn = upstream.requests
    assert "stream" not in compacted
    assert turn["input"][-1]["content"][0]["text"] == "And the last shard?"
    assert sealed_items(turn) == [
        {"type": "compaction", "id": "cmp_theirs", "encrypted_content": f"theirs:{len(compacted['input'])}"}
    ]

    client.responses.create(model="sealing-1", input="Still?", previous_response_id=first.id)
    assert sealed_items(upstream.requests[-1]) == sealed_items(turn)

    client.responses.create(model="chat-1", input="And you?", previous_response_id=first.id)
    record, *_ = upstream.requests[-1]["messages"]
    assert RULE in record["content"]
    assert "theirs:" not in str(upstream.requests[-1])


def test_on_request_the_providers_item_is_inside_ours(client: OpenAI, upstream: ScriptedUpstream) -> None:
    compacted = client.responses.compact(model="sealing-1", input=HISTORY, instructions="Name every shard.")  # type: ignore[arg-type]  # easy messages
    assert upstream.requests[-1]["instructions"] == "Name every shard."
    assert compacted.output[-1].type == "compaction"
    assert {item.type for item in compacted.output[:-1]} == {"message"}
    assert compacted.usage.total_tokens > 0

    output = [item.model_dump(exclude_unset=True, warnings=False) for item in compacted.output]
    answer(client, model="sealing-1", input=[*output, {"role": "user", "content": "Go on"}])
    assert [item["id"] for item in sealed_items(upstream.requests[-1])] == ["cmp_theirs"]


def test_a_provider_that_fails_to_compact_leaves_it_to_the_ledger(
    client: OpenAI, upstream: ScriptedUpstream
) -> None:
    compacted = client.responses.compact(model="fail:500", input=HISTORY)  # type: ignore[arg-type]  # easy messages
    assert set(upstream.paths) == {"/v1/responses/compact"}

    output = [item.model_dump(exclude_unset=True, warnings=False) for item in compacted.output]
    answer(client, model="sealing-1", input=[*output, {"role": "user", "content": "Go on"}])
    assert sealed_items(upstream.requests[-1]) == []
    assert RULE in str(upstream.requests[-1]["input"])
