"""`hitherto doctor`: everything that is looked at, in the order in which it is told."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from api.address_file import ServerUnknown, embedded_directory, find_address
from api.doctor.configuration import check_api_keys, check_choices, check_data_directory, check_sealing
from api.doctor.findings import CHECK_SECONDS, Finding, found, ok, problem, warning
from api.doctor.redis_server import check_redis
from api.doctor.upstreams import check_upstreams
from api.doctor.work import check_work
from api.front_door import is_ready
from shared.adapters.upstreams.configured import configured_routes
from shared.errors import ConfigurationError
from shared.settings import Settings


async def examine(settings: Settings, *, within_seconds: float = CHECK_SECONDS) -> list[Finding]:
    """Return all findings. Nothing is changed, and no check takes longer than `within_seconds`."""
    parts = await asyncio.gather(
        _door(settings), _stores(settings, within_seconds), _upstreams(settings, within_seconds)
    )
    return [
        *(finding for part in parts for finding in part),
        *check_api_keys(settings),
        check_sealing(settings),
        *check_choices(settings),
    ]


async def _door(settings: Settings) -> list[Finding]:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"{host}:{settings.port}"
    if await asyncio.to_thread(is_ready, f"http://{address}"):
        return [ok("API", f"{address} is ready")]
    return [
        warning("API", f"nothing is ready at {address}", "Start it here, or look at /readyz where it runs.")
    ]


async def _stores(settings: Settings, within_seconds: float) -> list[Finding]:
    if settings.redis_url is not None:
        return await _servers(settings, settings.redis_url, "HITHERTO_REDIS_URL", within_seconds)
    data = check_data_directory(settings.data_dir)
    try:
        address = find_address(embedded_directory(settings))
    except ServerUnknown:
        says = "embedded: `hitherto up` brings it along, durable and for this user alone; it does not run now"
        return [ok("store", says), data]
    return [data, *await _servers(settings, address, "HITHERTO_DATA_DIR", within_seconds)]


async def _servers(settings: Settings, url: str, named_by: str, within_seconds: float) -> list[Finding]:
    """Return what is found of store and broker, `named_by` being the setting that says where the store is."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(_asked(url))
        servers = {"store": (store, named_by)}
        if settings.broker_url not in (None, url):
            broker = await stack.enter_async_context(_asked(str(settings.broker_url)))
            servers["broker"] = (broker, "HITHERTO_BROKER_URL")
        findings = []
        for name, (client, setting) in servers.items():
            check = partial(check_redis, client, name, max_memory_ratio=settings.max_memory_ratio)
            remedy = f"See that it runs, and that {setting} is right."
            told = await found(name, check, remedy=remedy, within_seconds=within_seconds)
            findings += told
            if len(told) == 1:  # it does not answer: there is no work to be seen
                return findings
        look = partial(check_work, store, servers.get("broker", servers["store"])[0])
        remedy = "See that its user may run CLIENT LIST."
        return findings + await found("work", look, remedy=remedy, within_seconds=within_seconds)


def _asked(url: str) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=CHECK_SECONDS,
        socket_connect_timeout=CHECK_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


async def _upstreams(settings: Settings, within_seconds: float) -> list[Finding]:
    try:
        routes = configured_routes(settings)
    except ConfigurationError as error:
        return [problem("upstream", error.message, "Correct the settings, or the upstreams file.")]
    return await check_upstreams(routes, within_seconds=within_seconds)
