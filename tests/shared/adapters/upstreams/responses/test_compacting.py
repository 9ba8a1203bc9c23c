"""A compaction by the provider itself: what it is asked, and what it left."""

import pytest

from shared.adapters.upstreams.openai_client import new_client
from shared.adapters.upstreams.responses.upstream import ResponsesUpstream, compact_request
from shared.errors import UpstreamError
from shared.prompt import Prompt, Sampling
from shared.wire.items import dump_items, parse_items
from tests.scripted_upstream import Reply, ScriptedUpstream, in_turn
from tests.shared.adapters.upstreams.responses.streams import ANNOTATED, HELLO, OURS


def test_asks_for_a_compaction_with_the_items_and_the_instructions() -> None:
    sampling = Sampling(prompt_cache_key="k", tools=[{"type": "web_search"}])

    assert compact_request(Prompt("m", parse_items(OURS[:1]), "Be brief.", sampling)) == {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": "Hi"}],
        "instructions": "Be brief.",
        "prompt_cache_key": "k",
    }


async def test_brings_back_what_the_provider_left(
    upstream: ResponsesUpstream, provider: ScriptedUpstream
) -> None:
    compacted = await upstream.compact(Prompt("m", [HELLO]))

    assert provider.paths == ["/v1/responses/compact"]
    assert dump_items(compacted.items) == [
        {"type": "message", "role": "user", "content": "Hello", "id": "msg_0"},
        {"type": "compaction", "id": "cmp_theirs", "encrypted_content": "theirs:1"},
    ]
    assert compacted.usage is not None
    assert compacted.usage.input_tokens > 3


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        pytest.param(Reply(status=404), "server_error", id="no such endpoint"),
        pytest.param(
            Reply(status=400, error={"code": "context_length_exceeded"}),
            "context_length_exceeded",
            id="too long",
        ),
        pytest.param(Reply(events=(ANNOTATED,)), "server_error", id="no compaction item"),
        pytest.param(Reply(events=({"type": "compaction"},)), "server_error", id="an empty item"),
        pytest.param(Reply(cut_after=0), "server_error", id="a cut connection"),
    ],
)
async def test_a_compaction_that_fails_is_an_upstream_error(
    provider: ScriptedUpstream, reply: Reply, code: str
) -> None:
    provider.follow(in_turn(reply))
    async with new_client(base_url=provider.base_url, api_key=None, timeout_seconds=5) as client:
        with pytest.raises(UpstreamError) as error:
            await ResponsesUpstream(client).compact(Prompt("m", [HELLO]))

    assert error.value.code == code
