"""Upstreams at an address, spoken to through OpenAI's SDK."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.adapters.upstreams.chat.upstream import ChatCompletionsUpstream
from shared.adapters.upstreams.openai_client import new_client
from shared.adapters.upstreams.responses.upstream import ResponsesUpstream
from shared.ports import Upstream
from shared.routing import Route


@asynccontextmanager
async def open_upstream(route: Route, base_url: str) -> AsyncIterator[Upstream]:
    """Give the upstream of a route at its address; its connections are closed at the end."""
    async with new_client(
        base_url=base_url,
        api_key=route.api_key.get_secret_value() if route.api_key else None,
        timeout_seconds=route.timeout_seconds,
    ) as client:
        yield ResponsesUpstream(client) if route.api == "responses" else ChatCompletionsUpstream(client)
