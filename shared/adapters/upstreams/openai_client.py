"""The official OpenAI SDK as the client of any provider that speaks one of OpenAI's two APIs."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from openai import APIError, AsyncOpenAI, AsyncStream, OpenAIError, Timeout
from pydantic import BaseModel

from shared.adapters.upstreams.provider_errors import upstream_error
from shared.adapters.upstreams.sound import sound
from shared.errors import UpstreamError
from shared.wire.model import JsonObject

CONNECT_TIMEOUT_SECONDS = 5.0

_Read = TypeVar("_Read")

# The SDK insists on a key and would else take OPENAI_API_KEY, which is not any provider's to see.
_NO_KEY = "unset"


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    data: list[_Model]


def new_client(*, base_url: str, api_key: str | None, timeout_seconds: float) -> AsyncOpenAI:
    """Return a client; whoever makes it closes it.

    `timeout_seconds` bounds the wait for the next byte, not the whole answer. It tries nothing again: the guard
    of the upstream's gate does, so that all processes hear of it.
    """
    # At DEBUG the SDK logs whole requests, and prompts must not reach a log.
    logging.getLogger("openai").setLevel(logging.INFO)
    return AsyncOpenAI(
        base_url=base_url,
        api_key=api_key or _NO_KEY,
        timeout=Timeout(timeout_seconds, connect=min(CONNECT_TIMEOUT_SECONDS, timeout_seconds)),
        max_retries=0,
    )


@asynccontextmanager
async def open_stream(client: AsyncOpenAI, path: str, body: JsonObject) -> AsyncIterator[AsyncStream[object]]:
    """POST `body` and give the answer's events as the JSON that came. Raises UpstreamError, also inside.

    Leaving the context closes the provider's stream at once. The events are raw because providers that
    imitate OpenAI's leave out what the SDK's types promise.
    """
    with _translated_errors():
        async with await client.post(
            path, cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object]
        ) as stream:
            with _translated_errors(is_answering=True):
                yield stream


async def post(client: AsyncOpenAI, path: str, body: JsonObject, *, read: Callable[[object], _Read]) -> _Read:
    """POST `body` and return what `read` makes of the answer's JSON. Raises UpstreamError.

    `read` raises ValueError for what it cannot read.
    """
    with _translated_errors():
        return read(sound(await client.post(path, cast_to=object, body=body)))


async def list_models(client: AsyncOpenAI) -> list[str]:
    """Return the names of the provider's models. Raises UpstreamError."""
    with _translated_errors():
        listed = _Models.model_validate(sound(await client.get("/models", cast_to=object)))
        return [model.id for model in listed.data]


@contextmanager
def _translated_errors(*, is_answering: bool = False) -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise upstream_error(error, is_answering=is_answering) from error
    except (OpenAIError, ValueError) as error:
        # JSON that is none, or not of the shape that we read.
        raise UpstreamError("The model provider sent something that cannot be read.") from error
