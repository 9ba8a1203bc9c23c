"""Services: who answers, who summarises, and what processes over one store share."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.adapters.celery import KEY_PREFIX, queue_key
from shared.adapters.redis.connection import connect
from shared.compaction.policy import automatic_policy
from shared.compactions import CompactionJob, PromptHead
from shared.errors import HithertoError, StoreUnreachable
from shared.jobs import Queue
from shared.services import open_services
from shared.settings import Settings
from shared.turns import TurnResult
from shared.wire.items import parse_items
from shared.wire.text import text_of
from tests.fakes import CollectingProgress
from tests.scripted_upstream import Reply, ScriptedUpstream
from tests.strategies import sized
from tests.summaries import GOOD
from tests.talk import RULE, Talk, assistant, exchanges, user


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as scripted:
        yield scripted


@pytest.fixture
def provider(server: ScriptedUpstream) -> ScriptedUpstream:
    server.follow(lambda _body: Reply(GOOD))
    return server


def long_job() -> CompactionJob:
    documents = [user(RULE), assistant("Understood."), user("Never deploy on Fridays."), *exchanges(40)]
    history = [sized(item) for item in parse_items(documents)]
    policy = automatic_policy(threshold=6_000, target=None, model="small")
    return CompactionJob("cmp_1", "acme", policy, history, sum(entry.tokens for entry in history))


@pytest.mark.parametrize(("api", "body"), [("chat_completions", "messages"), ("responses", "input")])
async def test_turns_are_answered_by_the_configured_provider_in_its_own_words(
    redis_url: str, provider: ScriptedUpstream, api: str, body: str
) -> None:
    provider.follow(lambda _body: Reply("Hello there"))
    settings = Settings.model_validate(
        {"redis_url": redis_url, "upstream_base_url": provider.base_url, "upstream_api": api}
    )

    async with open_services(settings) as services:
        outcome = await services.turns.run(Talk().turn("Hi"), CollectingProgress())

    assert isinstance(outcome, TurnResult)
    assert text_of(outcome.response.output[0]) == "Hello there"
    [request] = provider.requests
    assert body in request


async def test_without_a_provider_the_offline_model_answers_and_the_ledger_summarises(redis_url: str) -> None:
    async with open_services(Settings(redis_url=redis_url)) as services:
        assert await services.upstream.list_models() == ["hitherto-offline"]
        assert (await services.compactor.compact(long_job())).method == "ledger"


async def test_the_provider_of_turns_summarises_too(redis_url: str, provider: ScriptedUpstream) -> None:
    settings = Settings(redis_url=redis_url, upstream_base_url=provider.base_url)

    async with open_services(settings) as services:
        result = await services.compactor.compact(long_job())

    assert (result.method, result.payload.summary) == ("model", GOOD)
    assert len(provider.requests) == 1


async def test_a_summariser_at_an_address_of_its_own_is_asked_there(
    redis_url: str, provider: ScriptedUpstream
) -> None:
    settings = Settings(
        redis_url=redis_url,
        upstream_base_url="http://127.0.0.1:1/v1",
        summarizer_base_url=provider.base_url,
    )

    async with open_services(settings) as services:
        result = await services.compactor.compact(long_job())

    assert (result.method, result.warnings) == ("model", [])
    assert [request["model"] for request in provider.requests] == ["small"]


async def test_what_is_known_of_the_models_window_bounds_what_is_summarised_at_once(
    redis_url: str, provider: ScriptedUpstream
) -> None:
    settings = Settings(redis_url=redis_url, upstream_base_url=provider.base_url, context_window_tokens=4_600)

    async with open_services(settings) as services:
        assert (await services.compactor.compact(long_job())).method == "model"

    assert len(provider.requests) > 1


async def test_a_summary_can_be_asked_for_after_the_turns_themselves(
    redis_url: str, provider: ScriptedUpstream
) -> None:
    settings = Settings(redis_url=redis_url, upstream_base_url=provider.base_url, summarizer_mode="in_place")
    job = replace(long_job(), head=PromptHead("small", "Be brief."))

    async with open_services(settings) as services:
        assert (await services.compactor.compact(job)).method == "model"

    [request] = provider.requests
    assert [message["role"] for message in request["messages"]][:3] == ["system", "user", "assistant"]


async def test_a_provider_that_compacts_itself_is_asked_to(
    redis_url: str, provider: ScriptedUpstream
) -> None:
    settings = Settings(
        redis_url=redis_url,
        upstream_base_url=provider.base_url,
        upstream_api="responses",
        summarizer="native",
    )

    async with open_services(settings) as services:
        result = await services.compactor.compact(long_job())

    assert (result.method, provider.paths) == ("native", ["/v1/responses/compact"])
    assert result.payload.provider_seal is not None
    assert result.payload.provider_seal.provider == "default"


async def test_a_provider_is_not_asked_for_summaries_that_nobody_wants(
    redis_url: str, provider: ScriptedUpstream
) -> None:
    settings = Settings(redis_url=redis_url, upstream_base_url=provider.base_url, summarizer="ledger")

    async with open_services(settings) as services:
        assert (await services.compactor.compact(long_job())).method == "ledger"
    assert provider.requests == []


async def test_processes_over_one_store_open_each_others_seals(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url)
    async with open_services(settings) as one, open_services(settings) as other:
        sealed = one.sealer.seal(b"x", tenant="a", kind="k")

        assert other.sealer.unseal(sealed, tenant="a", kind="k") == b"x"


async def test_keys_that_were_given_seal_and_are_not_stored(redis_url: str) -> None:
    settings = Settings.model_validate({"redis_url": redis_url, "encryption_keys": "A" * 43})
    async with open_services(settings) as services:
        sealed = services.sealer.seal(b"x", tenant="a", kind="k")
        stored = await services.store.keys("*")
    async with open_services(settings) as later:
        assert later.sealer.unseal(sealed, tenant="a", kind="k") == b"x"
    assert stored == []


async def test_a_broker_of_its_own_is_opened_and_closed(redis_url: str) -> None:
    broker_url = f"{redis_url.rsplit('/', 1)[0]}/1"
    settings = Settings(redis_url=redis_url, broker_url=broker_url)

    async with open_services(settings) as services:
        await services.compactions.enqueue(long_job())
        assert await services.store.keys(f"{KEY_PREFIX}*") == []
    async with connect(broker_url) as broker:
        assert await broker.keys("*") == [queue_key(Queue.COMPACTION).encode()]


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        pytest.param({"redis_url": "redis://127.0.0.1:1/0"}, StoreUnreachable, id="no store"),
        pytest.param({"tokenizer_encoding": "klingon"}, HithertoError, id="no such tokenizer"),
        pytest.param({"encryption_keys": "short"}, HithertoError, id="no key"),
    ],
)
async def test_what_cannot_work_is_said_at_once(
    redis_url: str, settings: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        async with open_services(Settings.model_validate({"redis_url": redis_url} | settings)):
            pass
