"""The supervisor keeps programs running, ends them in order, and leaves nothing behind."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from api.supervisor import Program, Supervisor
from api.tether import tethered

# Says "up", then on SIGTERM writes its name to a diary and ends.
OBEDIENT = """
import signal, sys
def end(*_):
    with open(sys.argv[1], "a") as diary:
        diary.write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
while True:
    signal.pause()
"""
# Says its pid, and does not listen.
STUBBORN = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
while True:
    signal.pause()
"""
SHORT_LIVED = "print('up', flush=True); raise SystemExit(7)"

PARENT = """
import subprocess, signal, sys
from api.tether import tethered
child = subprocess.Popen(
    tethered([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"],
             by_kernel=sys.argv[1] == "kernel"),
    start_new_session=True,
)
signal.pause()
"""


@dataclass
class Diary:
    """An observer that remembers, and sets `enough` when `is_enough` says so."""

    is_enough: Callable[["Diary"], bool]
    again: bool = True
    lines: list[tuple[str, str]] = field(default_factory=list)
    deaths: list[tuple[str, int, float]] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def said(self, program: Program, line: str) -> None:
        self.lines.append((program.name, line))
        self._look()

    def died(self, program: Program, exit_code: int, pause_seconds: float) -> bool:
        self.deaths.append((program.name, exit_code, pause_seconds))
        self._look()
        return self.again

    def _look(self) -> None:
        if self.is_enough(self):
            self.enough.set()


def python(name: str, code: str, *arguments: str, grace_seconds: float = 10) -> Program:
    return Program(name, [sys.executable, "-c", code, *arguments], dict(os.environ), grace_seconds)


def all_up(count: int) -> Callable[[Diary], bool]:
    return lambda diary: len(diary.lines) >= count


async def test_ends_each_stage_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "diary"
    first, second, third = (python(name, OBEDIENT, str(path), name) for name in ("api", "worker", "last"))
    diary = Diary(all_up(3))
    await Supervisor([[first], [second], [third]], diary).run(diary.enough)
    assert path.read_text().split() == ["api", "worker", "last"]


async def test_starts_a_program_again_after_pauses_that_double() -> None:
    diary = Diary(lambda diary: len(diary.deaths) == 3)
    await Supervisor([[python("worker", SHORT_LIVED)]], diary, first_pause_seconds=0.01).run(diary.enough)
    assert diary.deaths == [("worker", 7, 0.01), ("worker", 7, 0.02), ("worker", 7, 0.04)]
    assert diary.lines == [("worker", "up")] * 3


async def test_lets_a_program_rest_when_the_observer_has_had_enough() -> None:
    diary = Diary(lambda diary: bool(diary.deaths), again=False)
    await Supervisor([[python("api", SHORT_LIVED)]], diary, first_pause_seconds=0.01).run(diary.enough)
    assert diary.lines == [("api", "up")]


async def test_an_ending_that_was_asked_for_is_no_death(tmp_path: Path) -> None:
    diary = Diary(all_up(1))
    await Supervisor([[python("worker", OBEDIENT, str(tmp_path / "diary"), "w")]], diary).run(diary.enough)
    assert diary.deaths == []


async def test_kills_what_does_not_end_within_its_grace() -> None:
    diary = Diary(all_up(1))
    async with asyncio.timeout(5):
        await Supervisor([[python("worker", STUBBORN, grace_seconds=0.1)]], diary).run(diary.enough)
    assert are_gone(diary)


async def test_kills_at_once_when_told_so() -> None:
    diary = Diary(all_up(1))
    supervisor = Supervisor([[python("worker", STUBBORN, grace_seconds=600)]], diary)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(supervisor.run(diary.enough))
        await diary.enough.wait()
        supervisor.kill()
    assert are_gone(diary)


async def test_leaves_nothing_running_when_it_is_cancelled() -> None:
    diary = Diary(all_up(1))
    task = asyncio.ensure_future(Supervisor([[python("worker", STUBBORN)]], diary).run(asyncio.Event()))
    await diary.enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert are_gone(diary)


async def test_does_not_start_what_was_ended_before_it_began() -> None:
    diary = Diary(all_up(1))
    diary.enough.set()
    await Supervisor([[python("worker", SHORT_LIVED)]], diary).run(diary.enough)
    assert diary.lines == []


async def test_a_line_without_end_does_not_stop_the_others() -> None:
    code = "print('x' * 3_000_000); print('after', flush=True); import signal; signal.pause()"
    diary = Diary(lambda diary: ("worker", "after") in diary.lines)
    async with asyncio.timeout(10):
        await Supervisor([[python("worker", code)]], diary).run(diary.enough)


async def test_a_program_inherits_the_files_it_is_given(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+") as file:
        code = f"import os; print(os.fstat({file.fileno()}).st_ino, flush=True)"
        command = [sys.executable, "-c", code]
        program = Program("api", command, dict(os.environ), 1, descriptors=(file.fileno(),))
        diary = Diary(all_up(1), again=False)
        await Supervisor([[program]], diary).run(diary.enough)
    assert diary.lines == [("api", str((tmp_path / "file").stat().st_ino))]


@pytest.mark.parametrize("mode", ["kernel", "watch"])
def test_no_program_outlives_a_parent_that_is_killed(mode: str) -> None:
    if mode == "kernel" and sys.platform != "linux":
        pytest.skip("only Linux's kernel can be asked")
    with subprocess.Popen([sys.executable, "-c", PARENT, mode], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        gone, _ = psutil.wait_procs([child], timeout=5)
    assert gone == [child]


@pytest.mark.parametrize("by_kernel", [True, False], ids=["kernel", "watch"])
def test_a_tethered_program_keeps_its_exit_code(*, by_kernel: bool) -> None:
    if by_kernel and sys.platform != "linux":
        pytest.skip("only Linux's kernel can be asked")
    command = tethered([sys.executable, "-c", "raise SystemExit(7)"], by_kernel=by_kernel)
    assert subprocess.run(command, check=False).returncode == 7


def are_gone(diary: Diary) -> bool:
    """Whether no program is left of those that said their pid, a moment's dying allowed."""
    left = []
    for _, line in diary.lines:
        with suppress(psutil.NoSuchProcess):
            left.append(psutil.Process(int(line)))
    return not psutil.wait_procs(left, timeout=5)[1]
