"""A provider that speaks OpenAI's Responses API itself. Nothing is stored there: the state is ours."""

from collections.abc import AsyncGenerator, Sequence

from openai import AsyncOpenAI

from shared.adapters.upstreams.openai_client import list_models, open_stream, post
from shared.adapters.upstreams.responses.answer import ResponsesAnswer
from shared.adapters.upstreams.responses.documents import compacted_items
from shared.adapters.upstreams.sound import SoundAnswer
from shared.ids import looks_new
from shared.prompt import CompactedItems, Prompt, Sampling, UpstreamEvent
from shared.wire.items import (
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    Item,
    Message,
    Reasoning,
)
from shared.wire.model import JsonObject
from shared.wire.thoughts import is_envelope, opened_thoughts

_SEALED_REASONING = "reasoning.encrypted_content"

# What needs no id. Theirs were made here or by the client: a provider can only find them wrong.
_NAMELESS = (Message, FunctionCall, FunctionCallOutput, CustomToolCall, CustomToolCallOutput)
# What hitherto calls an item that nobody else gave a name.
_OUR_NAMES = "item_"


class ResponsesUpstream:
    """Answers through another Responses API."""

    def __init__(self, client: AsyncOpenAI) -> None:
        self._client = client

    async def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        """Yield the answer, as the port promises."""
        answer, told = ResponsesAnswer(), SoundAnswer()
        async with open_stream(self._client, "/responses", responses_request(prompt)) as theirs:
            async for event in theirs:
                for ours in told.read(answer.read(event)):
                    yield ours
            for last in told.read([answer.finished()]):
                yield last

    async def compact(self, prompt: Prompt) -> CompactedItems:
        """Return what the provider's own compaction leaves of the prompt's items. Raises UpstreamError."""
        return await post(self._client, "/responses/compact", compact_request(prompt), read=compacted_items)

    async def list_models(self) -> Sequence[str]:
        """Return the names that the provider lists."""
        return await list_models(self._client)


def responses_request(prompt: Prompt) -> JsonObject:
    """Return the request's body: the items as they are but for our names, and only what the prompt sets."""
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
        "max_tool_calls": sampling.max_tool_calls,
        "text": sampling.text,
        "reasoning": sampling.reasoning,
        "include": _include(sampling) or None,
        "truncation": sampling.truncation,
        **_bookkeeping(sampling),
    }
    return {"model": prompt.model, "input": _input(prompt), "store": False, "stream": True} | _given(fields)


def compact_request(prompt: Prompt) -> JsonObject:
    """Return the body of a request for a compaction."""
    fields = {"instructions": prompt.instructions, "prompt_cache_key": prompt.sampling.prompt_cache_key}
    return {"model": prompt.model, "input": _input(prompt)} | _given(fields)


def _bookkeeping(sampling: Sampling) -> JsonObject:
    return {
        "prompt_cache_key": sampling.prompt_cache_key,
        "prompt_cache_retention": sampling.prompt_cache_retention,
        "prompt_cache_options": sampling.prompt_cache_options,
        "safety_identifier": sampling.safety_identifier,
        "service_tier": sampling.service_tier,
        "user": sampling.user,
    }


def _given(fields: JsonObject) -> JsonObject:
    return {name: value for name, value in fields.items() if value is not None}


def _include(sampling: Sampling) -> list[str]:
    # Models that do not reason refuse this; a client that sets `reasoning` has one that does.
    needed = [_SEALED_REASONING] if sampling.reasoning else []
    return list(dict.fromkeys([*sampling.include, *needed]))


def _input(prompt: Prompt) -> list[JsonObject]:
    return [_without_our_name(item) for item in prompt.items if not _is_out_of_reach(item)]


def _without_our_name(item: Item) -> JsonObject:
    document = opened_thoughts(item.to_json())
    if isinstance(item, _NAMELESS) or (item.id or "").startswith(_OUR_NAMES):
        document.pop("id", None)
    return document


def _is_out_of_reach(item: Item) -> bool:
    """Whether the provider, which stores nothing, would look the item up by its id and answer 404.

    So are thoughts of which only the id says what they were, and those of another provider, named here.
    """
    if not isinstance(item, Reasoning):
        return False
    if item.encrypted_content and not is_envelope(item.encrypted_content):
        return False
    return not item.content or looks_new(item.id or "", "rs")
