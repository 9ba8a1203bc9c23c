"""A chaos run: the load in a thread of its own, the faults in this one, and the oracle when all is quiet."""

import asyncio
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.embedded import EmbeddedServer
from shared.services import open_services
from shared.settings import Settings
from tests.chaos.doors import Doors
from tests.chaos.load import Story
from tests.chaos.logged import errors_logged
from tests.chaos.news import WEBHOOK_PATH, WEBHOOK_SECRET, wrong_with_webhooks
from tests.chaos.oracle import compactions_ended, violations
from tests.chaos.orders import draw_sessions
from tests.chaos.provider import SUMMARIZER, Provider
from tests.chaos.report import recoveries, told_recoveries, told_run
from tests.chaos.schedule import Fault, draw_schedule
from tests.chaos.staff import Staff
from tests.chaos.strays import ring_strays
from tests.chaos.submitting import ENDS_SECONDS, Submitting
from tests.fixtures.house import House
from tests.fixtures.webhook_receiver import WebhookReceiver

GRACE_SECONDS = 1.0
_TICK_SECONDS = 0.05
_STRAYS_SECONDS = 1.0
_WAITS_FOR_WORK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of: everything but the order in which processes get to run follows from it."""

    seed: int
    responses: int
    faults: int
    span_seconds: float
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: broken promises, and the lines of its report."""

    violations: list[str]
    report: list[str]


def run_chaos(plan: Plan, directory: Path) -> Outcome:
    """Run the plan over processes of its own; nothing is left of them. Call it from the main thread."""
    sessions = draw_sessions(plan.seed, plan.responses, span_seconds=plan.span_seconds)
    provider = Provider([order for session in sessions for order in session.orders])
    with _outside(directory, provider) as (redis, receiver), _housed(redis, directory) as house:
        house.settings = _settings(plan, provider.upstream.base_url, receiver.address)
        staff = Staff(house, redis)
        staff.start()
        began = time.monotonic()
        load = Submitting(staff.addresses, sessions)
        strays, unstruck = _torment(plan, staff, load, provider)
        found, seconds = load.join(), time.monotonic() - began
        found += unstruck + _unended(staff) + staff.crashed
        found += asyncio.run(_judged(load.stories, provider, staff, receiver))
        found += errors_logged(house.processes)
    found += [
        f"{process.name} is left running" for process in house.processes if process.child.poll() is None
    ]
    recovered = recoveries(staff.deaths, provider.calls)
    counted: dict[str, Mapping[str, int]] = {
        "faults": {kind.value: count for kind, count in staff.struck.items()},
        "processes that ended while Redis was out": staff.gave_up,
        "what clients asked again for": load.refusals,
        "model calls": Counter(call.fate for calls in provider.calls.values() for call in calls),
        "stray doorbells": {"rung": strays},
    }
    lines = [
        f"chaos: seed {plan.seed}, lease {plan.lease_seconds:g} s, {seconds:.0f} s of load",
        *told_run(load.stories, counted, told_recoveries(recovered, lease_seconds=plan.lease_seconds)),
        f"  {len(found)} violations",
    ]
    return Outcome(found, lines)


def _torment(plan: Plan, staff: Staff, load: Submitting, provider: Provider) -> tuple[int, list[str]]:
    """Carry the schedule out, and mend everything after it.

    Return how many stray doorbells were rung, and the faults for which there was no time.
    """
    chance = random.Random(f"strays {plan.seed}")
    faults = draw_schedule(
        plan.seed, plan.faults, span_seconds=plan.span_seconds, lease_seconds=plan.lease_seconds
    )
    began = time.monotonic()
    strays, next_strays = 0, _STRAYS_SECONDS
    ends = plan.span_seconds + ENDS_SECONDS
    while faults or not staff.is_whole or not load.is_over:
        now = time.monotonic() - began
        if faults and _is_its_time(faults[0], now, staff, provider):
            staff.strike(faults.pop(0))
        staff.tick()
        if now >= next_strays:
            ids = [story.id for story in list(load.stories) if story.id]
            strays += ring_strays(staff.redis.url, ids, chance)
            next_strays = now + _STRAYS_SECONDS
        if now > ends:
            break
        time.sleep(_TICK_SECONDS)
    return strays, [f"{fault.kind} did not strike: there was no time" for fault in faults]


def _is_its_time(fault: Fault, now: float, staff: Staff, provider: Provider) -> bool:
    """Whether a fault strikes now. One that meets a worker without work shows nothing: it waits a little."""
    late = now - fault.at_seconds
    if late < 0 or not fault.kind.is_a_workers:
        return late >= 0
    return late > _WAITS_FOR_WORK_SECONDS or provider.is_asked_by(staff.name_of_worker(fault.victim))


def _unended(staff: Staff) -> list[str]:
    """Return which drained workers did not end, or not as they should."""
    found = []
    for process in staff.leaving:
        try:
            code = process.child.wait(ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        if code == -signal.SIGTERM and "worker_ready" not in process.log.read_text():
            continue  # it had not begun to listen, nor to work
        # One that was killed while it was drained, or frozen and killed, ends by that signal.
        if code not in (0, -9):
            found.append(f"a drained worker ended with {code}: {process.log.name}")
    return found


async def _judged(
    stories: Sequence[Story], provider: Provider, staff: Staff, receiver: WebhookReceiver
) -> list[str]:
    async with (
        Doors(staff.addresses) as doors,
        open_services(Settings(redis_url=staff.redis.url)) as services,
    ):
        # First: it waits until all is quiet, and all has been told.
        found = await violations(stories, provider, doors, services)
        compactions = await compactions_ended(services)
        return [*found, *wrong_with_webhooks(receiver.received(WEBHOOK_PATH, 0), stories, compactions)]


def _settings(plan: Plan, upstream: str, receiver: str) -> dict[str, str]:
    return {
        "WEBHOOK_URL": receiver + WEBHOOK_PATH,
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "WEBHOOK_RETRY_SECONDS": "0.5",
        "UPSTREAM_BASE_URL": upstream,
        "UPSTREAM_TIMEOUT_SECONDS": "4",
        "SUMMARIZER": "model",
        "SUMMARIZER_MODEL": SUMMARIZER,
        # Room for portions of about 600 tokens, beside the rules.
        "SUMMARIZER_WINDOW_TOKENS": "2600",
        "LEASE_SECONDS": str(plan.lease_seconds),
        "DRAIN_GRACE_SECONDS": str(GRACE_SECONDS),
        # A turn may be met by each of the faults: to be given up would be right, and tell us nothing.
        "MAX_ATTEMPTS": str(plan.faults + 1),
    }


@contextmanager
def _outside(directory: Path, provider: Provider) -> Iterator[tuple[EmbeddedServer, WebhookReceiver]]:
    """Start what is not ours: Redis, the model provider, and a receiver of webhooks that fails now and then."""
    with EmbeddedServer(directory / "redis") as redis, provider.upstream, WebhookReceiver() as receiver:
        receiver.statuses[WEBHOOK_PATH] = [500, 204, 204, 503, 204, 204, 204, 429] * 5
        yield redis, receiver


@contextmanager
def _housed(redis: EmbeddedServer, directory: Path) -> Iterator[House]:
    house = House(redis.url, directory)
    try:
        yield house
    finally:
        house.end()
