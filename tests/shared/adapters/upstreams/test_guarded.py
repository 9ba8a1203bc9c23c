"""An upstream behind its gate, which all processes share: two clients of one Redis before a real provider."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.connection import connect
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.gates import RedisGates
from shared.adapters.upstreams.chat.upstream import ChatCompletionsUpstream
from shared.adapters.upstreams.guarded import GuardedUpstream
from shared.adapters.upstreams.openai_client import new_client
from shared.adapters.upstreams.responses.upstream import ResponsesUpstream
from shared.errors import UpstreamBusy, UpstreamError
from shared.ports import Upstream
from shared.prompt import Finished, Prompt, TextDelta
from shared.routing import ANY_MODEL, Route
from shared.settings import Settings
from shared.upstream_gate import Closed, Entry, Report
from shared.wire.items import Message
from shared.wire.model import JsonObject
from tests.scripted_upstream import Reply, ScriptedUpstream, in_turn
from tests.shared.adapters.redis.conftest import StutteringRedis

MOST_FAILURES = 3
SETTINGS = Settings(lease_seconds=30, upstream_max_failures=MOST_FAILURES)
GATE, PLACES = keys.gate("only")


@dataclass
class Site:
    """A provider, the gate before it, and two processes that ask."""

    provider: ScriptedUpstream
    store: Redis
    route: Route
    here: GuardedUpstream
    there: GuardedUpstream

    @property
    def gates(self) -> RedisGates:
        return RedisGates(self.store, SETTINGS)

    async def ask(self, upstream: GuardedUpstream | None = None, *, patience_seconds: float = 5.0) -> str:
        prompt = Prompt("m", [Message(role="user", content="Hi")], patience_seconds=patience_seconds)
        return "".join(
            [e.text async for e in (upstream or self.here).stream(prompt) if isinstance(e, TextDelta)]
        )

    async def fails(
        self, upstream: GuardedUpstream | None = None, *, patience_seconds: float = 5.0
    ) -> UpstreamError:
        with pytest.raises(UpstreamError) as failure:
            await self.ask(upstream, patience_seconds=patience_seconds)
        return failure.value

    async def limit(self) -> int | None:
        return (await self.gates.figures(self.route)).limit

    async def let_pass(self, *fields: str) -> None:
        """Let the time pass until which something holds."""
        for field in fields:
            await answer(self.store.hset(GATE, field, "1"))


@pytest.fixture
async def build(redis_url: str) -> AsyncIterator[Callable[..., Awaitable[Site]]]:
    async with AsyncExitStack() as stack:
        provider = stack.enter_context(ScriptedUpstream())

        async def built(max_concurrency: int | None = None, api: str = "chat") -> Site:
            route = Route("only", provider.base_url, (ANY_MODEL,), max_concurrency=max_concurrency)
            sides = []
            for _ in range(2):
                client = new_client(base_url=provider.base_url, api_key=None, timeout_seconds=5)
                store = await stack.enter_async_context(connect(redis_url))
                await stack.enter_async_context(client)
                upstream: Upstream = (
                    ResponsesUpstream(client) if api == "responses" else ChatCompletionsUpstream(client)
                )
                sides.append(GuardedUpstream(route, upstream, RedisGates(store, SETTINGS), lease_seconds=30))
            return Site(provider, store, route, *sides)

        yield built


Build = Callable[..., Awaitable[Site]]


async def test_no_more_than_the_limit_are_asked_at_a_time_by_all_processes_together(build: Build) -> None:
    site = await build(max_concurrency=2)
    site.provider.follow(lambda _body: Reply("Done.", held=True))
    two = [asyncio.create_task(site.ask(side)) for side in (site.here, site.there)]
    assert await asyncio.to_thread(site.provider.saw_requests, 2)

    busy = await site.fails(patience_seconds=0.3)

    assert isinstance(busy, UpstreamBusy)
    assert (busy.code, busy.retry_after_seconds, len(site.provider.requests)) == ("rate_limit_exceeded", 2, 2)
    third = asyncio.create_task(site.ask(site.there))
    site.provider.released.set()
    assert await asyncio.gather(*two, third) == ["Done."] * 3
    assert (await site.gates.figures(site.route)).calls == 0


async def test_a_place_whose_process_was_killed_is_free_when_its_lease_ran_out(build: Build) -> None:
    site = await build(max_concurrency=1)
    dead = await site.gates.enter(site.route)
    assert isinstance(dead, Entry)
    assert await site.gates.enter(site.route) == Closed("full")

    await site.store.zadd(PLACES, {dead.owner: 1})

    assert isinstance(await site.gates.enter(site.route), Entry)


async def test_a_place_is_kept_while_it_is_renewed(build: Build) -> None:
    site = await build(max_concurrency=1)
    entry = await site.gates.enter(site.route)
    assert isinstance(entry, Entry)
    await site.store.zadd(PLACES, {entry.owner: 1})

    await site.gates.keep(site.route, entry)

    assert await site.gates.enter(site.route) == Closed("full")


async def test_who_hangs_up_gives_the_place_back_and_says_nothing_of_the_provider(build: Build) -> None:
    site = await build(max_concurrency=1)
    site.provider.follow(in_turn(Reply("This stalls somewhere", hang_after=1)))
    prompt = Prompt("m", [Message(role="user", content="Hi")])
    async with aclosing(site.here.stream(prompt)) as events:
        await anext(events)

    figures = await site.gates.figures(site.route)
    assert (figures.calls, figures.state) == (0, "open")
    assert await answer(site.store.hget(GATE, "answers")) is None


class SilentGates(RedisGates):
    """Gates whose answer to who enters is lost on the way."""

    def __init__(self, store: Redis) -> None:
        super().__init__(store, SETTINGS)
        self.entered = asyncio.Event()

    async def enter(self, route: Route, owner: str | None = None) -> Entry | Closed:
        await super().enter(route, owner)
        self.entered.set()
        await asyncio.Event().wait()
        raise AssertionError


async def test_who_is_cancelled_while_redis_lets_it_in_leaves_no_place_taken(build: Build) -> None:
    site = await build(max_concurrency=1)
    gates = SilentGates(site.store)
    # What is behind the gate is never asked.
    guarded = GuardedUpstream(site.route, site.here, gates, lease_seconds=30)
    asking = asyncio.create_task(site.ask(guarded))
    await gates.entered.wait()
    assert (await gates.figures(site.route)).calls == 1

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert (await gates.figures(site.route)).calls == 0


class SlowGates(RedisGates):
    """Gates whose Redis takes its time over who leaves."""

    def __init__(self, store: Redis) -> None:
        super().__init__(store, SETTINGS)
        self.left, self.in_time = asyncio.Event(), asyncio.Event()

    async def leave(self, route: Route, entry: Entry, report: Report, *, pause_seconds: float = 0.0) -> float:
        self.left.set()
        await self.in_time.wait()
        return await super().leave(route, entry, report, pause_seconds=pause_seconds)


async def test_who_is_cancelled_again_while_it_leaves_leaves_no_place_taken(build: Build) -> None:
    site = await build()
    site.provider.follow(in_turn(Reply("This stalls somewhere", hang_after=1)))
    gates = SlowGates(site.store)
    guarded = GuardedUpstream(site.route, site.here, gates, lease_seconds=30)
    asking = asyncio.create_task(site.ask(guarded))
    assert await asyncio.to_thread(site.provider.saw_requests, 1)
    asking.cancel()
    await gates.left.wait()

    asking.cancel()
    gates.in_time.set()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert (await gates.figures(site.route)).calls == 0


async def test_the_limit_is_halved_once_for_all_that_are_refused_together_and_grows_with_answers(
    build: Build,
) -> None:
    site = await build(max_concurrency=8)
    site.provider.follow(in_turn(Reply(status=429, retry_after_seconds=60), Reply("Fine.")))
    entries = [await site.gates.enter(site.route) for _ in range(2)]
    for entry in entries:
        assert isinstance(entry, Entry)
        await site.gates.leave(site.route, entry, Report.LIMITED)
    assert await site.limit() == 4

    await site.let_pass("halved_at", "paused_until")
    assert (await site.fails()).code == "rate_limit_exceeded"
    assert await site.limit() == 2

    await site.let_pass("paused_until")
    for _ in range(2):
        await site.ask()
    assert await site.limit() == 3
    for _ in range(100):
        entry = await site.gates.enter(site.route)
        assert isinstance(entry, Entry)
        await site.gates.leave(site.route, entry, Report.ANSWERED)
    assert await site.limit() == 8


async def test_a_client_in_a_hurry_is_told_at_once_how_long_the_provider_wants_to_be_left_alone(
    build: Build,
) -> None:
    site = await build()
    site.provider.follow(lambda _body: Reply(status=429, retry_after_seconds=30))

    first = await site.fails(site.here)
    second = await site.fails(site.there, patience_seconds=0)

    assert [(e.code, e.retry_after_seconds) for e in (first, second)] == [
        ("rate_limit_exceeded", 30),
        ("rate_limit_exceeded", 1),
    ]
    assert all(isinstance(error, UpstreamBusy) for error in (first, second))
    assert len(site.provider.requests) == 1


async def test_an_outage_whose_end_the_provider_names_is_one_to_come_back_after(build: Build) -> None:
    site = await build()
    site.provider.follow(lambda _body: Reply(status=503, retry_after_seconds=30))

    failure = await site.fails()

    assert isinstance(failure, UpstreamBusy)
    assert (failure.status, failure.retry_after_seconds, len(site.provider.requests)) == (503, 30, 1)


async def test_a_long_pause_is_believed_by_and_by(build: Build) -> None:
    site = await build()
    site.provider.follow(lambda _body: Reply(status=429, retry_after_seconds=30))
    believed = []
    for _ in range(7):
        await site.let_pass("paused_until")
        await site.fails(patience_seconds=0)
        paused = await site.gates.enter(site.route)
        assert isinstance(paused, Closed)
        believed.append(round(paused.seconds))
    assert believed == [1, 2, 4, 8, 16, 30, 30]

    site.provider.follow(in_turn(Reply("Fine."), Reply(status=429, retry_after_seconds=30), Reply("Fine.")))
    await site.let_pass("paused_until")
    assert await site.ask() == "Fine."
    assert (await site.fails()).retry_after_seconds == 30
    assert await site.ask() == "Fine."


async def test_pauses_that_are_believed_in_full_make_no_longer_one_believed(build: Build) -> None:
    site = await build()
    for seconds in [1] * 20 + [30]:
        await site.let_pass("paused_until")
        entry = await site.gates.enter(site.route)
        assert isinstance(entry, Entry)
        await site.gates.leave(site.route, entry, Report.LIMITED, pause_seconds=seconds)

    paused = await site.gates.enter(site.route)

    assert isinstance(paused, Closed)
    assert paused.seconds <= 1


async def test_all_that_are_refused_together_make_no_pause_longer(build: Build) -> None:
    site = await build()
    entries = [await site.gates.enter(site.route) for _ in range(5)]
    for entry in entries:
        assert isinstance(entry, Entry)
        await site.gates.leave(site.route, entry, Report.LIMITED, pause_seconds=30)

    paused = await site.gates.enter(site.route)

    assert isinstance(paused, Closed)
    assert paused.seconds <= 1


async def test_a_short_pause_is_waited_for_in_every_process(build: Build) -> None:
    site = await build()
    site.provider.follow(in_turn(Reply(status=429, retry_after_seconds=1), Reply("Fine.")))
    started = time.monotonic()

    assert [*await asyncio.gather(site.ask(site.here), site.ask(site.there))] == ["Fine."] * 2

    assert time.monotonic() - started >= 1


CREATED: JsonObject = {"type": "response.created", "response": {"model": "m"}}
LIMITED: JsonObject = {"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded"}}}


async def test_a_limit_that_is_told_within_the_stream_is_one_to_come_back_after(build: Build) -> None:
    site = await build(api="responses", max_concurrency=4)
    site.provider.follow(lambda _body: Reply(events=(CREATED, LIMITED)))

    busy = await site.fails(patience_seconds=0)

    assert isinstance(busy, UpstreamBusy)
    assert (busy.code, await site.limit()) == ("rate_limit_exceeded", 2)


async def test_a_provider_that_says_within_the_stream_that_it_fails_is_left_alone_after_a_while(
    build: Build,
) -> None:
    site = await build(api="responses")
    site.provider.follow(lambda _body: Reply(events=(CREATED, {"type": "error", "code": "server_error"})))

    for _ in range(MOST_FAILURES):
        await site.fails(patience_seconds=0)

    assert (await site.gates.figures(site.route)).state == "shut"


async def test_an_empty_account_is_no_reason_to_wait(build: Build) -> None:
    site = await build(max_concurrency=4)
    site.provider.follow(in_turn(Reply(status=429, error={"code": "insufficient_quota"})))

    failure = await site.fails()

    assert not isinstance(failure, UpstreamBusy)
    assert (failure.code, await site.limit(), len(site.provider.requests)) == ("insufficient_quota", 4, 1)


async def test_after_failures_in_a_row_nobody_asks_and_then_one_tries(build: Build) -> None:
    site = await build()
    site.provider.follow(lambda _body: Reply(status=500))
    own = await site.fails(site.here)
    assert (own.code, isinstance(own, UpstreamBusy)) == ("server_error", False)
    assert own.calls == len(site.provider.requests) == MOST_FAILURES

    fast = await site.fails(site.there, patience_seconds=0)
    assert (fast.code, fast.retry_after_seconds, fast.calls) == ("server_is_overloaded", 1, 0)
    assert isinstance(fast, UpstreamBusy)
    assert "in a row" in fast.message
    assert len(site.provider.requests) == MOST_FAILURES

    site.provider.follow(in_turn(Reply("Fine.", held=True), Reply("Fine.")))
    await site.let_pass("shut_until")
    trying = asyncio.create_task(site.ask(site.here))
    assert await asyncio.to_thread(site.provider.saw_requests, 1)
    assert isinstance(await site.fails(site.there, patience_seconds=0), UpstreamBusy)
    assert (await site.gates.figures(site.route)).state == "trial"
    site.provider.released.set()
    assert await trying == "Fine."
    assert await site.ask(site.there) == "Fine."
    assert (await site.gates.figures(site.route)).state == "open"


async def test_a_trial_that_fails_shuts_the_gate_for_twice_as_long(build: Build) -> None:
    site = await build()
    site.provider.follow(lambda _body: Reply(cut_after=0))
    await site.fails()
    shut = []
    for _ in range(8):
        await site.let_pass("shut_until")
        failure = await site.fails(patience_seconds=0)
        assert isinstance(failure, UpstreamBusy)
        shut.append(failure.retry_after_seconds)

    assert shut == [2, 4, 8, 16, 32, 60, 60, 60]
    assert len(site.provider.requests) == MOST_FAILURES + 8


async def test_who_has_the_patience_waits_until_a_gate_that_is_shut_lets_it_try(build: Build) -> None:
    site = await build()
    site.provider.follow(lambda _body: Reply(status=500))
    await site.fails()
    site.provider.follow(in_turn(Reply("Fine.")))

    assert await site.ask(site.there) == "Fine."


async def test_a_trial_is_over_when_the_answer_begins(build: Build) -> None:
    site = await build()
    site.provider.follow(lambda _body: Reply(status=503))
    await site.fails()
    site.provider.follow(in_turn(Reply("This stalls somewhere", hang_after=1)))
    await site.let_pass("shut_until")
    prompt = Prompt("m", [Message(role="user", content="Hi")])

    async with aclosing(site.here.stream(prompt)) as events:
        await anext(events)
        assert (await site.gates.figures(site.route)).state == "open"


async def test_failures_that_are_the_requests_or_not_in_a_row_shut_nothing(build: Build) -> None:
    site = await build()
    for reply in [Reply(status=400), Reply(status=404)] * MOST_FAILURES:
        site.provider.follow(in_turn(reply))
        assert not isinstance(await site.fails(), UpstreamBusy)
    for failure in [Reply(status=500), Reply(status=503, retry_after_seconds=0.01), Reply(cut_after=0)]:
        site.provider.follow(in_turn(failure, Reply("Fine.")))
        *_, ended = [event async for event in site.here.stream(Prompt("m", []))]
        assert isinstance(ended, Finished)
        assert ended.calls == 2


async def test_an_answer_that_was_lost_is_reported_once(redis_url: str) -> None:
    route = Route("only", "http://127.0.0.1:9/v1", (ANY_MODEL,), max_concurrency=4)
    async with StutteringRedis.from_url(redis_url) as store:
        gates = RedisGates(store, SETTINGS)
        for _ in range(MOST_FAILURES - 1):
            entry = await gates.enter(route)
            assert isinstance(entry, Entry)
            assert (await gates.figures(route)).calls == 1
            await gates.leave(route, entry, Report.FAILED)

        assert (await gates.figures(route)).state == "open"


async def test_without_redis_the_gate_is_open() -> None:
    route = Route("only", "http://127.0.0.1:9/v1", (ANY_MODEL,), max_concurrency=1)
    nowhere = connect("redis://127.0.0.1:9", retries=0)
    with ScriptedUpstream(in_turn(Reply("Fine."))) as provider:
        client = new_client(base_url=provider.base_url, api_key=None, timeout_seconds=5)
        async with client, nowhere:
            gates = RedisGates(nowhere, SETTINGS)
            upstream = GuardedUpstream(route, ChatCompletionsUpstream(client), gates, lease_seconds=30)
            events = [event async for event in upstream.stream(Prompt("m", []))]
    assert events
