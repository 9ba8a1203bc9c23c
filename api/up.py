"""Up: the whole house on one machine: embedded server, workers and API, as children of one process."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from api.address_file import embedded_directory
from api.crew import (
    COMPACTION_CONCURRENCY,
    GENERATION_CONCURRENCY,
    Crew,
    module_command,
    worker_command,
)
from api.embedded import EmbeddedServer
from api.front_door import base_url, is_ready, listen
from api.narrator import Narrator, upstream_in_words, without_password
from api.supervisor import Program, Supervisor
from shared.settings import Settings

API_NAME = "api"
API_GRACE_SECONDS = 15.0
DRAIN_SECONDS = 60.0
PROBE_SECONDS = 0.1
SERVER_CHECK_SECONDS = 1.0
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_up(settings: Settings, crew: Crew, narrator: Narrator) -> int:
    """Run everything until Ctrl-C or SIGTERM; return the exit code, with nothing left running.

    Raises CannotListen when the port is taken, and what EmbeddedServer raises.
    """
    with ExitStack() as held:
        listener = held.enter_context(listen(settings.host, settings.port))
        server = None if settings.redis_url else held.enter_context(_embedded(settings))
        narrator.introduce(_rows(settings, crew, server, base_url(listener)))
        stages = _stages(crew, _environment(settings, listener, server), listener)
        return asyncio.run(_House(stages, narrator, server, base_url(listener)).live())


class _House:
    """What happens between the first and the last line of `hitherto up`."""

    def __init__(
        self,
        stages: tuple[list[Program], list[Program]],
        narrator: Narrator,
        server: EmbeddedServer | None,
        url: str,
    ) -> None:
        self._supervisor = Supervisor(stages, self)
        self._narrator = narrator
        self._server = server
        self._url = url
        self._stop = asyncio.Event()
        self._is_ready = False
        self._failed = False

    async def live(self) -> int:
        """Run until asked to end; return the exit code."""
        with _on_ending_signals(self._ask_to_end):
            async with asyncio.TaskGroup() as tasks:
                watches = [tasks.create_task(self._watch_api()), tasks.create_task(self._watch_server())]
                await self._supervisor.run(self._stop)
                for watch in watches:
                    watch.cancel()
        if not self._failed:
            self._narrator.good("ended")
        return int(self._failed)

    def said(self, program: Program, line: str) -> None:
        self._narrator.quote(program.name, line)

    def died(self, program: Program, exit_code: int, pause_seconds: float) -> bool:
        if program.name == API_NAME and not self._is_ready:
            self._narrator.odd(f"the API did not start (exit code {exit_code}): ending")
            self._failed = True
            self._stop.set()
            return False
        self._narrator.odd(
            f"{program.name} ended by itself (exit code {exit_code}): again in {pause_seconds:.0f} s"
        )
        return True

    def _ask_to_end(self) -> None:
        if self._stop.is_set():
            self._narrator.odd("ending at once")
            self._supervisor.kill()
            return
        self._stop.set()
        self._narrator.odd("ending: turns that run are given back to the queue (Ctrl-C again: at once)")

    async def _watch_api(self) -> None:
        began = time.monotonic()
        while not await asyncio.to_thread(is_ready, self._url):  # noqa: ASYNC110 - another process sets no Event
            await asyncio.sleep(PROBE_SECONDS)
        self._is_ready = True
        self._narrator.good(
            f"ready after {time.monotonic() - began:.1f} s at {self._url}  (Ctrl-C ends it all)"
        )

    async def _watch_server(self) -> None:
        while self._server:
            await asyncio.sleep(SERVER_CHECK_SECONDS)
            if self._server.pid is None:
                self._narrator.odd(f"{self._server.binary.name} ended by itself: started again")
                self._server.launch()


@contextmanager
def _on_ending_signals(end: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    # `nohup` has the terminal's end ignored: so be it.
    heard = [number for number in ENDING_SIGNALS if number != signal.SIGHUP or not _is_ignored(number)]
    for number in heard:
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)


def _is_ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


def _embedded(settings: Settings) -> EmbeddedServer:
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Without a limit it would grow until the machine ends it, and new work would never be refused.
    limit = settings.embedded_max_memory_bytes or _memory_of_machine() // 2
    return EmbeddedServer(embedded_directory(settings), max_memory_bytes=limit)


def _memory_of_machine() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _rows(
    settings: Settings, crew: Crew, server: EmbeddedServer | None, url: str
) -> Iterator[tuple[str, str]]:
    yield "API", f"{url}/v1   (docs at /docs)"
    yield "workers", f"{crew.generation} generation and housekeeping, {crew.compaction} compaction"
    if server:
        yield "Redis", f"{server.binary.name}, embedded, data in {server.directory}"
    else:
        yield "Redis", without_password(settings.redis_url or "")
    yield "upstream", upstream_in_words(settings)


def _environment(
    settings: Settings, listener: socket.socket, server: EmbeddedServer | None
) -> dict[str, str]:
    # The same code for every child, whatever packages the working directory happens to contain.
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    ours = {
        "HITHERTO_HOST": settings.host,
        "HITHERTO_PORT": str(listener.getsockname()[1]),
        "HITHERTO_REDIS_URL": server.url if server else settings.redis_url or "",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **ours}


def _stages(
    crew: Crew, environment: Mapping[str, str], listener: socket.socket
) -> tuple[list[Program], list[Program]]:
    """The API ends first, so that nothing new comes in while the workers finish."""
    door = listener.fileno()
    command = module_command("api", "api", "--listen-fd", str(door), "--log-level", "warning")
    return [Program(API_NAME, command, environment, API_GRACE_SECONDS, (door,))], list(
        _workers(crew, environment)
    )


def _workers(crew: Crew, environment: Mapping[str, str]) -> Iterator[Program]:
    for number in range(1, crew.generation + 1):
        # Housekeeping waits for other people's servers, which would hold up the few who compact.
        queues = "generation,housekeeping" if number == 1 else "generation"
        command = worker_command(queues, GENERATION_CONCURRENCY)
        yield Program(f"generation-{number}", command, environment, DRAIN_SECONDS)
    for number in range(1, crew.compaction + 1):
        command = worker_command("compaction", COMPACTION_CONCURRENCY)
        yield Program(f"compaction-{number}", command, environment, DRAIN_SECONDS)
