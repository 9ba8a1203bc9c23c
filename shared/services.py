"""Services: everything that a door needs, opened once per process and closed by whoever opened it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.adapters.operator import operator_choice
from shared.adapters.redis.calibration import RedisCalibration
from shared.adapters.redis.compaction_records import RedisCompactionRecords
from shared.adapters.redis.compactions import RedisCompactions
from shared.adapters.redis.connection import agreed_encryption_key, connect, keep_alive_seconds
from shared.adapters.redis.conversations import RedisConversations
from shared.adapters.redis.deliveries import RedisDeliveries
from shared.adapters.redis.gates import RedisGates
from shared.adapters.redis.idempotency import RedisReservations
from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.redis.parts import RedisParts
from shared.adapters.redis.responses import RedisResponses
from shared.adapters.redis.signals import RedisSignals
from shared.adapters.redis.storage import RedisStorage
from shared.adapters.redis.webhook_endpoints import RedisWebhookEndpoints
from shared.adapters.sealer import AesGcmSealer
from shared.adapters.tiktoken import TiktokenCounter
from shared.adapters.upstreams.configured import configured_routes, summarizer_route
from shared.adapters.upstreams.guarded import GuardedCompaction, GuardedUpstream
from shared.adapters.upstreams.offline.upstream import OfflineUpstream
from shared.adapters.upstreams.routed import RoutedUpstream
from shared.adapters.webhooks.sender import HttpSender
from shared.announcing import Announcer
from shared.compact_window import WindowCompactor
from shared.compaction_jobs import CompactionJobs
from shared.compactor import Compactor
from shared.history import History
from shared.native import NativeCompactor
from shared.ports import (
    Calibration,
    CompactionRecords,
    Compactions,
    Conversations,
    Deliveries,
    EventLog,
    Gates,
    Jobs,
    Parts,
    ProviderCompaction,
    Reservations,
    Responses,
    Sealer,
    Signals,
    Storage,
    TokenCounter,
    Upstream,
    WebhookEndpoints,
    WebhookSender,
)
from shared.reconciler import Reconciler
from shared.routing import Route, Routes
from shared.settings import Settings
from shared.summarizer import Summarizer
from shared.turn import TurnRunner

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"


@dataclass(frozen=True, slots=True)
class Services:
    """What a process works with."""

    settings: Settings
    store: Redis
    storage: Storage
    jobs: Jobs
    responses: Responses
    events: EventLog
    compactions: Compactions
    compaction_records: CompactionRecords
    parts: Parts
    conversations: Conversations
    reservations: Reservations
    webhook_endpoints: WebhookEndpoints
    deliveries: Deliveries
    webhook_sender: WebhookSender
    reconciler: Reconciler
    signals: Signals
    sealer: Sealer
    counter: TokenCounter
    calibration: Calibration
    routes: Routes
    gates: Gates
    upstream: Upstream
    history: History
    window_compactor: WindowCompactor
    compactor: Compactor
    turns: TurnRunner


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open everything, and close it at the end. Raises ConfigurationError and StoreUnreachable."""
    routes = configured_routes(settings)
    choice = operator_choice(settings)
    async with AsyncExitStack() as stack:
        redis_url = settings.redis_url or DEFAULT_REDIS_URL
        store = await stack.enter_async_context(connect(redis_url))
        broker = None
        if settings.broker_url not in (None, redis_url):
            broker = await stack.enter_async_context(connect(str(settings.broker_url)))
        jobs = RedisJobs(store, broker, settings)
        sealer = AesGcmSealer(await _encryption_keys(stack, store, settings))
        news = await stack.enter_async_context(connect(redis_url, retries=0))
        signals = await stack.enter_async_context(RedisSignals(news))
        counter = TiktokenCounter(settings.tokenizer_encoding)
        responses = RedisResponses(store, jobs, settings)
        compactions = RedisCompactions(store, jobs, sealer, settings)
        gates = RedisGates(store, settings)
        providers = {route: await _provider(stack, route, counter) for route in routes.routes}
        guarded = {route: _guarded(route, one, gates, settings) for route, one in providers.items()}
        upstream = RoutedUpstream(routes, guarded)
        summarizer = await _summarizer(stack, settings, routes, upstream, counter, gates)
        conversations = RedisConversations(store, settings)
        history = History(responses, conversations, compactions, sealer, counter)
        endpoints = RedisWebhookEndpoints(store, sealer, settings)
        deliveries = RedisDeliveries(store, jobs)
        announcer = Announcer(
            endpoints, deliveries, keep_alive_seconds=keep_alive_seconds(settings.response_ttl_seconds)
        )
        calibration = RedisCalibration(store, routes, encoding=settings.tokenizer_encoding)
        compaction_jobs = CompactionJobs(settings, routes, choice)
        window_compactor = WindowCompactor(
            compactions, signals, sealer, settings, compaction_jobs, calibration
        )
        yield Services(
            settings=settings,
            store=store,
            storage=RedisStorage(store, broker),
            jobs=jobs,
            responses=responses,
            events=responses,
            compactions=compactions,
            compaction_records=RedisCompactionRecords(store, sealer, settings),
            parts=RedisParts(store, jobs),
            conversations=conversations,
            reservations=RedisReservations(store),
            webhook_endpoints=endpoints,
            deliveries=deliveries,
            webhook_sender=HttpSender(settings),
            reconciler=Reconciler(jobs, compactions, announcer),
            signals=signals,
            sealer=sealer,
            counter=counter,
            calibration=calibration,
            routes=routes,
            gates=gates,
            upstream=upstream,
            history=history,
            window_compactor=window_compactor,
            compactor=Compactor(counter, summarizer, _native(settings, routes, providers, guarded, counter)),
            turns=TurnRunner(history, window_compactor, upstream, settings, routes),
        )


async def _encryption_keys(stack: AsyncExitStack, store: Redis, settings: Settings) -> list[str]:
    if settings.encryption_keys:
        return [key.get_secret_value() for key in settings.encryption_keys]
    agreed = agreed_encryption_key(store, ttl_seconds=settings.response_ttl_seconds)
    return [await stack.enter_async_context(agreed)]


async def _summarizer(
    stack: AsyncExitStack,
    settings: Settings,
    routes: Routes,
    upstream: Upstream,
    counter: TokenCounter,
    gates: Gates,
) -> Summarizer | None:
    if not settings.summarizes_with_model:
        return None
    own = summarizer_route(settings)
    if own is not None:
        provider = _guarded(own, await _provider(stack, own, counter), gates, settings)
        return Summarizer(
            provider,
            counter,
            window_tokens=settings.summarizer_window_tokens,
            is_structured=lambda _model: own.structured_summaries,
        )
    return Summarizer(
        upstream,
        counter,
        window_tokens=settings.summarizer_window_tokens,
        window_of=lambda model: routes.context_window_tokens(model) or settings.context_window_tokens,
        in_place=settings.summarizer_mode == "in_place",
        is_structured=routes.is_structured,
    )


def _native(
    settings: Settings,
    routes: Routes,
    providers: Mapping[Route, Upstream],
    guarded: Mapping[Route, Upstream],
    counter: TokenCounter,
) -> NativeCompactor | None:
    if settings.summarizer != "native":
        return None
    from shared.adapters.upstreams.responses.upstream import ResponsesUpstream  # noqa: PLC0415 - as in _provider

    compacting: dict[Route, ProviderCompaction] = {}
    for route, provider in providers.items():
        gate = guarded[route]
        if (
            route.native_compaction
            and isinstance(provider, ResponsesUpstream)
            and isinstance(gate, GuardedUpstream)
        ):
            compacting[route] = GuardedCompaction(gate, provider)
    return NativeCompactor(compacting, routes, counter)


def _guarded(route: Route, provider: Upstream, gates: Gates, settings: Settings) -> Upstream:
    if route.base_url is None:
        return provider
    return GuardedUpstream(route, provider, gates, lease_seconds=settings.lease_seconds)


async def _provider(stack: AsyncExitStack, route: Route, counter: TokenCounter) -> Upstream:
    if route.base_url is None:
        return OfflineUpstream(counter)
    # OpenAI's SDK takes half a second to load, and who has no provider needs none of it.
    from shared.adapters.upstreams.remote import open_upstream  # noqa: PLC0415

    return await stack.enter_async_context(open_upstream(route, route.base_url))
