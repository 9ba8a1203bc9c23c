"""Tether: run a program that cannot outlive the process that started it.

`tethered` wraps a command so that this file is run first, as a script of the standard library alone. On
Linux it asks the kernel to kill it when its parent dies and then becomes the program, under the same pid.
Elsewhere it stays in between and watches for its parent's end. Not done in the parent, before `exec`:
Python code between `fork` and `exec` can deadlock a parent that has threads.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn

WATCH_SECONDS = 0.2
PR_SET_PDEATHSIG = 1


def tethered(command: Sequence[str], *, by_kernel: bool = sys.platform == "linux") -> list[str]:
    """Return a command that runs `command` and is killed when the calling process dies, however it dies.

    Start it from a thread that lives as long as the process (the kernel counts the thread's death), and in
    a session of its own, so that `signal_group` reaches the program behind a watching tether too.
    """
    mode = "kernel" if by_kernel else "watch"
    return [sys.executable, "-I", "-S", __file__, mode, str(os.getpid()), *command]


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a tethered program that was started in its own session; nothing when it is gone."""
    with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
        os.killpg(pid, number)


def _become(parent_pid: int, command: Sequence[str]) -> NoReturn:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before the kernel was asked
        sys.exit(1)
    os.execvp(command[0], list(command))  # noqa: S606 - no shell is wanted


def _watch(parent_pid: int, command: Sequence[str]) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave_it_to_the_program)
    with subprocess.Popen(command, close_fds=False) as program:  # noqa: S603 - our own command
        while program.poll() is None and os.getppid() == parent_pid:
            with suppress(subprocess.TimeoutExpired):
                program.wait(WATCH_SECONDS)
        program.kill()
        code = program.wait()
    sys.exit(code if code >= 0 else 128 - code)


def _leave_it_to_the_program(number: int, frame: FrameType | None) -> None:
    """Do nothing: the signal went to the whole group, so the program has it."""


def _main(mode: str, parent_pid: str, *command: str) -> NoReturn:
    run = _become if mode == "kernel" else _watch
    run(int(parent_pid), command)


if __name__ == "__main__":
    _main(*sys.argv[1:])
