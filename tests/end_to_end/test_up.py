"""`hitherto up`: everything from one command, and everything ended by one signal."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.fixtures.conversations import long_conversation
from tests.fixtures.house import House, bare_environment
from tests.fixtures.polling import create, finished


def test_one_command_runs_everything_keeps_its_data_and_leaves_nothing_behind(tmp_path: Path) -> None:
    house, first = House("", tmp_path), Up(tmp_path)
    client = house.client(first.address)
    queued = create(client, model="hitherto-offline", input=long_conversation())
    assert queued.status == "queued"
    assert [item.type for item in finished(client, queued.id).output] == ["compaction", "message"]
    family = psutil.Process(first.child.pid).children(recursive=True)
    assert len(family) >= 4
    assert first.end() == 0
    assert psutil.wait_procs(family, timeout=5)[1] == []

    again = Up(tmp_path)
    client = house.client(again.address)
    assert client.responses.retrieve(queued.id).status == "completed"
    house.end()
    assert again.end() == 0


class Up:
    """A running `hitherto up` with its data in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / f"up-{time.monotonic_ns()}.log"
        with self.log.open("wb") as output:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "api", "up", "--port", "0"],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=bare_environment() | {"HITHERTO_DATA_DIR": str(directory / "data"), "COLUMNS": "100"},
                start_new_session=True,
            )
        self.address = f"{self._ready()}/v1"

    def end(self) -> int:
        """Ask it to end, and return its exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(30)

    def _ready(self) -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.child.poll() is None:
            ready = re.search(r"ready after .* at (http://\S+)", self.log.read_text())
            if ready:
                return ready[1]
            time.sleep(0.05)
        raise RuntimeError(self.log.read_text())
