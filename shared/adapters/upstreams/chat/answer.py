"""A chat-completions stream, chunk by chunk, as events of ours.

Lenient where servers differ: calls in one chunk or in many, without index, with the id or name repeated,
with an empty id, every parallel call under index 0, or arguments as an object.
"""

from collections.abc import Iterator
from typing import Final, Literal

from pydantic import BaseModel

from shared.adapters.upstreams.chat.calls import CallPart, Calls
from shared.adapters.upstreams.chat.tools import ToolTable
from shared.adapters.upstreams.provider_errors import broken_off
from shared.prompt import Finished, ReasoningDelta, RefusalDelta, TextDelta, UpstreamEvent
from shared.wire.model import JsonObject
from shared.wire.responses import InputTokensDetails, OutputTokensDetails, Usage

_BROKEN_FINISHES: Final = frozenset({"error", "abort", "insufficient_system_resource"})


class _Delta(BaseModel):
    content: str | None = None
    refusal: str | None = None
    # The same thing by two names: DeepSeek, vLLM and llama.cpp say the first, Ollama and OpenRouter the other.
    reasoning_content: str | None = None
    reasoning: object = None
    tool_calls: list[CallPart] | None = None
    function_call: CallPart.Function | None = None

    @property
    def thought(self) -> str:
        if self.reasoning_content:
            return self.reasoning_content
        return self.reasoning if isinstance(self.reasoning, str) else ""


class _Alternative(BaseModel):
    token: str
    logprob: float
    bytes: list[int] | None = None


class _Token(_Alternative):
    top_logprobs: list[_Alternative] | None = None


class _Logprobs(BaseModel):
    content: list[_Token] | None = None


class _Choice(BaseModel):
    delta: _Delta | None = None
    logprobs: _Logprobs | None = None
    finish_reason: str | None = None


class _PromptDetails(BaseModel):
    cached_tokens: int | None = None


class _CompletionDetails(BaseModel):
    reasoning_tokens: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class _Chunk(BaseModel):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None


class ChatAnswer:
    """The state of one stream."""

    def __init__(self, tools: ToolTable) -> None:
        self._calls = Calls(tools)
        self._has_begun = False
        self._finish: str | None = None
        self._usage: _Usage | None = None
        # Those of tokens that are no text yet: a character may take several.
        self._logprobs: list[JsonObject] = []

    def read(self, data: object) -> Iterator[UpstreamEvent]:
        """Yield what one chunk says. Raises ValueError when it is no chunk."""
        self._has_begun = True
        chunk = _Chunk.model_validate(data)
        self._usage = chunk.usage or self._usage
        for choice in (chunk.choices or [])[:1]:
            self._finish = choice.finish_reason or self._finish
            self._logprobs += _logprobs(choice.logprobs)
            yield from self._read_delta(choice.delta or _Delta())

    def end(self) -> Iterator[UpstreamEvent]:
        """Yield what was held back, then Finished. Raises UpstreamError when the stream was cut."""
        if self._finish is None or self._finish in _BROKEN_FINISHES:
            raise broken_off(has_begun=self._has_begun)
        reason = _reason(self._finish)
        yield from self._calls.end("completed" if reason == "stop" else "incomplete")
        yield Finished(reason, _usage(self._usage))

    def _read_delta(self, delta: _Delta) -> Iterator[UpstreamEvent]:
        if delta.thought:
            yield ReasoningDelta(delta.thought)
        if delta.content:
            logprobs, self._logprobs = self._logprobs, []
            yield TextDelta(delta.content, logprobs or None)
        if delta.refusal:
            yield RefusalDelta(delta.refusal)
        for part in delta.tool_calls or []:
            yield from self._calls.read(part)
        if delta.function_call:
            yield from self._calls.read(CallPart(index=0, function=delta.function_call))


def _logprobs(reported: _Logprobs | None) -> list[JsonObject]:
    tokens = (reported.content if reported else None) or []
    return [
        {
            **_told(token),
            "top_logprobs": [_told(alternative) for alternative in token.top_logprobs or []],
        }
        for token in tokens
    ]


def _told(token: _Alternative) -> JsonObject:
    """Return a token's probability in the form of the Responses API, where none of the fields may be null."""
    return {"token": token.token, "bytes": token.bytes or [], "logprob": token.logprob}


def _reason(finish: str) -> Literal["stop", "length", "content_filter"]:
    match finish:
        case "length" | "content_filter":
            return finish
        case _:
            return "stop"


def _usage(reported: _Usage | None) -> Usage | None:
    if reported is None:
        return None
    prompt = reported.prompt_tokens_details or _PromptDetails()
    completion = reported.completion_tokens_details or _CompletionDetails()
    output_tokens = reported.completion_tokens or 0
    return Usage(
        input_tokens=reported.prompt_tokens,
        input_tokens_details=InputTokensDetails(cached_tokens=prompt.cached_tokens or 0),
        output_tokens=output_tokens,
        output_tokens_details=OutputTokensDetails(reasoning_tokens=completion.reasoning_tokens or 0),
        total_tokens=reported.prompt_tokens + output_tokens,
    )
