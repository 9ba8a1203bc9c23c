"""The processes of a chaos run under a supervisor: what ends, for whatever reason, is started again."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from api.embedded import EmbeddedServer
from api.tether import signal_group
from tests.chaos.schedule import Fault, Kind
from tests.fixtures.house import House, Process

API_PROCESSES = WORKERS = 2
_CONCURRENCY = 64
_STARTS_AGAIN_SECONDS = 0.5
# A process that could not start has noticed, and is gone, so soon after Redis is back.
_OUTAGE_IS_FELT_SECONDS = 5.0


@dataclass(slots=True)
class Post:
    """A place for one process: `start` fills it."""

    start: Callable[[], Process]
    process: Process
    starts_at: float = 0.0

    def keep(self) -> bool:
        """Start the process again when it has ended and its time has come; whether it has just ended."""
        if self.process.child.poll() is None:
            return False
        if not self.starts_at:
            self.starts_at = time.monotonic() + _STARTS_AGAIN_SECONDS
            return True
        if time.monotonic() >= self.starts_at:
            self.process, self.starts_at = self.start(), 0.0
        return False

    def kill(self, *, for_seconds: float) -> None:
        """Kill the process; it is started again after so long."""
        self.process.signal(signal.SIGKILL)
        self.process.child.wait()
        self.starts_at = time.monotonic() + for_seconds


@dataclass(slots=True)
class Death:
    """A worker that was killed, by its name at the provider, and when (monotonic)."""

    worker: str
    at_seconds: float


@dataclass(slots=True)
class Staff:
    """Two API processes and two workers over a Redis of their own. Only the main thread may use it."""

    house: House
    redis: EmbeddedServer
    addresses: list[str] = field(default_factory=list)
    apis: list[Post] = field(default_factory=list)
    workers: list[Post] = field(default_factory=list)
    leaving: list[Process] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    struck: Counter[Kind] = field(default_factory=Counter)
    # Processes that ended by themselves while Redis was out: what starts then does.
    gave_up: Counter[str] = field(default_factory=Counter)
    # Those that did while Redis could be reached, which none does.
    crashed: list[str] = field(default_factory=list)
    _names: dict[int, str] = field(default_factory=dict)
    # What is to be undone when: a frozen process thawed, Redis started again.
    _cures: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    _redis_is_out_until: float = 0.0

    def start(self) -> None:
        """Start all, and return when all take work."""
        for _ in range(WORKERS):
            self.workers.append(Post(self._launch_worker, self._launch_worker()))
        self.addresses += self.house.start(apis=API_PROCESSES, workers=0)
        for address, process in zip(self.addresses, self.house.processes[-API_PROCESSES:], strict=True):
            port = int(address.removesuffix("/v1").rpartition(":")[2])
            self.apis.append(Post(partial(self.house.launch_api, port), process))
        for post in self.workers:
            self.house.wait_until_ready(post.process)

    def name_of_worker(self, victim: int) -> str:
        """Return what the provider knows a worker by."""
        return self._names[self.workers[victim].process.child.pid]

    def strike(self, fault: Fault) -> None:
        """Let a fault happen; `tick` undoes it in time."""
        self.struck[fault.kind] += 1
        worker, api = self.workers[fault.victim], self.apis[fault.victim]
        match fault.kind:
            case Kind.KILL_WORKER:
                self.deaths.append(Death(self._names[worker.process.child.pid], time.monotonic()))
                worker.kill(for_seconds=fault.lasts_seconds)
            case Kind.KILL_API:
                api.kill(for_seconds=fault.lasts_seconds)
            case Kind.DRAIN_WORKER:
                worker.process.signal(signal.SIGTERM)
                self.leaving.append(worker.process)
                worker.process, worker.starts_at = self._launch_worker(), 0.0
            case Kind.FREEZE_WORKER | Kind.FREEZE_API:
                process = (worker if fault.kind is Kind.FREEZE_WORKER else api).process
                process.signal(signal.SIGSTOP)
                self._cure(fault, lambda: process.signal(signal.SIGCONT))
            case Kind.KILL_REDIS:
                self._signal_redis(signal.SIGKILL)
                self._cure(fault, self._restart_redis)
            case Kind.FREEZE_REDIS:
                self._signal_redis(signal.SIGSTOP)
                self._cure(fault, lambda: self._signal_redis(signal.SIGCONT))

    def tick(self) -> None:
        """Undo what is due, and start again what has ended."""
        now = time.monotonic()
        due = [cure for at, cure in self._cures if at <= now]
        self._cures = [(at, cure) for at, cure in self._cures if at > now]
        for cure in due:
            cure()
        for post in [*self.apis, *self.workers]:
            if post.keep():
                self._ended_by_itself(post.process)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to undo."""
        return not self._cures and not any(post.starts_at for post in [*self.apis, *self.workers])

    def _ended_by_itself(self, process: Process) -> None:
        if time.monotonic() < self._redis_is_out_until:
            self.gave_up[process.name] += 1
        else:
            self.crashed.append(
                f"{process.name} ended by itself with {process.child.poll()}: {process.log.name}"
            )

    def _launch_worker(self) -> Process:
        name = f"worker-{len(self._names)}"
        # The provider tells workers apart by their keys.
        self.house.settings["UPSTREAM_API_KEY"] = name
        worker = self.house.launch_worker(concurrency=_CONCURRENCY)
        self._names[worker.child.pid] = name
        return worker

    def _cure(self, fault: Fault, cure: Callable[[], None]) -> None:
        if fault.kind in (Kind.KILL_REDIS, Kind.FREEZE_REDIS):
            over = time.monotonic() + fault.lasts_seconds + _OUTAGE_IS_FELT_SECONDS
            self._redis_is_out_until = max(self._redis_is_out_until, over)
        self._cures.append((time.monotonic() + fault.lasts_seconds, cure))

    def _signal_redis(self, number: signal.Signals) -> None:
        if self.redis.pid is not None:
            signal_group(self.redis.pid, number)

    def _restart_redis(self) -> None:
        # Frozen meanwhile, or killed twice: it ends before it starts again.
        self._signal_redis(signal.SIGKILL)
        self.redis.launch()
