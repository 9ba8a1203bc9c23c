"""A turn finds its window and answers from it; what goes wrong ends it with a reason."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator

import pytest

from shared.errors import InvalidRequest, LeaseLost, UpstreamError
from shared.prompt import Finished, Prompt, ReasoningDelta, TextDelta, UpstreamEvent
from shared.turn import TurnRunner
from shared.wire.items import dump_items
from shared.wire.text import text_of
from tests.fakes import CollectingProgress, FakeUpstream, in_turn, saying, usage
from tests.talk import A_CALL, LONG, Talk, exchanges, types, user

OVER = 4_000


# Under the threshold


async def test_the_model_answers_the_window_and_the_response_is_complete() -> None:
    talk = Talk(in_turn(saying("Hello there")))

    result = await talk.say("Hi")

    assert talk.words == ["Hi"]
    assert (result.response.status, types(result)) == ("completed", ["message"])
    assert text_of(result.response.output[0]) == "Hello there "
    assert result.response.usage == usage(100, 10)
    assert result.response.completed_at is not None
    assert result.response.service_tier == "default"
    assert result.path == [result.response.id]
    assert [entry.item for entry in result.output] == result.response.output


async def test_under_the_threshold_nothing_is_compacted() -> None:
    talk = Talk()

    result = await talk.say([*exchanges(3), user("Hi")], threshold=OVER)

    assert types(result) == ["message"]
    assert talk.compactions.jobs == {}


async def test_without_a_threshold_no_window_is_ever_compacted() -> None:
    talk = Talk()

    result = await talk.say([*LONG, user("Hi")])

    assert types(result) == ["message"]
    assert len(talk.seen) == len(LONG) + 1


async def test_the_request_is_passed_on_as_it_was_asked() -> None:
    talk = Talk()
    tools = [{"type": "function", "name": "f", "parameters": {}}]

    await talk.say(
        "Hi",
        instructions="Be brief.",
        temperature=0.5,
        top_p=0.9,
        max_output_tokens=99,
        top_logprobs=2,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        tools=tools,
        tool_choice="required",
        parallel_tool_calls=False,
        text={"format": {"type": "json_object"}},
        reasoning={"effort": "low"},
        max_tool_calls=3,
        include=["message.output_text.logprobs"],
        prompt_cache_key="k",
        prompt_cache_retention="24h",
        prompt_cache_options={"mode": "implicit"},
        safety_identifier="s",
        user="u",
        service_tier="flex",
        truncation="auto",
    )

    [prompt] = talk.upstream.prompts
    asked = prompt.sampling
    assert (prompt.model, prompt.instructions) == ("m", "Be brief.")
    assert (asked.temperature, asked.top_p, asked.max_output_tokens) == (0.5, 0.9, 99)
    assert (asked.top_logprobs, asked.presence_penalty, asked.frequency_penalty) == (2, 0.1, 0.2)
    assert (asked.tools, asked.tool_choice, asked.parallel_tool_calls) == (tools, "required", False)
    assert (asked.text, asked.reasoning) == ({"format": {"type": "json_object"}}, {"effort": "low"})
    assert (asked.max_tool_calls, asked.include) == (3, ["message.output_text.logprobs"])
    assert (asked.prompt_cache_key, asked.prompt_cache_retention) == ("k", "24h")
    assert (asked.prompt_cache_options, asked.safety_identifier) == ({"mode": "implicit"}, "s")
    assert (asked.user, asked.service_tier, asked.truncation) == ("u", "flex", "auto")


@pytest.mark.parametrize(
    ("reason", "why"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
async def test_an_answer_that_was_cut_is_incomplete_and_says_why(reason: str, why: str) -> None:
    finished = Finished("length") if reason == "length" else Finished("content_filter")
    talk = Talk(in_turn([TextDelta("Half a"), finished]))

    response = (await talk.say("Hi", service_tier="auto")).response

    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert (response.incomplete_details.reason, response.completed_at) == (why, None)
    assert response.output[0].to_json()["status"] == "incomplete"


async def test_what_no_provider_counted_is_estimated() -> None:
    talk = Talk(in_turn([TextDelta("Hello"), Finished("stop")]))

    used = (await talk.say("Hi", instructions="Be brief.")).response.usage

    assert used is not None
    assert used.input_tokens > 4
    assert used.total_tokens == used.input_tokens + used.output_tokens > used.input_tokens


async def test_tool_calls_and_reasoning_are_part_of_the_next_window() -> None:
    talk = Talk(in_turn([ReasoningDelta("Hm."), *A_CALL], saying("Seen.")))
    first = await talk.say("Look")
    output = {"type": "function_call_output", "call_id": "c1", "output": "blue"}

    await talk.say([output], after=first.response.id)

    assert [item.type for item in talk.seen] == [
        "message",
        "reasoning",
        "function_call",
        "function_call_output",
    ]


# What goes wrong


async def test_a_window_that_exceeds_the_models_context_is_refused() -> None:
    talk = Talk(context_window_tokens=500)

    with pytest.raises(InvalidRequest) as caught:
        await talk.say([*LONG, user("Hi")])

    assert caught.value.message == (
        "Your input exceeds the context window of this model. Please adjust your input and try again."
    )
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "input")
    assert talk.upstream.prompts == []


async def test_a_file_whose_tokens_only_the_provider_knows_is_no_reason_to_refuse() -> None:
    talk = Talk(context_window_tokens=500)
    pdf = b64encode(b"%PDF-1.7" + b"x" * 1_000_000).decode()
    file = {"type": "input_file", "filename": "contract.pdf", "file_data": pdf}

    result = await talk.say([{"role": "user", "content": [file]}])

    assert result.response.status == "completed"


async def test_with_truncation_the_oldest_items_are_left_out_until_the_rest_fits() -> None:
    talk = Talk(in_turn([TextDelta("Hello"), Finished("stop")]), context_window_tokens=500)

    result = await talk.say([*LONG, user("Hi")], truncation="auto")

    assert talk.words[0] == "You are careful."
    assert talk.words[-1] == "Hi"
    assert 3 < len(talk.seen) < len(LONG)
    assert result.response.usage is not None
    assert 300 < result.response.usage.input_tokens <= 500


async def test_with_truncation_room_is_left_for_the_answer() -> None:
    talk = Talk(context_window_tokens=500)

    await talk.say([*LONG, user("Hi")], truncation="auto", max_output_tokens=300)

    assert sum(len(text.split()) for text in talk.words) <= 200


async def test_what_was_left_out_of_one_turn_is_still_there_for_the_next() -> None:
    talk = Talk(context_window_tokens=500)
    first = await talk.say([*LONG, user("Hi")], truncation="auto")

    window = await talk.history.resolve(talk.turn("And now?", after=first.response.id))

    assert len(window.entries) == len(LONG) + 3


async def test_with_truncation_what_must_stay_is_refused_where_it_does_not_fit() -> None:
    talk = Talk(context_window_tokens=500)

    with pytest.raises(InvalidRequest, match="exceeds the context window"):
        await talk.say([user("and so on " * 500)], truncation="auto")


async def test_a_window_that_fits_once_it_is_compacted_is_answered() -> None:
    talk = Talk(context_window_tokens=2_000)

    assert types(await talk.say([*LONG, user("Hi")], threshold=1_500)) == ["compaction", "message"]


async def test_a_seal_of_another_tenant_is_refused_before_the_model_is_asked() -> None:
    talk = Talk()
    theirs = await talk.say([*LONG, user("Hi")], threshold=OVER, tenant="other")
    [sealed, _] = dump_items(theirs.response.output)
    talk.upstream.prompts.clear()

    with pytest.raises(InvalidRequest) as caught:
        await talk.say([sealed, user("Hi")])

    assert caught.value.code == "invalid_encrypted_content"
    assert caught.value.message == (
        f"The encrypted content for item {sealed['id']} could not be verified. "
        "Reason: Encrypted content could not be decrypted or parsed."
    )
    assert talk.upstream.prompts == []


async def test_a_provider_that_fails_ends_the_turn_with_its_error() -> None:
    talk = Talk(in_turn([TextDelta("Half"), UpstreamError(code="rate_limit_exceeded")]))

    with pytest.raises(UpstreamError) as caught:
        await talk.say("Hi")

    assert caught.value.code == "rate_limit_exceeded"
    assert talk.progress.types[-1] == "output_text.delta"


async def test_an_answer_that_ends_without_saying_so_is_no_answer() -> None:
    talk = Talk(in_turn([TextDelta("Half")]))

    with pytest.raises(UpstreamError, match="without saying so"):
        await talk.say("Hi")


async def test_a_past_that_is_gone_by_then_is_told_after_the_response_was_created() -> None:
    talk = Talk()
    first = await talk.say("One")
    turn = talk.turn("Two", after=first.response.id)
    await talk.responses.delete(first.response.id)

    with pytest.raises(InvalidRequest, match="not found"):
        await talk.run(turn)

    assert talk.progress.types == ["created", "in_progress"]


async def test_the_provider_is_let_go_when_nobody_may_be_told_any_more() -> None:
    talk = Talk(in_turn(saying("one two three")))

    with pytest.raises(LeaseLost):
        await talk.turns.run(talk.turn("Hi"), CollectingProgress(most=5))

    assert (talk.upstream.closed, talk.upstream.read_to_the_end) == (1, 0)


class EndlessUpstream(FakeUpstream):
    """An upstream that never says a second word."""

    def __init__(self) -> None:
        super().__init__(in_turn([]))
        self.speaking = asyncio.Event()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        try:
            yield TextDelta("Well")
            self.speaking.set()
            await asyncio.Event().wait()
        finally:
            self.closed += 1


async def test_cancelling_a_turn_ends_the_call_of_the_provider() -> None:
    talk, upstream = Talk(), EndlessUpstream()
    runner = TurnRunner(talk.history, talk.window_compactor, upstream, talk.settings)

    running = asyncio.create_task(runner.run(talk.turn("Hi"), CollectingProgress()))
    await upstream.speaking.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert upstream.closed == 1
