"""An upstream behind its gate: it is asked as often, and as much at a time, as it can bear."""

import asyncio
import math
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

import structlog

from shared.ending import end_task, to_its_end
from shared.errors import StoreUnreachable, UpstreamBusy, UpstreamError
from shared.jitter import jittered
from shared.ports import Gates, ProviderCompaction, Upstream
from shared.prompt import CompactedItems, Finished, Prompt, UpstreamEvent
from shared.routing import Route
from shared.upstream_gate import Closed, Entry, Report

_TRIES = 3
_FIRST_PAUSE_SECONDS, _MOST_PAUSE_SECONDS = 0.5, 8.0
# How often somebody looks who waits for a place, and when to come back who waited in vain.
_LOOK_SECONDS, _COME_BACK_SECONDS = 0.1, 2
_RENEWALS = 3

_log = structlog.get_logger()


@dataclass(slots=True)
class _Asking:
    """One prompt on its way to the upstream: what is left of its patience and of its tries."""

    patience_seconds: float
    began: float = field(default_factory=time.monotonic)
    tries: int = 0
    shut_seconds: float = 0.0

    @property
    def left_seconds(self) -> float:
        return self.patience_seconds - (time.monotonic() - self.began)

    def counted(self, event: UpstreamEvent) -> UpstreamEvent:
        """Return the event; the last one says how often the upstream was asked."""
        return replace(event, calls=self.tries + 1) if isinstance(event, Finished) else event

    async def wait(self, seconds: float, busy: UpstreamBusy) -> None:
        """Wait, or raise `busy` where that takes too long."""
        if seconds > self.left_seconds:
            raise busy
        await asyncio.sleep(seconds)

    async def try_again(self, error: UpstreamError) -> None:
        """Wait until the next try after `error`; raise what is to be told where there is none."""
        self.tries += 1
        try:
            await self._wait_after(error)
        except UpstreamError as told:
            told.calls = self.tries
            raise

    async def _wait_after(self, error: UpstreamError) -> None:
        if not error.is_transient:
            raise error
        limited = error.status == 429
        pause = error.retry_after_seconds
        seconds = _pause_seconds(self.tries) if pause is None else pause
        told = _refused(error, seconds) if limited else error
        if self.tries >= _TRIES:
            raise told
        if self.shut_seconds and self.shut_seconds > self.left_seconds:
            raise _shut(self.shut_seconds) from error
        if seconds > self.left_seconds:
            # Where the provider named a time, whoever can comes back then.
            raise told if pause is None else _refused(error, seconds)
        await asyncio.sleep(seconds)


class GuardedUpstream:
    """Asks an upstream when its gate lets it, and again when a failure before the first event was transient.

    Besides what the upstream raises it raises UpstreamBusy when it cannot be asked within the prompt's patience.
    Where Redis does not answer, the gate is open.
    """

    def __init__(self, route: Route, upstream: Upstream, gates: Gates, *, lease_seconds: float) -> None:
        self._route = route
        self._upstream = upstream
        self._gates = gates
        self._lease_seconds = lease_seconds

    async def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        """Yield the answer, as the port promises."""
        asking = _Asking(prompt.patience_seconds)
        begun = False
        while True:
            try:
                async with self._place(asking) as entry, aclosing(self._upstream.stream(prompt)) as answer:
                    async for event in answer:
                        if not begun:
                            begun = True
                            await self._begin(entry)
                        yield asking.counted(event)
            except UpstreamBusy as error:
                error.calls = asking.tries
                raise
            except UpstreamError as error:
                if begun:
                    error.calls = asking.tries + 1
                    raise
                await asking.try_again(error)
            else:
                return

    async def list_models(self) -> Sequence[str]:
        """Return the names that the provider lists."""
        return await self._upstream.list_models()

    async def compact(self, provider: ProviderCompaction, prompt: Prompt) -> CompactedItems:
        """Return what `provider`, which is this upstream, leaves of the prompt's items."""
        asking = _Asking(prompt.patience_seconds)
        while True:
            try:
                async with self._place(asking):
                    return await provider.compact(prompt)
            except UpstreamBusy:
                raise
            except UpstreamError as error:
                await asking.try_again(error)

    @asynccontextmanager
    async def _place(self, asking: _Asking) -> AsyncIterator[Entry | None]:
        entry = await self._enter(asking)
        keeping = asyncio.create_task(self._keep(entry))
        report, pause_seconds = Report.UNKNOWN, 0.0
        try:
            yield entry
            report = Report.ANSWERED
        except UpstreamError as error:
            report = _report(error)
            pause_seconds = error.retry_after_seconds or _FIRST_PAUSE_SECONDS
            raise
        finally:
            # Whoever ends the turn asks again soon: the place would be taken until its lease runs out.
            asking.shut_seconds = await to_its_end(self._give_back(keeping, entry, report, pause_seconds))

    async def _enter(self, asking: _Asking) -> Entry | None:
        owner = secrets.token_hex(8)
        while True:
            try:
                entry = await self._gates.enter(self._route, owner)
            except asyncio.CancelledError:
                # It may have been let in already, and only the answer is missing.
                await to_its_end(self._leave(Entry(owner), Report.UNKNOWN, 0.0))
                raise
            except StoreUnreachable as error:
                _log.warning("gate_not_asked", upstream=self._route.name, error=error.reason)
                return None
            if isinstance(entry, Entry):
                return entry
            await self._wait_outside(entry, asking)

    async def _wait_outside(self, closed: Closed, asking: _Asking) -> None:
        match closed.why:
            case "shut":
                await asking.wait(closed.seconds, _shut(closed.seconds))
            case "paused":
                await asking.wait(closed.seconds, _paused(closed.seconds))
            case "full":
                await asking.wait(jittered(_LOOK_SECONDS, 0.5, 1.5), _full())

    async def _begin(self, entry: Entry | None) -> None:
        if entry is None or not entry.on_trial:
            return
        try:
            await self._gates.begin(self._route, entry)
        except StoreUnreachable as error:
            _log.warning("gate_not_told", upstream=self._route.name, error=error.reason)

    async def _keep(self, entry: Entry | None) -> None:
        while entry is not None:
            await asyncio.sleep(self._lease_seconds / _RENEWALS)
            try:
                await self._gates.keep(self._route, entry)
            except StoreUnreachable as error:
                _log.warning("gate_not_told", upstream=self._route.name, error=error.reason)

    async def _give_back(
        self, keeping: asyncio.Task[None], entry: Entry | None, report: Report, pause_seconds: float
    ) -> float:
        await end_task(keeping)
        return await self._leave(entry, report, pause_seconds)

    async def _leave(self, entry: Entry | None, report: Report, pause_seconds: float) -> float:
        if entry is None:
            return 0.0
        try:
            return await self._gates.leave(self._route, entry, report, pause_seconds=pause_seconds)
        except StoreUnreachable as error:
            # The place is free again when its lease runs out.
            _log.warning("gate_not_told", upstream=self._route.name, error=error.reason)
            return 0.0


@dataclass(frozen=True, slots=True)
class GuardedCompaction:
    """The port `ProviderCompaction` behind the gate of its upstream."""

    guarded: GuardedUpstream
    provider: ProviderCompaction

    async def compact(self, prompt: Prompt) -> CompactedItems:
        """Return what is left of the prompt's items."""
        return await self.guarded.compact(self.provider, prompt)


def _report(error: UpstreamError) -> Report:
    if error.is_outage:
        return Report.FAILED
    if error.status == 429 and error.is_transient:
        return Report.LIMITED
    # That the provider refuses a request says that it answers.
    return Report.ANSWERED if error.status is not None else Report.UNKNOWN


def _pause_seconds(tries: int) -> float:
    longest = min(_FIRST_PAUSE_SECONDS * 2.0 ** (tries - 1), _MOST_PAUSE_SECONDS)
    return jittered(longest, 0.75, 1)


def _refused(error: UpstreamError, seconds: float) -> UpstreamBusy:
    return UpstreamBusy(
        error.message, code=error.code, status=error.status, retry_after_seconds=max(math.ceil(seconds), 1)
    )


def _shut(seconds: float) -> UpstreamBusy:
    return UpstreamBusy(
        f"The model provider failed several times in a row: it is left alone for {math.ceil(seconds)} s.",
        code="server_is_overloaded",
        retry_after_seconds=max(math.ceil(seconds), 1),
    )


def _paused(seconds: float) -> UpstreamBusy:
    return UpstreamBusy(
        f"The model provider takes no requests for {math.ceil(seconds)} s.",
        code="rate_limit_exceeded",
        retry_after_seconds=max(math.ceil(seconds), 1),
    )


def _full() -> UpstreamBusy:
    return UpstreamBusy(
        "The model provider is answering as many requests as it may.",
        code="rate_limit_exceeded",
        retry_after_seconds=_COME_BACK_SECONDS,
    )
