"""A provider that speaks OpenAI's chat-completions API: vLLM, llama.cpp, Ollama, OpenAI and many more."""

from collections.abc import AsyncGenerator, Sequence

from openai import AsyncOpenAI

from shared.adapters.upstreams.chat.answer import ChatAnswer
from shared.adapters.upstreams.chat.choice import tool_fields
from shared.adapters.upstreams.chat.messages import render_messages
from shared.adapters.upstreams.chat.tools import ToolTable, offered_tools
from shared.adapters.upstreams.openai_client import list_models, open_stream
from shared.adapters.upstreams.sound import SoundAnswer
from shared.prompt import Prompt, Sampling, UpstreamEvent
from shared.wire.model import JsonObject
from shared.wire.tools import check_client_tools

_HOSTS_OF_OPENAI = ("openai.com", "openai.azure.com")


class ChatCompletionsUpstream:
    """Answers through chat completions."""

    def __init__(self, client: AsyncOpenAI) -> None:
        self._client = client
        self.is_openai = (client.base_url.host or "").endswith(_HOSTS_OF_OPENAI)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        """Yield the answer, as the port promises; also raises InvalidRequest for a tool it cannot offer."""
        check_client_tools(prompt.sampling.tools)
        tools = ToolTable(offered_tools(prompt))
        body = chat_request(prompt, tools, for_openai=self.is_openai)
        answer, told = ChatAnswer(tools), SoundAnswer()
        async with open_stream(self._client, "/chat/completions", body) as chunks:
            async for chunk in chunks:
                for event in told.read(answer.read(chunk)):
                    yield event
            for event in told.read(answer.end()):
                yield event

    async def list_models(self) -> Sequence[str]:
        """Return the names that the provider lists."""
        return await list_models(self._client)


def chat_request(prompt: Prompt, tools: ToolTable, *, for_openai: bool = False) -> JsonObject:
    """Return the request's body: only what the prompt sets. Raises InvalidRequest for a tool choice of ours.

    What only OpenAI's own servers know is left out unless it is `for_openai`: some others refuse it.
    """
    sampling = prompt.sampling
    fields = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        # OpenAI's reasoning models refuse `max_tokens`; many other servers know nothing else.
        "max_completion_tokens" if for_openai else "max_tokens": sampling.max_output_tokens,
        "logprobs": True if sampling.wants_logprobs else None,
        "top_logprobs": sampling.top_logprobs or None,
        "response_format": _response_format(sampling.text or {}),
        "verbosity": (sampling.text or {}).get("verbosity"),
        "reasoning_effort": (sampling.reasoning or {}).get("effort"),
        **(_bookkeeping(sampling) if for_openai else {}),
        **tool_fields(sampling, tools),
    }
    return {
        "model": prompt.model,
        "messages": render_messages(prompt.instructions, prompt.items, tools),
        "stream": True,
        "stream_options": {"include_usage": True},
    } | {name: value for name, value in fields.items() if value is not None}


def _bookkeeping(sampling: Sampling) -> JsonObject:
    return {
        "prompt_cache_key": sampling.prompt_cache_key,
        "prompt_cache_retention": sampling.prompt_cache_retention,
        "safety_identifier": sampling.safety_identifier,
        "service_tier": sampling.service_tier,
        "user": sampling.user,
    }


def _response_format(text: JsonObject) -> JsonObject | None:
    asked = text.get("format") or {}
    match asked.get("type"):
        case "json_object":
            return {"type": "json_object"}
        case "json_schema":
            schema = {key: value for key, value in asked.items() if key != "type" and value is not None}
            return {"type": "json_schema", "json_schema": schema}
        case _:
            return None
