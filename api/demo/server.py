"""The server of the demonstration: `hitherto up` as a child process with a data directory of its own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.front_door import is_ready, listen
from api.tether import signal_group, tethered
from shared.errors import HithertoError

HOST = "127.0.0.1"
READY_SECONDS = 40.0
END_SECONDS = 20.0
PROBE_SECONDS = 0.1
LOG_TAIL_LINES = 30
LOG_TAIL_BYTES = 64 * 1024


class DemoFailed(HithertoError):
    """The demonstration cannot go on."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running `hitherto up`: where it answers, what it wrote, which process it is."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]

    def wait_until_ready(self) -> None:
        """Return when /readyz answers 200. Raises DemoFailed when it ends before, or takes 40 s."""
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready(self.url):
            if self.process.poll() is not None:
                raise DemoFailed(f"hitherto up ended by itself (exit code {self.process.returncode}).")
            if time.monotonic() > deadline:
                raise DemoFailed(f"hitherto up was not ready within {READY_SECONDS:.0f} s.")
            time.sleep(PROBE_SECONDS)

    def last_lines(self) -> str:
        """Return the end of what the server wrote: at most 30 lines of its last 64 KB."""
        written = self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")
        return "\n".join(written.splitlines()[-LOG_TAIL_LINES:])

    def end(self) -> None:
        """End the server and wait for it; after 20 s it is killed."""
        signal_group(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def temporary_server() -> Iterator[Server]:
    """Start a server on the embedded defaults; it and its data are gone when the block ends, however it does."""
    # The server may still be writing its last file when it has to be killed.
    with tempfile.TemporaryDirectory(prefix="hitherto-demo-", ignore_cleanup_errors=True) as directory:
        server = _start(Path(directory))
        try:
            yield server
        finally:
            server.end()


def embedded_defaults(environment: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return the environment of a server that keeps its data in `directory` and asks no provider.

    Every setting and key of the person at the terminal is left out: the demonstration must cost nothing.
    """
    kept = {
        name: value for name, value in environment.items() if not name.startswith(("HITHERTO_", "OPENAI_"))
    }
    paths = [str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")]
    return {
        **kept,
        "HITHERTO_DATA_DIR": str(directory / "data"),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
    }


def _start(directory: Path) -> Server:
    with listen(HOST, 0) as door:
        port = door.getsockname()[1]
    log = directory / "server.log"
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - our own command
            tethered([sys.executable, "-P", "-m", "api", "up", "--host", HOST, "--port", str(port)]),
            env=embedded_defaults(os.environ, directory),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the demonstration, which then ends the server in order
        )
    return Server(f"http://{HOST}:{port}", log, process)
