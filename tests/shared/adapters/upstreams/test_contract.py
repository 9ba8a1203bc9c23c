"""What the port `Upstream` promises, on every adapter; against a real provider where there is one."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import pytest

from shared.adapters.upstreams.chat.answer import ChatAnswer
from shared.adapters.upstreams.chat.tools import ToolTable
from shared.adapters.upstreams.chat.upstream import ChatCompletionsUpstream
from shared.adapters.upstreams.offline.upstream import OFFLINE_MODEL, OfflineUpstream
from shared.adapters.upstreams.openai_client import new_client
from shared.adapters.upstreams.responses.answer import ResponsesAnswer
from shared.adapters.upstreams.responses.upstream import ResponsesUpstream
from shared.adapters.upstreams.routed import RoutedUpstream
from shared.errors import ContextOverflow, UpstreamError
from shared.ports import Upstream
from shared.prompt import CallDelta, Finished, Prompt, Sampling, TextDelta, UpstreamEvent
from shared.routing import ANY_MODEL, Route, Routes
from shared.wire.items import Message
from tests.scripted_upstream import Call, Json, Reply, Script, ScriptedUpstream, in_turn

LONG = " ".join(f"fact{n} is known." for n in range(40))


class WordCounter:
    """A TokenCounter to whom a word is a token."""

    def count(self, text: str) -> int:
        return len(text.split())


@dataclass
class Subject:
    """An adapter under test, and the provider behind it, if any."""

    upstream: Upstream
    provider: ScriptedUpstream
    model: str


@asynccontextmanager
async def opened(kind: str, provider: ScriptedUpstream) -> AsyncIterator[Subject]:
    async with new_client(base_url=provider.base_url, api_key="sk-secret", timeout_seconds=5) as client:
        subjects: dict[str, Subject] = {
            "chat_completions": Subject(ChatCompletionsUpstream(client), provider, "scripted"),
            "responses": Subject(ResponsesUpstream(client), provider, "scripted"),
            "routed": Subject(_routed(ChatCompletionsUpstream(client), provider), provider, "scripted"),
            "offline": Subject(OfflineUpstream(WordCounter()), provider, OFFLINE_MODEL),
        }
        yield subjects[kind]


def _routed(upstream: Upstream, provider: ScriptedUpstream) -> Upstream:
    route = Route("only", provider.base_url, (ANY_MODEL,))
    return RoutedUpstream(Routes((route,)), {route: upstream})


@pytest.fixture(params=["chat_completions", "responses", "routed", "offline"])
async def subject(request: pytest.FixtureRequest, provider: ScriptedUpstream) -> AsyncIterator[Subject]:
    async with opened(request.param, provider) as one:
        yield one


@pytest.fixture(params=["chat_completions", "responses", "routed"])
async def remote(request: pytest.FixtureRequest, provider: ScriptedUpstream) -> AsyncIterator[Subject]:
    async with opened(request.param, provider) as one:
        yield one


@pytest.fixture(params=["chat_completions", "responses", "routed"])
async def remote_alone(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    """A provider that no other test's client hangs up on."""
    with ScriptedUpstream() as provider:
        async with opened(request.param, provider) as one:
            yield one


def a_prompt(model: str, *, max_output_tokens: int | None = None) -> Prompt:
    items = [Message(role="user", content=LONG), Message(role="user", content="Which fact is known?")]
    return Prompt(model, list(items), sampling=Sampling(max_output_tokens=max_output_tokens))


@asynccontextmanager
async def answering(upstream: Upstream, prompt: Prompt) -> AsyncIterator[AsyncIterator[UpstreamEvent]]:
    """Give the answer's events; close the iterator as the turn does."""
    events = upstream.stream(prompt)
    assert isinstance(events, AsyncGenerator)
    async with aclosing(events):
        yield events


async def all_events(upstream: Upstream, prompt: Prompt) -> list[UpstreamEvent]:
    return [event async for event in upstream.stream(prompt)]


def text_of(events: list[UpstreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_ends_with_exactly_one_finished(subject: Subject) -> None:
    events = await all_events(subject.upstream, a_prompt(subject.model))

    assert [event for event in events if isinstance(event, Finished)] == events[-1:]
    assert text_of(events)


async def test_reports_what_the_answer_used(subject: Subject) -> None:
    events = await all_events(subject.upstream, a_prompt(subject.model))

    assert isinstance(finished := events[-1], Finished)
    assert finished.usage is not None
    assert finished.usage.input_tokens > 100
    assert finished.usage.output_tokens == len(text_of(events).split())
    assert finished.usage.total_tokens == finished.usage.input_tokens + finished.usage.output_tokens


async def test_says_when_the_limit_of_tokens_cut_the_answer(subject: Subject) -> None:
    events = await all_events(subject.upstream, a_prompt(subject.model, max_output_tokens=5))

    assert isinstance(finished := events[-1], Finished)
    assert finished.reason == "length"
    assert 0 < len(text_of(events).split()) <= 5


async def test_lists_at_least_the_model_that_it_answers_with(subject: Subject) -> None:
    assert subject.model in await subject.upstream.list_models()


async def test_can_be_closed_in_the_middle_of_an_answer(subject: Subject) -> None:
    async with answering(subject.upstream, a_prompt(subject.model)) as events:
        first = await anext(events)

    assert isinstance(first, TextDelta)
    assert [event async for event in events] == []


async def test_closing_ends_the_providers_work_within_a_second(remote_alone: Subject) -> None:
    remote_alone.provider.script = in_turn(Reply("This stalls somewhere", hang_after=2))
    async with answering(remote_alone.upstream, a_prompt(remote_alone.model)) as events:
        await anext(events)

    assert await asyncio.to_thread(remote_alone.provider.saw_disconnects, 1, timeout_seconds=1.0)


async def test_cancelling_before_the_first_event_ends_the_request_within_a_second(
    remote_alone: Subject,
) -> None:
    remote_alone.provider.script = in_turn(Reply(hang_after=0))
    answer = asyncio.create_task(all_events(remote_alone.upstream, a_prompt(remote_alone.model)))
    assert await asyncio.to_thread(remote_alone.provider.saw_requests, 1)
    answer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answer

    assert await asyncio.to_thread(remote_alone.provider.saw_disconnects, 1, timeout_seconds=1.0)


async def test_an_answer_that_breaks_off_is_told_as_far_as_it_came(remote: Subject) -> None:
    remote.provider.script = in_turn(Reply("This breaks off somewhere", cut_after=2), Reply("Hello."))
    seen: list[UpstreamEvent] = []
    with pytest.raises(UpstreamError) as failure:
        seen.extend([event async for event in _noted(remote, seen)])

    assert text_of(seen) == "This breaks "
    assert failure.value.code == "server_error"
    assert len(remote.provider.requests) == 1


async def _noted(subject: Subject, seen: list[UpstreamEvent]) -> AsyncIterator[UpstreamEvent]:
    async for event in subject.upstream.stream(a_prompt(subject.model)):
        seen.append(event)
        yield event


TOO_LONG_FOR = {
    "OpenAI": (400, {"code": "context_length_exceeded", "message": "Too many."}),
    "vLLM": (400, {"code": 400, "message": "This model's maximum context length is 4096 tokens."}),
    "vLLM 0.16": (400, {"code": 400, "message": "However, the model's context length is only 1024 tokens."}),
    "llama.cpp by its type": (400, {"code": 400, "type": "exceed_context_size_error", "message": "No."}),
    "llama.cpp by its words": (500, {"message": "the request exceeds the available context size. try …"}),
    "Ollama": (400, {"message": "the input length exceeds the context length"}),
    "Anthropic": (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}),
    "Gemini": (400, {"message": "The input token count exceeds the maximum number of tokens allowed"}),
}
OTHER_FAILURES = {
    "rate limit": (429, {"message": "Slow down, at most 4096 tokens a minute."}, "rate_limit_exceeded"),
    "tokens a minute": (429, {"message": "prompt too large, or context length"}, "rate_limit_exceeded"),
    "empty account": (429, {"code": "insufficient_quota"}, "insufficient_quota"),
    "empty account, by type": (429, {"type": "insufficient_quota"}, "insufficient_quota"),
    "unknown model": (404, {"message": "No such model."}, "model_not_found"),
    "unknown address": (404, {"message": "Not Found"}, "server_error"),
    "unknown item": (404, {"message": "Item with id 'rs_1' not found."}, "invalid_prompt"),
    "bad key": (401, {"code": "invalid_api_key", "message": "Incorrect key: sk-secret"}, "server_error"),
    "bad prompt": (400, {"code": "invalid_prompt"}, "invalid_prompt"),
    "bad parameter": (400, {"message": "Unknown field."}, "invalid_prompt"),
    "bad parameter, by FastAPI": (422, {}, "invalid_prompt"),
    "anything else": (418, {}, "server_error"),
}
FAILURES = {f"too long for {name}": (*case, "context_length_exceeded") for name, case in TOO_LONG_FOR.items()}
FAILURES |= OTHER_FAILURES


@pytest.mark.parametrize(("status", "error", "code"), FAILURES.values(), ids=FAILURES.keys())
async def test_names_what_the_provider_refused(remote: Subject, status: int, error: Json, code: str) -> None:
    remote.provider.script = in_turn(Reply(status=status, error=error, retry_after_seconds=0.01))

    with pytest.raises(UpstreamError) as failure:
        await all_events(remote.upstream, a_prompt(remote.model))

    assert (failure.value.code, failure.value.status) == (code, status)
    if code == "context_length_exceeded":
        assert failure.value.message == ContextOverflow().message


def nested(**error: object) -> Json:
    return {"type": "error", "error": {"message": "Sorry."} | error}


WITHIN: list[tuple[Json, int | None]] = [
    (nested(code="rate_limit_exceeded"), 429),
    (nested(code="429"), 429),
    (nested(code=429), 429),
    (nested(type="server_error", code=None), 500),
    (nested(type="InternalServerError", code=500), 500),
    (nested(type="overloaded_error"), 503),
    ({"type": "response.failed", "response": {"error": {"code": "server_error"}}}, 500),
    ({"type": "error", "code": "rate_limit_exceeded", "message": "Slow down."}, 429),
    (nested(code="insufficient_quota"), None),
    (nested(code="invalid_prompt"), None),
    (nested(code="something_else"), None),
]


@pytest.mark.parametrize(("event", "status"), WITHIN, ids=str)
async def test_a_failure_within_the_stream_says_whether_another_try_may_help(
    provider: ScriptedUpstream, event: Json, status: int | None
) -> None:
    provider.script = in_turn(Reply(events=(event,)))
    # Only nested errors are known to chat completions, too.
    for kind in ("chat_completions", "responses") if "error" in event else ("responses",):
        async with opened(kind, provider) as remote:
            with pytest.raises(UpstreamError) as failure:
                await all_events(remote.upstream, a_prompt(remote.model))

        told = failure.value
        assert (told.status, told.is_transient) == (status, status is not None)
        assert told.is_outage == (status in (500, 503))
        assert "while it answered" in told.message


async def test_tells_how_long_the_provider_wants_to_be_left_alone(remote: Subject) -> None:
    # More than the two minutes that the SDK is willing to wait.
    remote.provider.script = in_turn(Reply(status=429, retry_after_seconds=300.5))

    with pytest.raises(UpstreamError) as failure:
        await all_events(remote.upstream, a_prompt(remote.model))

    assert failure.value.retry_after_seconds == 301
    assert len(remote.provider.requests) == 1


QUOTING = {"message": "Rejected: 'Which fact is known?' with key sk-secret", "code": "Which fact sk-secret"}


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(status=400, error=QUOTING), id="refused"),
        pytest.param(Reply(events=({"error": QUOTING, "type": "error"},)), id="failed in mid-stream"),
        pytest.param(
            Reply(events=({"Which fact": "sk-secret", "choices": 7, "type": 7},)), id="not what was agreed"
        ),
    ],
)
async def test_an_error_never_repeats_the_prompt_or_the_key(remote: Subject, reply: Reply) -> None:
    remote.provider.script = in_turn(reply)

    with pytest.raises(UpstreamError) as failure:
        await all_events(remote.upstream, a_prompt(remote.model))

    assert "Which fact" not in failure.value.message
    assert "sk-secret" not in failure.value.message


async def test_no_log_at_any_level_holds_the_prompt(
    remote: Subject, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    await all_events(remote.upstream, a_prompt(remote.model))

    assert "Which fact" not in caplog.text


async def test_a_character_that_was_cut_in_two_is_whole_again(remote: Subject) -> None:
    remote.provider.script = in_turn(Reply(chunks=("Hi \ud83d", "\ude00 \ud83d", "\ud83d", "!")))

    text = text_of(await all_events(remote.upstream, a_prompt(remote.model)))

    assert text == "Hi 😀 ��!"


async def test_everything_that_a_provider_says_can_be_encoded(remote: Subject) -> None:
    half = "x\ud83d"
    calls = (Call(half, half, half), Call("patch", '{"input": "x\\ud83d"}', "c2"))
    remote.provider.script = in_turn(Reply(reasoning=half, refusal=half, chunks=(half,), calls=calls))
    patch: Json = {"type": "custom", "name": "patch"}
    prompt = Prompt(remote.model, [], sampling=Sampling(tools=[patch]))

    events = await all_events(remote.upstream, prompt)

    assert len(events) > 6
    assert "�" in str(events)
    assert "\\ud83d" not in str([event for event in events if not isinstance(event, CallDelta)])


async def test_a_list_of_models_without_names_is_an_upstream_error() -> None:
    with ScriptedUpstream(models=("", "scripted")) as provider:
        async with opened("responses", provider) as remote:
            with pytest.raises(UpstreamError, match="cannot be read"):
                await remote.upstream.list_models()


async def test_an_answer_without_an_end_is_a_failure(remote: Subject) -> None:
    no_end: Script = in_turn(Reply(events=({"type": "ping", "choices": []},)))
    remote.provider.script = no_end

    with pytest.raises(UpstreamError, match="broke off"):
        await all_events(remote.upstream, a_prompt(remote.model))


async def test_an_answer_that_is_cut_is_a_failure(remote: Subject) -> None:
    remote.provider.script = in_turn(Reply("This is cut somewhere", cut_after=2))

    with pytest.raises(UpstreamError, match="broke off"):
        await all_events(remote.upstream, a_prompt(remote.model))


def test_an_answer_without_any_event_is_none() -> None:
    for end in (ResponsesAnswer().finished, lambda: list(ChatAnswer(ToolTable([])).end())):
        with pytest.raises(UpstreamError, match="no stream of events"):
            end()


async def test_a_provider_that_is_not_there_is_an_upstream_error() -> None:
    with ScriptedUpstream() as gone:
        url = gone.base_url
    async with new_client(base_url=url, api_key=None, timeout_seconds=1) as client:
        for upstream in (ChatCompletionsUpstream(client), ResponsesUpstream(client)):
            with pytest.raises(UpstreamError, match="connection"):
                await upstream.list_models()
            with pytest.raises(UpstreamError, match="connection"):
                await all_events(upstream, a_prompt("scripted"))


async def test_a_provider_that_says_nothing_for_too_long_is_an_upstream_error(
    provider: ScriptedUpstream,
) -> None:
    provider.script = in_turn(Reply("This stalls somewhere", hang_after=1))
    async with new_client(base_url=provider.base_url, api_key=None, timeout_seconds=0.2) as client:
        with pytest.raises(UpstreamError, match="in time"):
            await all_events(ChatCompletionsUpstream(client), a_prompt("scripted"))


async def test_a_client_without_a_key_sends_none_from_the_environment(
    provider: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    async with new_client(base_url=provider.base_url, api_key=None, timeout_seconds=1) as client:
        assert "sk-of-somebody-else" not in client.auth_headers.get("Authorization", "")
