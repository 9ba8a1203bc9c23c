"""What was learned of how models count, in Redis: sums for each model, read at most every few seconds."""

import hashlib
import time
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.scripts import read_script
from shared.errors import StoreUnreachable
from shared.routing import Route, Routes
from shared.window.calibration import EXACT, Correction, Evidence, Size, correction_from, report_of
from shared.window.families import factor_of
from shared.wire.responses import Usage

SCRIPT = read_script("calibration")

_FRESH_SECONDS = 5.0
_KEPT_SECONDS = 30 * 24 * 3600
# Names that clients make up are no reason to grow.
_MOST_REMEMBERED = 1000

# As the script numbers them.
_FIELDS = [str(number) for number in range(len(Evidence().sums))]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Known:
    """What was known of a model at a time of the monotonic clock."""

    evidence: Evidence
    at_seconds: float


class RedisCalibration:
    """The port `Calibration` on Redis. Models are told apart by their upstream and its name for them."""

    def __init__(
        self,
        store: Redis,
        routes: Routes,
        *,
        encoding: str = "o200k_base",
        fresh_seconds: float = _FRESH_SECONDS,
    ) -> None:
        """Take the encoding that we count by, and how old what is known may be before the store is asked."""
        self._counted_in = encoding.partition("_")[0]
        self._store = store
        self._script = store.register_script(SCRIPT)
        self._routes = routes
        self._fresh_seconds = fresh_seconds
        self._known: dict[str, _Known] = {}

    async def correction(self, model: str) -> Correction:
        """Return what corrects our counts for the model, at most some seconds old."""
        route = self._learning(model)
        if route is None:
            return EXACT
        name = self._name(route, model)
        known = self._known.get(name)
        if known is None or time.monotonic() - known.at_seconds > self._fresh_seconds:
            known = await self._read(name, known)
        return correction_from(known.evidence, prior=self._prior(model))

    async def learn(self, model: str, size: Size, usage: Usage) -> None:
        """Learn from a report, if it is plausible."""
        route = self._learning(model)
        if route is None:
            return
        name, prior = self._name(route, model), self._prior(model)
        known = self._known.get(name)
        evidence = known.evidence if known else Evidence()
        report = report_of(size, usage, evidence=evidence, prior=prior)
        if report is None:
            return
        sums = [repr(each) for each in report.evidence.sums]
        try:
            added = await self._script(keys=[name], args=[_KEPT_SECONDS * 1000, repr(report.keep), *sums])
        except (StoreUnreachable, RedisError) as error:
            _log.warning("calibration_not_kept", error=_reason(error))
            return
        self._remember(name, Evidence(*map(float, added)))

    def _learning(self, model: str) -> Route | None:
        # The offline upstream counts as we do: there is nothing to learn.
        route = self._routes.find(model)
        return route if route is not None and route.base_url is not None else None

    def _prior(self, model: str) -> float:
        route = self._routes.find(model)
        if route is None:
            return 1.0
        name = route.provider_name(model)
        return factor_of(name, family=route.tokenizer, counted_in=self._counted_in)

    async def _read(self, name: str, known: _Known | None) -> _Known:
        try:
            sums = await answer(self._store.hmget(name, _FIELDS))
        except (StoreUnreachable, RedisError) as error:
            _log.warning("calibration_not_read", error=_reason(error))
            return known or _Known(Evidence(), time.monotonic())
        return self._remember(name, Evidence(*(float(each or 0) for each in sums)))

    def _remember(self, name: str, evidence: Evidence) -> _Known:
        self._known.pop(name, None)
        while len(self._known) >= _MOST_REMEMBERED:
            self._known.pop(next(iter(self._known)))
        self._known[name] = known = _Known(evidence, time.monotonic())
        return known

    def _name(self, route: Route, model: str) -> str:
        # What was learned of one encoding's counts says nothing about another's.
        asked = f"{self._counted_in}\n{route.name}\n{route.provider_name(model)}"
        return keys.calibration(hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest())


def _reason(error: StoreUnreachable | RedisError) -> str:
    return error.reason if isinstance(error, StoreUnreachable) else type(error).__name__
