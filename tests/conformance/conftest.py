"""What the conformance tests share: the plain house, over a model that a script plays."""

from collections.abc import AsyncIterator

import pytest
from agents import OpenAIResponsesModel
from openai import AsyncOpenAI

from tests.fixtures.house import House


@pytest.fixture(scope="session")
def address(plain_address: str) -> str:
    """The address of the server over an upstream with chat completions."""
    return plain_address


@pytest.fixture(scope="session")
def passing_address(plain_house: House) -> str:
    """The address of the server over an upstream that speaks the Responses API itself."""
    plain_house.settings |= {"UPSTREAM_API": "responses"}
    address = plain_house.start_api()
    del plain_house.settings["UPSTREAM_API"]
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
