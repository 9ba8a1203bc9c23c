"""Clients that keep the history themselves and ask for `reasoning.encrypted_content`.

Agent Framework refuses to go on after a tool call whose thoughts came without it; the AI SDK sends nothing else of them.
"""

from typing import Any

import pytest
from openai import AsyncOpenAI

from tests.scripted_upstream import Call, Reply, ScriptedUpstream, in_turn

STATELESS: dict[str, Any] = {"store": False, "include": ["reasoning.encrypted_content"]}
TOOL: Any = {"type": "function", "name": "look", "strict": False, "parameters": {"type": "object"}}
THINKS = Reply(reasoning="Better look first.", calls=(Call("look"),))


async def go_on(address: str, upstream: ScriptedUpstream) -> None:
    """Go on after a tool call, and send no more of its thoughts than what is called encrypted."""
    upstream.follow(in_turn(THINKS, Reply("Done.")))
    async with AsyncOpenAI(base_url=address, api_key="test", max_retries=0, timeout=30) as client:
        response = await client.responses.create(model="m", input="Go", tools=[TOOL], **STATELESS)
        thought, call = [item.model_dump(exclude_none=True) for item in response.output]
        assert thought.pop("content") == [{"type": "reasoning_text", "text": "Better look first."}]
        assert thought["encrypted_content"]
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "Nothing."}
        history: Any = [{"role": "user", "content": "Go"}, thought, call, output]
        last = await client.responses.create(model="m", input=history, tools=[TOOL], **STATELESS)
        assert last.output_text == "Done."


async def test_thoughts_in_their_envelope_may_come_back_to_a_chat_model(
    address: str, upstream: ScriptedUpstream
) -> None:
    await go_on(address, upstream)
    assert [message["role"] for message in upstream.requests[-1]["messages"]] == ["user", "assistant", "tool"]


async def test_a_provider_is_given_its_thoughts_without_our_envelope(
    passing_address: str, upstream: ScriptedUpstream
) -> None:
    await go_on(passing_address, upstream)
    [thought] = [item for item in upstream.requests[-1]["input"] if item["type"] == "reasoning"]
    assert thought["content"] == [{"type": "reasoning_text", "text": "Better look first."}]
    assert "encrypted_content" not in thought


@pytest.mark.parametrize(
    "include", [None, ["message.output_text.logprobs"]], ids=["nothing", "something else"]
)
async def test_who_does_not_ask_gets_no_envelope(
    client: AsyncOpenAI, upstream: ScriptedUpstream, include: Any
) -> None:
    upstream.follow(in_turn(THINKS))
    thought, _ = (await client.responses.create(model="m", input="Go", tools=[TOOL], include=include)).output
    assert "encrypted_content" not in thought.model_fields_set


async def test_a_chain_goes_on_at_a_provider_that_never_sees_the_envelope(
    passing_address: str, upstream: ScriptedUpstream
) -> None:
    upstream.follow(in_turn(THINKS, Reply("Done.")))
    async with AsyncOpenAI(base_url=passing_address, api_key="test", max_retries=0, timeout=30) as client:
        first = await client.responses.create(
            model="m", input="Go", tools=[TOOL], include=["reasoning.encrypted_content"]
        )
        output: Any = {"type": "function_call_output", "call_id": "call_1", "output": "Nothing."}
        await client.responses.create(model="m", input=[output], previous_response_id=first.id, tools=[TOOL])
    assert "hitherto_thoughts_" not in str(upstream.requests[-1])
