"""Several upstreams as one, before two providers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence

import pytest
import structlog

from shared.adapters.upstreams.chat.upstream import ChatCompletionsUpstream
from shared.adapters.upstreams.openai_client import new_client
from shared.adapters.upstreams.responses.upstream import ResponsesUpstream
from shared.adapters.upstreams.routed import RoutedUpstream
from shared.errors import UpstreamError
from shared.ports import Upstream
from shared.prompt import Finished, Prompt, TextDelta, UpstreamEvent
from shared.routing import Route, Routes
from shared.wire.items import Message
from tests.scripted_upstream import Reply, ScriptedUpstream, in_turn


@pytest.fixture
def local() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=("llama-3", "qwen", "llama-4", "llama-x")) as provider:
        yield provider


@pytest.fixture
def remote() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=("gpt-5", "llama-9", "qwen")) as provider:
        yield provider


@pytest.fixture
async def both(local: ScriptedUpstream, remote: ScriptedUpstream) -> AsyncIterator[RoutedUpstream]:
    """`local` speaks chat completions and has the llamas, `remote` speaks Responses and has the rest."""
    ours = Route("local", local.base_url, ("say:local", "llama-*"), rename={"gpt-mini": "qwen"})
    theirs = Route("remote", remote.base_url, ("llama-x", "*"), api="responses")
    async with (
        new_client(base_url=local.base_url, api_key="sk-local", timeout_seconds=5) as chat,
        new_client(base_url=remote.base_url, api_key="sk-remote", timeout_seconds=5) as responses,
    ):
        upstreams: dict[Route, Upstream] = {
            ours: ChatCompletionsUpstream(chat),
            theirs: ResponsesUpstream(responses),
        }
        yield RoutedUpstream(Routes((ours, theirs)), upstreams)


class SilentUpstream:
    """An Upstream that never answers; or fails, if it is given a failure."""

    def __init__(self, failure: UpstreamError | None = None) -> None:
        self._failure = failure

    async def stream(self, _prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        await self.list_models()
        yield Finished("stop")

    async def list_models(self) -> Sequence[str]:
        if self._failure is not None:
            raise self._failure
        await asyncio.Event().wait()
        return ["never"]


FAILURE = UpstreamError("The provider is gone.", status=503)


def silent(*models: str, failure: UpstreamError | None = FAILURE) -> RoutedUpstream:
    route = Route("silent", "http://silent/v1", models)
    upstreams: dict[Route, Upstream] = {route: SilentUpstream(failure)}
    return RoutedUpstream(Routes((route,)), upstreams, listing_seconds=0.05)


async def ask(upstream: Upstream, model: str) -> str:
    prompt = Prompt(model, [Message(role="user", content="Hi")])
    return "".join([event.text async for event in upstream.stream(prompt) if isinstance(event, TextDelta)])


async def test_each_model_is_answered_by_its_own_upstream(
    both: RoutedUpstream, local: ScriptedUpstream, remote: ScriptedUpstream
) -> None:
    assert await ask(both, "say:local") == "local"
    assert await ask(both, "say:remote") == "remote"

    assert [request["model"] for request in local.requests] == ["say:local"]
    assert [request["model"] for request in remote.requests] == ["say:remote"]
    assert (local.keys, remote.keys) == (["sk-local"], ["sk-remote"])


async def test_the_provider_is_asked_for_a_model_by_its_own_name(
    both: RoutedUpstream, local: ScriptedUpstream
) -> None:
    await ask(both, "gpt-mini")

    assert [request["model"] for request in local.requests] == ["qwen"]


async def test_a_model_that_the_provider_does_not_have_is_told_by_the_clients_name(
    both: RoutedUpstream, local: ScriptedUpstream
) -> None:
    local.follow(in_turn(Reply(status=404, error={"code": "model_not_found", "message": "No qwen here."})))

    with pytest.raises(UpstreamError, match=r"^The requested model 'gpt-mini' does not exist\.$") as refused:
        await ask(both, "gpt-mini")

    assert (refused.value.code, refused.value.status) == ("model_not_found", 404)


async def test_a_model_without_a_route_is_asked_of_nobody(local: ScriptedUpstream) -> None:
    route = Route("local", local.base_url, ("qwen",))
    async with new_client(base_url=local.base_url, api_key=None, timeout_seconds=5) as client:
        upstream = RoutedUpstream(Routes((route,)), {route: ChatCompletionsUpstream(client)})
        with pytest.raises(UpstreamError, match=r"^The requested model 'gpt-5' does not exist\.$"):
            await ask(upstream, "gpt-5")

    assert local.requests == []


async def test_lists_each_model_that_can_be_asked_once_in_the_order_of_the_routes(
    both: RoutedUpstream,
) -> None:
    """`qwen` of local is asked of remote, which has it; `llama-9` of remote would be asked of local."""
    assert await both.list_models() == [
        *("say:local", "gpt-mini", "llama-3", "llama-4"),
        *("llama-x", "gpt-5", "qwen"),
    ]


async def test_names_in_full_are_listed_without_asking() -> None:
    assert await silent("qwen", "llama").list_models() == ["qwen", "llama"]


@pytest.mark.parametrize("failure", [FAILURE, None], ids=["fails", "does not answer in time"])
async def test_a_provider_that_does_not_answer_is_left_out_and_noted(failure: UpstreamError | None) -> None:
    with structlog.testing.capture_logs() as logs:
        assert await silent("qwen", "llama-*", failure=failure).list_models() == ["qwen"]

    assert [(log["event"], log["upstream"]) for log in logs] == [("models_not_listed", "silent")]


async def test_where_nothing_is_left_to_list_the_failure_is_said() -> None:
    with pytest.raises(UpstreamError, match="gone"):
        await silent("*").list_models()
