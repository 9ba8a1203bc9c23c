"""What these tests share: the plain house; a module that needs other settings has a house of its own."""

import pytest
from openai import OpenAI

from tests.fixtures.house import House
from tests.scripted_upstream import ScriptedUpstream


@pytest.fixture(scope="module")
def client(plain_house: House, plain_address: str, provider: ScriptedUpstream) -> OpenAI:
    """The SDK at a server that asks no model for summaries."""
    provider.follow()  # not by the script of another module
    return plain_house.client(plain_address)
