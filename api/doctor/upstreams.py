"""Checks of the upstreams: whether each answers, and has the models that it is asked for."""

import asyncio
from functools import partial

from api.doctor.findings import CHECK_SECONDS, Finding, found, ok, warning
from api.narrator import without_password
from shared.adapters.upstreams.openai_client import list_models, new_client
from shared.routing import Route, Routes

_SHOWN = 3


async def check_upstreams(routes: Routes, *, within_seconds: float) -> list[Finding]:
    """Return what is to be said of each upstream; all are asked at once."""
    remedy = "See that it runs, and that its address and key are right."
    each = [
        found(_subject(route), partial(_check, route), remedy=remedy, within_seconds=within_seconds)
        for route in routes.routes
    ]
    return [finding for findings in await asyncio.gather(*each) for finding in findings]


async def _check(route: Route) -> list[Finding]:
    subject = _subject(route)
    if route.base_url is None:
        return [
            warning(
                subject,
                "none: the built-in offline one answers, which is no language model",
                "Set HITHERTO_UPSTREAM_BASE_URL, or OPENAI_API_KEY.",
            )
        ]
    models = await _models(route)
    place = without_password(route.base_url)
    missing = [name for name in route.names if route.provider_name(name) not in models]
    if missing:
        return [
            warning(
                subject,
                f"{place} answers, and does not list {_some(missing)}",
                "Compare `models` of the upstreams file with the provider's list.",
            )
        ]
    return [ok(subject, f"{place} answers, {len(models)} models: {_some(models) or 'it lists none'}")]


async def _models(route: Route) -> list[str]:
    client = new_client(
        base_url=str(route.base_url),
        api_key=route.api_key.get_secret_value() if route.api_key else None,
        timeout_seconds=CHECK_SECONDS,
    )
    async with client:
        return await list_models(client)


def _subject(route: Route) -> str:
    return f"upstream {route.name}" if route.base_url else "upstream"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
