"""Several upstreams as one: each model is answered by its own."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

import structlog

from shared.errors import UpstreamError
from shared.ports import Upstream
from shared.prompt import Prompt, UpstreamEvent
from shared.routing import Route, Routes
from shared.wire.wording import no_such_model

LISTING_SECONDS = 10.0

_log = structlog.get_logger()


class RoutedUpstream:
    """Passes each prompt on to the upstream of its model, under the provider's name for it."""

    def __init__(
        self,
        routes: Routes,
        upstreams: Mapping[Route, Upstream],
        *,
        listing_seconds: float = LISTING_SECONDS,
    ) -> None:
        """Take an upstream for each route, and how long all of them may take to list their models."""
        self._routes = routes
        self._upstreams = upstreams
        self._listing_seconds = listing_seconds

    def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        """Return the answer of the model's upstream; raises at once for a model that no route names."""
        route = self._routes.for_model(prompt.model)
        renamed = replace(prompt, model=route.provider_name(prompt.model))
        return _as_asked(self._upstreams[route].stream(renamed), prompt.model)

    async def list_models(self) -> Sequence[str]:
        """Return what can be asked, each name once, in the order of the routes.

        Names that routes give in full are listed unseen; where a route has prefixes its provider is asked
        for more. One that does not answer is left out. Raises UpstreamError when nothing is left to list.
        """
        answers = await asyncio.gather(*(self._models_of(route) for route in self._routes.routes))
        names = list(dict.fromkeys(name for listed, _ in answers for name in listed))
        failures = [failure for _, failure in answers if failure is not None]
        if failures and not names:
            raise failures[0]
        return names

    async def _models_of(self, route: Route) -> tuple[list[str], UpstreamError | None]:
        if not route.prefixes:
            return route.names, None
        try:
            async with asyncio.timeout(self._listing_seconds):
                offered = await self._upstreams[route].list_models()
        except TimeoutError:
            return self._unlisted(route, UpstreamError("The model provider did not answer in time."))
        except UpstreamError as error:
            return self._unlisted(route, error)
        # A name that leads to another route cannot be asked of this one.
        return [*route.names, *(name for name in offered if self._routes.find(name) is route)], None

    def _unlisted(self, route: Route, error: UpstreamError) -> tuple[list[str], UpstreamError]:
        _log.warning("models_not_listed", upstream=route.name, code=error.code, status=error.status)
        return route.names, error


async def _as_asked(
    answer: AsyncGenerator[UpstreamEvent, None], model: str
) -> AsyncGenerator[UpstreamEvent, None]:
    """Yield the answer; a model that the provider does not have is told by the client's name for it."""
    try:
        async with aclosing(answer):
            async for event in answer:
                yield event
    except UpstreamError as error:
        if error.code != "model_not_found":
            raise
        raise UpstreamError(no_such_model(model), code=error.code, status=error.status) from error
