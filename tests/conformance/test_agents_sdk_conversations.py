"""OpenAI's Agents SDK against the whole server: conversations that the server keeps."""

import pytest
from agents import Agent, OpenAIConversationsSession, OpenAIResponsesModel
from openai import AsyncOpenAI, NotFoundError

from tests.fixtures.agent_runs import OSLO, get_weather, run, spoken
from tests.scripted_upstream import Reply, ScriptedUpstream, in_turn

SAID = ["How is Oslo?", None, "Rain in Oslo, says station WX-4711.", "It rains.", "What shall I take?"]
KEPT = ["message", "function_call", "function_call_output", "message"]


@pytest.fixture
def forecaster(model: OpenAIResponsesModel) -> Agent[None]:
    return Agent("Forecaster", instructions="Tell the weather.", model=model, tools=[get_weather])


@pytest.fixture
def upstream(upstream: ScriptedUpstream) -> ScriptedUpstream:
    upstream.follow(in_turn(Reply(calls=(OSLO,)), Reply("It rains."), Reply("An umbrella.")))
    return upstream


async def test_runs_that_name_a_conversation_go_on_from_each_other(
    client: AsyncOpenAI, forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    conversation = await client.conversations.create()
    await run(forecaster, "How is Oslo?", streamed=streamed, conversation_id=conversation.id)
    second = await run(forecaster, "What shall I take?", streamed=streamed, conversation_id=conversation.id)
    assert second.final_output == "An umbrella."
    assert [text for role, text in spoken(upstream) if role != "system"] == SAID
    items = [item.type async for item in client.conversations.items.list(conversation.id, order="asc")]
    assert items == [*KEPT, "message", "message"]


async def test_a_session_of_the_sdk_can_live_in_a_conversation(
    client: AsyncOpenAI, forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    session = OpenAIConversationsSession(openai_client=client)
    await run(forecaster, "How is Oslo?", streamed=streamed, session=session)
    kept = await session.get_items()
    assert [item.get("type", "message") for item in kept] == KEPT
    await run(forecaster, "What shall I take?", streamed=streamed, session=session)
    assert [text for role, text in spoken(upstream) if role != "system"] == SAID


async def test_a_session_in_a_conversation_takes_its_last_item_back_and_is_cleared(
    client: AsyncOpenAI, forecaster: Agent[None], upstream: ScriptedUpstream
) -> None:
    session = OpenAIConversationsSession(openai_client=client)
    await run(forecaster, "How is Oslo?", streamed=False, session=session)
    conversation_id = session.session_id
    assert await session.pop_item() is not None
    assert [item.get("type", "message") for item in await session.get_items()] == KEPT[:3]
    await session.clear_session()
    with pytest.raises(NotFoundError):
        await client.conversations.retrieve(conversation_id)
