"""OpenAI's Agents SDK against the whole server: the ways in which it keeps a conversation small."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import pytest
from agents import Agent, ModelSettings, OpenAIResponsesModel, SQLiteSession
from agents.memory import OpenAIResponsesCompactionSession
from openai import AsyncOpenAI

from tests.fixtures.agent_runs import OSLO, get_weather, run, spoken
from tests.fixtures.conversations import RULE, long_conversation
from tests.scripted_upstream import Reply, ScriptedUpstream, in_turn

QUESTION = {"role": "user", "content": "Which rule holds?"}


@pytest.fixture
def store() -> Iterator[SQLiteSession]:
    store = SQLiteSession("weather")
    yield store
    store.close()


@pytest.fixture
def forecaster(model: OpenAIResponsesModel) -> Agent[None]:
    return Agent("Forecaster", instructions="Tell the weather.", model=model, tools=[get_weather])


@pytest.fixture
def operator(model: OpenAIResponsesModel) -> Agent[None]:
    """An agent whose model's server keeps the context under 2000 tokens by itself."""
    settings = ModelSettings(context_management=[{"type": "compaction", "compact_threshold": 2000}])
    return Agent("Operator", model=model, model_settings=settings)


@pytest.mark.parametrize("mode", ["input", "previous_response_id", "auto"])
async def test_a_session_that_grew_long_is_compacted_and_goes_on(
    client: AsyncOpenAI,
    store: SQLiteSession,
    forecaster: Agent[None],
    upstream: ScriptedUpstream,
    mode: Literal["input", "previous_response_id", "auto"],
) -> None:
    session = OpenAIResponsesCompactionSession(
        "weather", store, client=client, model="gpt-scripted", compaction_mode=mode
    )
    # The SDK compacts once ten items are not the user's: here in the fourth turn, whose twelve are.
    asked = [f"How is Oslo on day {number}?" for number in range(4)]
    for number, question in enumerate(asked):
        call = replace(OSLO, id=f"call_{number}")
        upstream.follow(in_turn(Reply(calls=(call,)), Reply("It rains.")))
        await run(forecaster, question, streamed=False, session=session)
    kept = [(item.get("type"), item.get("role")) for item in await session.get_items()]
    assert kept == [*[("message", "user")] * 4, ("compaction", None)]

    upstream.follow(in_turn(Reply("Station WX-4711.")))
    await run(forecaster, "Which station was it?", streamed=False, session=session)
    said = spoken(upstream)
    assert [text for role, text in said if role == "user"] == [*asked, "Which station was it?"]
    assert any("WX-4711" in (text or "") for _, text in said)


async def test_what_a_session_spent_on_compacting_counts_as_the_runs_usage(
    client: AsyncOpenAI, store: SQLiteSession, forecaster: Agent[None], upstream: ScriptedUpstream
) -> None:
    session = OpenAIResponsesCompactionSession(
        "weather", store, client=client, model="gpt-scripted", should_trigger_compaction=lambda _: True
    )
    upstream.follow(in_turn(Reply("It rains.")))
    result = await run(forecaster, "How is Oslo?", streamed=False, session=session)
    usage = result.context_wrapper.usage
    assert usage.requests == 2
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens


async def test_the_server_compacts_a_run_whose_input_is_over_its_threshold(
    operator: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply("That one.")))
    result = await run(operator, [*long_conversation(), QUESTION], streamed=streamed)
    assert [item.type for item in result.new_items] == ["compaction_item", "message_output_item"]
    assert result.final_output == "That one."
    said = str(spoken(upstream))
    assert RULE in said
    assert len(said) < len(str(long_conversation())) / 3


@pytest.mark.parametrize("by_id", [False, True], ids=["sending everything", "naming the response"])
async def test_the_next_run_starts_from_the_servers_compaction(
    operator: Agent[None], upstream: ScriptedUpstream, by_id: bool
) -> None:
    upstream.follow(in_turn(Reply("That one."), Reply("Never.")))
    first = await run(operator, [*long_conversation(), QUESTION], streamed=False)
    again = {"role": "user", "content": "When may it be broken?"}
    if by_id:
        second = await run(operator, [again], streamed=False, previous_response_id=first.last_response_id)
    else:
        second = await run(operator, [*first.to_input_list(), again], streamed=False)
    assert [item.type for item in second.new_items] == ["message_output_item"]
    said = spoken(upstream)
    assert RULE in str(said)
    assert len(str(said)) < len(str(long_conversation())) / 3
    assert said[-2:] == [("assistant", "That one."), ("user", "When may it be broken?")]


async def test_a_tool_loop_is_compacted_between_a_call_and_its_answer_without_losing_either(
    operator: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply(calls=(OSLO,)), Reply("It rains.")))
    asked = [*long_conversation(), {"role": "user", "content": "How is Oslo?"}]
    caller = operator.clone(tools=[get_weather])
    result = await run(caller, asked, streamed=streamed, auto_previous_response_id=True)
    assert result.final_output == "It rains."
    *_, calling, answered = upstream.requests[-1]["messages"]
    assert [call["id"] for call in calling["tool_calls"]] == ["call_oslo"]
    assert answered["tool_call_id"] == "call_oslo"
