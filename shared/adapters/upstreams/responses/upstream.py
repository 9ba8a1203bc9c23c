"""A provider that speaks OpenAI's Responses API itself. Nothing is stored there: the state is ours."""

from collections.abc import AsyncGenerator, Sequence

from openai import AsyncOpenAI

from shared.adapters.upstreams.openai_client import list_models, open_stream
from shared.adapters.upstreams.responses.answer import ResponsesAnswer
from shared.prompt import Prompt, UpstreamEvent
from shared.wire.items import Item, Reasoning
from shared.wire.model import JsonObject


class ResponsesUpstream:
    """Answers through another Responses API."""

    def __init__(self, client: AsyncOpenAI) -> None:
        self._client = client

    async def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        """Yield the answer, as the port promises."""
        answer = ResponsesAnswer()
        async with open_stream(self._client, "/responses", responses_request(prompt)) as theirs:
            async for event in theirs:
                for ours in answer.read(event):
                    yield ours
            yield answer.finished()

    async def list_models(self) -> Sequence[str]:
        """Return the names that the provider lists."""
        return await list_models(self._client)


def responses_request(prompt: Prompt) -> JsonObject:
    """Return the request's body: the items as they are, and only what the prompt sets."""
    sampling = prompt.sampling
    fields = {
        "instructions": prompt.instructions,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_output_tokens": sampling.max_output_tokens,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "top_logprobs": sampling.top_logprobs,
        "tools": sampling.tools or None,
        "tool_choice": sampling.tool_choice,
        "parallel_tool_calls": sampling.parallel_tool_calls,
        "text": sampling.text,
        "reasoning": sampling.reasoning,
        # Models that do not reason refuse this; a client that sets `reasoning` has one that does.
        "include": ["reasoning.encrypted_content"] if sampling.reasoning else None,
    }
    return {
        "model": prompt.model,
        "input": [item.to_json() for item in prompt.items if not _is_out_of_reach(item)],
        "store": False,
        "stream": True,
    } | {name: value for name, value in fields.items() if value is not None}


def _is_out_of_reach(item: Item) -> bool:
    """Whether only the id says what the item holds: the provider, which stores nothing, answers 404."""
    return isinstance(item, Reasoning) and not item.encrypted_content and not item.content
