"""Embedded server: a real Redis-compatible server of our own, durable, reachable by this user alone.

On a loopback port with a random password, which the address file tells this user alone, rather than on a unix
socket: redis-py and Celery want different URLs for a socket (`unix://`, `redis+socket://`), and store and broker must
be seen to be one server.
"""

import secrets
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.address_file import publish_address, withdraw_address
from api.ownership import owned
from api.server_binary import ServerBinary, find_server
from api.tether import signal_group, tethered
from shared.errors import HithertoError

READY_SECONDS = 300.0  # a gigabyte of append-only file loads in a few seconds
STOP_SECONDS = 10.0
POLL_SECONDS = 0.01
PORTS = range(16384, 32768)  # below the ports that kernels give to outgoing connections
PORT_TRIES = 20
LOG_NAME = "server.log"

# By standard input, so that the password is in no list of processes.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory {max_memory_bytes}
maxmemory-policy noeviction
"""


class ServerFailed(HithertoError):
    """The embedded server did not start."""


class EmbeddedServer:
    """A server with its data in `directory`, from `with` until its end or until this process dies.

    Entering returns when the server answers and has loaded its data. Raises DirectoryInUse, ServerMissing,
    ServerFailed. Enter it in a thread that lives as long as the process: the server ends with the thread.
    """

    def __init__(
        self,
        directory: Path,
        *,
        binary: ServerBinary | None = None,
        max_memory_bytes: int = 0,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        """Take where its data is to be, and how much memory that may take; 0: all there is."""
        self.directory = directory
        self.binary = binary or find_server()
        self._max_memory_bytes = max_memory_bytes
        self._stop_seconds = stop_seconds
        self._password = secrets.token_urlsafe(24)
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = -1
        self._held = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._lock = opening.enter_context(owned(self.directory))
            withdraw_address(self.directory)
            opening.callback(self._stop)
            self._start_on_a_free_port()
            opening.callback(withdraw_address, self.directory)
            publish_address(self.directory, self.url)
            self._held = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    @property
    def url(self) -> str:
        """The address, password included, as redis-py and Celery both take it."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int | None:
        """The process's id (off Linux, that of its tether); None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def launch(self) -> None:
        """Start the process; after it died, again at the same address and with the same data.

        Clients find it loading its data first. The log of the process before is kept as `server.log.1`.
        """
        self._stop()
        log_path = self.directory / LOG_NAME
        if log_path.exists():
            log_path.replace(log_path.with_suffix(".log.1"))
        with TemporaryFile() as configuration, log_path.open("wb") as log:
            configuration.write(self._configuration().encode())
            configuration.seek(0)
            self._process = subprocess.Popen(  # noqa: S603 - a server that we chose
                tethered([str(self.binary.path), "-"]),
                cwd=self.directory,
                stdin=configuration,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[self._lock],
            )

    def _configuration(self) -> str:
        return CONFIGURATION.format(
            port=self._port, password=self._password, max_memory_bytes=self._max_memory_bytes
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        with redis.Redis.from_url(self.url, socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
            while not _answers(client) and self.pid and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            # Asked last: another process may have answered, at a port that was free a moment ago.
            if self.pid is None or not _answers(client):
                raise ServerFailed(f"{self.binary.name} did not start: {self._last_words()}")

    def _start_on_a_free_port(self) -> None:
        for tries_left in reversed(range(PORT_TRIES)):
            self._port = _free_port()
            self.launch()
            try:
                self._wait_until_ready()
            except ServerFailed:
                if not tries_left or "Address already in use" not in self._last_words():
                    raise
            else:
                return

    def _last_words(self) -> str:
        return (self.directory / LOG_NAME).read_text(errors="replace")[-600:].strip() or "it said nothing"

    def _stop(self) -> None:
        if self._process is None:
            return
        if self.pid:
            signal_group(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError, redis.ResponseError):
        return False  # not listening yet, loading its data, or not ours


def _free_port() -> int:
    for _ in range(PORT_TRIES):
        port = PORTS[secrets.randbelow(len(PORTS))]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise ServerFailed("no free port was found on the loopback interface")
