"""OpenAI's Agents SDK against the whole server: tools, handoffs, typed answers, chains and failures."""

import pytest
from agents import Agent, ModelBehaviorError, ModelSettings, OpenAIResponsesModel
from openai import APIError, AsyncOpenAI
from pydantic import BaseModel

from tests.fixtures.agent_runs import OSLO, ROME, get_weather, run, spoken
from tests.scripted_upstream import Call, Json, Reply, ScriptedUpstream, in_turn

WEATHER = "Rain in Oslo, says station WX-4711."


class Forecast(BaseModel):
    city: str
    degrees: int


@pytest.fixture
def forecaster(model: OpenAIResponsesModel) -> Agent[None]:
    return Agent("Forecaster", instructions="Tell the weather.", model=model, tools=[get_weather])


async def test_an_agent_calls_its_tool_and_answers_from_the_output(
    forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply(calls=(OSLO,)), Reply("It rains.")))
    result = await run(forecaster, "How is Oslo?", streamed=streamed)
    assert result.final_output == "It rains."
    assert spoken(upstream) == [
        ("system", "Tell the weather."),
        ("user", "How is Oslo?"),
        ("assistant", None),
        ("tool", WEATHER),
    ]


async def test_the_next_turn_goes_on_from_what_the_last_one_returned(
    forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply(calls=(OSLO,)), Reply("It rains."), Reply("Take an umbrella.")))
    first = await run(forecaster, "How is Oslo?", streamed=streamed)
    history = [*first.to_input_list(), {"role": "user", "content": "What shall I take?"}]
    second = await run(forecaster, history, streamed=streamed)
    assert second.final_output == "Take an umbrella."
    assert spoken(upstream)[1:] == [
        ("user", "How is Oslo?"),
        ("assistant", None),
        ("tool", WEATHER),
        ("assistant", "It rains."),
        ("user", "What shall I take?"),
    ]


async def test_calls_made_side_by_side_are_each_answered(
    forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply("One moment.", calls=(OSLO, ROME)), Reply("It rains in both.")))
    result = await run(forecaster, "How are Oslo and Rome?", streamed=streamed)
    assert result.final_output == "It rains in both."
    *_, calling, oslo, rome = upstream.requests[-1]["messages"]
    assert [call["id"] for call in calling["tool_calls"]] == ["call_oslo", "call_rome"]
    assert (oslo["tool_call_id"], oslo["content"]) == ("call_oslo", WEATHER)
    assert (rome["tool_call_id"], rome["content"][:12]) == ("call_rome", "Rain in Rome")


async def test_an_agent_hands_over_to_another_with_its_own_instructions_and_tools(
    model: OpenAIResponsesModel, forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply(calls=(Call("transfer_to_forecaster"),)), Reply("It rains.")))
    desk = Agent("Desk", instructions="Find the right agent.", model=model, handoffs=[forecaster])
    result = await run(desk, "How is Oslo?", streamed=streamed)
    assert (result.last_agent.name, result.final_output) == ("Forecaster", "It rains.")
    assert [tool_names(body) for body in upstream.requests] == [["transfer_to_forecaster"], ["get_weather"]]
    assert spoken(upstream)[0] == ("system", "Tell the weather.")


async def test_a_typed_answer_is_asked_for_by_its_schema_and_parsed(
    model: OpenAIResponsesModel, upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply('{"city": "Oslo", "degrees": 4}')))
    typed = Agent("Typist", model=model, output_type=Forecast)
    result = await run(typed, "How is Oslo?", streamed=streamed)
    assert result.final_output == Forecast(city="Oslo", degrees=4)
    asked = upstream.requests[-1]["response_format"]
    assert (asked["type"], asked["json_schema"]["strict"]) == ("json_schema", True)
    assert set(asked["json_schema"]["schema"]["properties"]) == {"city", "degrees"}


async def test_thoughts_calls_and_answers_are_items_that_the_sdk_knows(
    forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply(reasoning="I need data.", calls=(OSLO,)), Reply("It rains.")))
    result = await run(forecaster, "How is Oslo?", streamed=streamed)
    assert result.final_output == "It rains."
    assert [item.type for item in result.new_items] == [
        "reasoning_item",
        "tool_call_item",
        "tool_call_output_item",
        "message_output_item",
    ]


async def test_settings_of_the_model_reach_it(
    model: OpenAIResponsesModel, upstream: ScriptedUpstream
) -> None:
    upstream.follow(in_turn(Reply("Hello.")))
    settings = ModelSettings(
        temperature=0.2, top_p=0.9, max_tokens=64, parallel_tool_calls=False, tool_choice="required"
    )
    agent = Agent("Greeter", model=model, model_settings=settings, tools=[get_weather])
    await run(agent, "Hi", streamed=False)
    body = upstream.requests[-1]
    assert (body["temperature"], body["top_p"], body["tool_choice"]) == (0.2, 0.9, "required")
    assert body["parallel_tool_calls"] is False
    assert 64 in (body.get("max_tokens"), body.get("max_completion_tokens"))


async def test_a_run_chained_by_response_ids_sends_only_what_is_new(
    client: AsyncOpenAI, forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply(calls=(OSLO,)), Reply("It rains.")))
    result = await run(forecaster, "How is Oslo?", streamed=streamed, auto_previous_response_id=True)
    first, second = [response.response_id for response in result.raw_responses]
    assert second is not None
    assert (await client.responses.retrieve(second)).previous_response_id == first
    assert [role for role, _ in spoken(upstream)] == ["system", "user", "assistant", "tool"]


async def test_a_run_goes_on_from_the_response_of_an_earlier_run(
    forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply(calls=(OSLO,)), Reply("It rains."), Reply("An umbrella.")))
    first = await run(forecaster, "How is Oslo?", streamed=streamed, auto_previous_response_id=True)
    second = await run(
        forecaster, "What shall I take?", streamed=streamed, previous_response_id=first.last_response_id
    )
    assert second.final_output == "An umbrella."
    assert [text for role, text in spoken(upstream) if role != "system"] == [
        "How is Oslo?",
        None,
        WEATHER,
        "It rains.",
        "What shall I take?",
    ]


async def test_an_answer_that_was_cut_short_is_an_error_that_says_why(
    forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply("This is cut", finish_reason="length")))
    with pytest.raises(ModelBehaviorError, match="max_output_tokens"):
        await run(forecaster, "How is Oslo?", streamed=streamed)


async def test_an_answer_that_broke_off_is_an_error_that_says_why(
    forecaster: Agent[None], upstream: ScriptedUpstream, streamed: bool
) -> None:
    upstream.follow(in_turn(Reply("This breaks off somewhere", cut_after=3)))
    with pytest.raises(APIError, match="answer broke off"):
        await run(forecaster, "How is Oslo?", streamed=streamed)


def tool_names(body: Json) -> list[str]:
    return [tool["function"]["name"] for tool in body.get("tools", [])]
