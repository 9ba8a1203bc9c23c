"""Another Responses API as the provider."""

from collections.abc import AsyncIterator

import pytest

from shared.adapters.upstreams.openai_client import new_client
from shared.adapters.upstreams.responses.upstream import ResponsesUpstream
from tests.scripted_upstream import ScriptedUpstream


@pytest.fixture
async def upstream(provider: ScriptedUpstream) -> AsyncIterator[ResponsesUpstream]:
    async with new_client(base_url=provider.base_url, api_key=None, timeout_seconds=5) as client:
        yield ResponsesUpstream(client)
