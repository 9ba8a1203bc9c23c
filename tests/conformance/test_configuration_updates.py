"""Configuration updates through OpenAI's SDKs: one stands after each automatic compaction, and it holds."""

import asyncio
from typing import Any

import pytest
from agents import Agent, ModelSettings, OpenAIResponsesModel
from openai import AsyncOpenAI
from openai.types.responses import ResponseConfigurationUpdateItem
from openai.types.responses import ResponseOutputItemAddedEvent as ItemAdded
from openai.types.responses import ResponseOutputItemDoneEvent as ItemDone

from tests.fixtures.agent_runs import run
from tests.fixtures.conversations import long_conversation
from tests.fixtures.polling import RUNNING
from tests.scripted_upstream import Json, Reply, ScriptedUpstream, in_turn

MANAGEMENT = [{"type": "compaction", "compact_threshold": 2000}]
LOW: Json = {"type": "configuration_update", "reasoning": {"effort": "low"}}
SCHEMA: Json = {"type": "json_schema", "name": "answer", "schema": {"type": "object"}}
FORM: Json = {"type": "configuration_update", "text": {"format": SCHEMA}}


def said(text: str) -> Json:
    return {"role": "user", "content": text}


def asked(upstream: ScriptedUpstream) -> tuple[str | None, str | None]:
    """The effort and the kind of format that the model was asked for last."""
    body = upstream.requests[-1]
    return body.get("reasoning_effort"), body.get("response_format", {}).get("type")


async def answer(client: AsyncOpenAI, **fields: Any) -> Any:
    return await client.responses.create(**{"model": "say:Fine.", **fields})


# The type is not in the SDK's union of output items: it is read all the same, with a remark.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_the_sdks_stream_helper_reads_the_update_between_compaction_and_answer(
    client: AsyncOpenAI, upstream: ScriptedUpstream
) -> None:
    items: Any = [LOW, FORM, *long_conversation(), said("And now?")]
    management: Any = MANAGEMENT
    async with client.responses.stream(
        model="say:Fine.", input=items, context_management=management
    ) as helper:
        told = [event async for event in helper if isinstance(event, (ItemAdded, ItemDone))]
        response = await helper.get_final_response()

    assert [(type(event), event.item.type) for event in told] == [
        (kind, item)
        for item in ("compaction", "configuration_update", "message")
        for kind in (ItemAdded, ItemDone)
    ]
    update = told[3].item
    assert told[2].item == update
    assert update.to_dict(warnings=False) == {**LOW, **FORM, "id": update.id}
    assert response.output_text == "Fine."
    assert asked(upstream) == ("low", "json_schema")


@pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])
async def test_it_holds_for_a_chain_and_for_a_client_that_sends_what_it_was_given(
    client: AsyncOpenAI, upstream: ScriptedUpstream, background: bool
) -> None:
    items = [LOW, *long_conversation(), said("And then?")]
    first = await answer(client, input=items, context_management=MANAGEMENT, background=background)
    async with asyncio.timeout(20):
        while first.status in RUNNING:
            await asyncio.sleep(0.02)
            first = await client.responses.retrieve(first.id)
    assert [item.type for item in first.output] == ["compaction", "configuration_update", "message"]

    await answer(client, input="Go on", previous_response_id=first.id)
    assert asked(upstream) == ("low", None)
    await answer(client, input="Go on", previous_response_id=first.id, reasoning={"effort": "high"})
    assert asked(upstream) == ("high", None)
    output = [item.to_dict(warnings=False) for item in first.output]
    await answer(client, input=[*output, FORM, said("Go on")], store=False)
    assert asked(upstream) == ("low", "json_schema")


async def test_a_conversation_lists_the_updates_and_keeps_one_per_compaction(
    client: AsyncOpenAI, upstream: ScriptedUpstream
) -> None:
    conversation = await client.conversations.create()
    first = await answer(
        client,
        conversation=conversation.id,
        input=[LOW, *long_conversation(), said("One?")],
        context_management=MANAGEMENT,
    )
    second = await answer(
        client,
        conversation=conversation.id,
        input=[FORM, *long_conversation(), said("Two?")],
        context_management=MANAGEMENT,
    )
    for response in (first, second):
        assert [item.type for item in response.output] == ["compaction", "configuration_update", "message"]
    assert asked(upstream) == ("low", "json_schema")

    await client.conversations.items.create(conversation.id, items=[LOW | {"reasoning": {"effort": "high"}}])  # type: ignore[list-item]  # plain JSON
    await answer(client, conversation=conversation.id, input="And now?")
    assert asked(upstream) == ("high", "json_schema")
    pages = client.conversations.items.list(conversation.id, order="asc", limit=100)
    updates = [item async for item in pages if isinstance(item, ResponseConfigurationUpdateItem)]
    assert [(each.reasoning and each.reasoning.effort, each.text is not None) for each in updates] == [
        ("low", False),
        ("low", False),
        (None, True),
        ("low", True),
        ("high", False),
    ]


async def test_an_agent_goes_on_with_the_update_that_it_was_given(
    model: OpenAIResponsesModel, upstream: ScriptedUpstream, streamed: bool
) -> None:
    settings = ModelSettings(context_management=MANAGEMENT)  # type: ignore[arg-type]  # plain JSON
    operator = Agent("Operator", model=model, model_settings=settings)
    upstream.follow(in_turn(Reply("That one."), Reply("Never.")))

    first = await run(operator, [LOW, *long_conversation(), said("Which?")], streamed=streamed)
    second = await run(operator, [*first.to_input_list(), said("When?")], streamed=streamed)

    assert (first.final_output, second.final_output) == ("That one.", "Never.")
    assert asked(upstream) == ("low", None)
