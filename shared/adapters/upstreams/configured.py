"""The routes that the settings describe: those of the upstreams file, and the upstream of the variables."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from shared.adapters.upstreams.file import read_upstreams_file
from shared.adapters.upstreams.offline.upstream import OFFLINE_MODEL
from shared.errors import ConfigurationError
from shared.routing import ANY_MODEL, Route, Routes
from shared.settings import OPENAI_BASE_URL, Settings

_OFFLINE = Route("offline", base_url=None, models=(OFFLINE_MODEL,))


def configured_routes(settings: Settings, environment: Mapping[str, str] = os.environ) -> Routes:
    """Return the file's routes and, last, the upstream of the variables for all other models.

    Where there is neither, the offline upstream answers. Raises ConfigurationError.
    """
    routes = _listed(settings, environment)
    if settings.upstream_url is not None:
        routes.append(_to(settings, "default", settings.upstream_url, settings.upstream_key))
    if settings.summarizer == "native" and not any(route.native_compaction for route in routes):
        raise ConfigurationError(
            "HITHERTO_SUMMARIZER=native needs an upstream that compacts itself: HITHERTO_UPSTREAM_API=responses, "
            "or native_compaction = true in the upstreams file."
        )
    _check_names(routes, settings)
    return Routes(tuple(routes or [_OFFLINE]))


def summarizer_route(settings: Settings) -> Route | None:
    """Return the route of a summariser at an address of its own, if there is one."""
    if settings.summarizer_base_url is None:
        return None
    return _to(settings, "summarizer", settings.summarizer_base_url, settings.summarizer_key)


def _listed(settings: Settings, environment: Mapping[str, str]) -> list[Route]:
    if settings.upstreams_file is None:
        return []
    return read_upstreams_file(
        settings.upstreams_file,
        environment,
        timeout_seconds=settings.upstream_timeout_seconds,
        max_concurrency=settings.upstream_max_concurrency,
    )


def _check_names(routes: Sequence[Route], settings: Settings) -> None:
    """Raise ConfigurationError for a name of the file's that an upstream of the variables has, too."""
    own = summarizer_route(settings)
    names = Counter(route.name for route in [*routes, *([own] if own else [])])
    for name, times in names.items():
        if times > 1:
            raise ConfigurationError(
                f"The upstreams file names an upstream '{name}', as the upstream of the variables is named: "
                "their gates and what is learned of their models would be mixed up. Name it otherwise."
            )


def _to(settings: Settings, name: str, base_url: str, key: str | None) -> Route:
    return Route(
        name=name,
        base_url=base_url,
        models=(ANY_MODEL,),
        api=settings.upstream_api,
        api_key=SecretStr(key) if key is not None else None,
        native_compaction=settings.summarizer == "native" and settings.upstream_api == "responses",
        structured_summaries=_is_structured(settings, base_url),
        timeout_seconds=settings.upstream_timeout_seconds,
        max_concurrency=settings.upstream_max_concurrency,
    )


def _is_structured(settings: Settings, base_url: str) -> bool:
    chosen = settings.structured_summaries
    return base_url.rstrip("/") == OPENAI_BASE_URL if chosen is None else chosen
