"""What these tests share: a server with a worker over a model that a script plays, one for each module."""

from collections.abc import Iterator

import pytest
from openai import OpenAI

from tests.fixtures.house import House
from tests.scripted_upstream import ScriptedUpstream


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as provider:
        yield provider


@pytest.fixture
def upstream(provider: ScriptedUpstream) -> ScriptedUpstream:
    """The model's provider, which has seen nothing yet and answers by the model's name."""
    provider.follow()
    return provider


@pytest.fixture(scope="module")
def client(module_house: House, provider: ScriptedUpstream) -> OpenAI:
    """The SDK at a server that asks no model for summaries; a module that needs another has its own."""
    module_house.settings |= {"UPSTREAM_BASE_URL": provider.base_url, "SUMMARIZER": "ledger"}
    address = module_house.start_api()
    module_house.start_worker()
    return module_house.client(address)
