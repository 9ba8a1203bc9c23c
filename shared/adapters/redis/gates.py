"""Gates in Redis: each method is one call of gates.lua, in one round trip."""

import json
import secrets
from typing import Any, get_args

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.scripts import read_script
from shared.routing import Route
from shared.settings import Settings
from shared.upstream_gate import MOST_PAUSE_SECONDS, Closed, Entry, GateFigures, GateState, Report

SCRIPT = read_script("clock", "gates")

# Of a pause, and of a gate that is shut; each one more in a row is twice as long.
_FIRST_SECONDS = 1.0
_MOST_SHUT_SECONDS = 60.0
_WINDOW_SECONDS = 60.0
_HALVE_SECONDS = 5.0
_TTL_SECONDS = 24 * 3600.0


class RedisGates:
    """The port `Gates` on Redis."""

    def __init__(self, store: Redis, settings: Settings) -> None:
        self._script = store.register_script(SCRIPT)
        self._settings = settings

    async def enter(self, route: Route, owner: str | None = None) -> Entry | Closed:
        """Take a place at the upstream for one lease; the same owner asking again gets the same place."""
        owner = owner or secrets.token_hex(8)
        outcome, detail = await self._run("enter", route, owner=owner)
        match outcome:
            case "in":
                return Entry(owner, on_trial=detail == "trial")
            case "full":
                return Closed("full")
            case _:
                return Closed("shut" if outcome == "shut" else "paused", int(detail) / 1000)

    async def keep(self, route: Route, entry: Entry) -> None:
        """Keep the place for another lease."""
        await self._run("keep", route, owner=entry.owner)

    async def begin(self, route: Route, entry: Entry) -> None:
        """Say that the upstream begins to answer: a gate that was shut is open again."""
        await self._run("begin", route, owner=entry.owner)

    async def leave(self, route: Route, entry: Entry, report: Report, *, pause_seconds: float = 0.0) -> float:
        """Give the place back and say how it went; return for how many seconds the gate is shut now."""
        pause_ms = int(min(pause_seconds, MOST_PAUSE_SECONDS) * 1000)
        _, left = await self._run("leave", route, owner=entry.owner, report=str(report), pause_ms=pause_ms)
        return int(left) / 1000

    async def figures(self, route: Route) -> GateFigures:
        """Return how the gate stands."""
        state, numbers = await self._run("state", route)
        calls, limit = map(int, numbers.split())
        known: dict[str, GateState] = {name: name for name in get_args(GateState)}
        return GateFigures(known[state], calls, limit or None)

    async def _run(self, operation: str, route: Route, **given: Any) -> tuple[str, str]:
        given |= {
            "most": route.max_concurrency or 0,
            "lease_ms": int(self._settings.lease_seconds * 1000),
            "most_failures": self._settings.upstream_max_failures,
            "window_ms": int(_WINDOW_SECONDS * 1000),
            "first_pause_ms": int(_FIRST_SECONDS * 1000),
            "shut_ms": int(_FIRST_SECONDS * 1000),
            "most_shut_ms": int(_MOST_SHUT_SECONDS * 1000),
            "halve_ms": int(_HALVE_SECONDS * 1000),
            "ttl_ms": int(_TTL_SECONDS * 1000),
        }
        outcome, detail = await self._script(keys=keys.gate(route.name), args=[operation, json.dumps(given)])
        return outcome.decode(), detail.decode()
