"""What the conformance tests share: one whole server, over a model that a script plays."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis
from agents import OpenAIResponsesModel
from openai import AsyncOpenAI

from api.embedded import EmbeddedServer
from tests.fixtures.house import House
from tests.scripted_upstream import ScriptedUpstream


@pytest.fixture(scope="package")
def provider() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as provider:
        yield provider


@pytest.fixture
def upstream(provider: ScriptedUpstream) -> ScriptedUpstream:
    """The model's provider, which has seen nothing yet and answers by the model's name."""
    provider.follow()
    return provider


@pytest.fixture(scope="package")
def scripted_house(
    redis_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory, provider: ScriptedUpstream
) -> Iterator[House]:
    """A house with a worker, over the scripted model, which is not asked for summaries."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    settings = {"UPSTREAM_BASE_URL": provider.base_url, "SUMMARIZER": "ledger"}
    house = House(redis_server.url, tmp_path_factory.mktemp("conformance"), settings)
    try:
        house.start_worker()
        yield house
    finally:
        house.end()


@pytest.fixture(scope="package")
def address(scripted_house: House) -> str:
    """The address of the server over an upstream with chat completions."""
    return scripted_house.start_api()


@pytest.fixture(scope="package")
def passing_address(scripted_house: House) -> str:
    """The address of the server over an upstream that speaks the Responses API itself."""
    scripted_house.settings |= {"UPSTREAM_API": "responses"}
    address = scripted_house.start_api()
    del scripted_house.settings["UPSTREAM_API"]
    return address


@pytest.fixture
async def client(address: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=address, api_key="test", max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture
def model(client: AsyncOpenAI) -> OpenAIResponsesModel:
    """The server as a model of the Agents SDK; its session for compaction wants a name like OpenAI's."""
    return OpenAIResponsesModel("gpt-scripted", client)


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)
