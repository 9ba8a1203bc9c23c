"""Ownership: one owner per data directory, on this machine, until the last process that uses it is gone."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import HithertoError

LEFTOVER_SECONDS = 10.0
POLL_SECONDS = 0.05


class DirectoryInUse(HithertoError):
    """The data directory is in use."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        """Name the directory and, where it is known, the process that owns it."""
        owner = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{directory} is in use by {owner}. Stop that one first, or choose another HITHERTO_DATA_DIR."
        )
        self.pid = pid


@contextmanager
def owned(directory: Path) -> Iterator[int]:
    """Make the directory (mode 0700) and own it; yields the descriptor of the lock.

    A child that inherits the descriptor keeps the lock as long as it lives, so a new owner never meets a
    server that has outlived its supervisor by some milliseconds. Raises DirectoryInUse when a living
    process owns it; waits up to 10 seconds for what a dead owner has left.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    lock = os.open(directory / "owner", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(lock, directory)
        _sign(lock)
        yield lock
    finally:
        os.close(lock)


def is_owned(directory: Path) -> bool:
    """Return whether a living process owns the directory."""
    try:
        lock = os.open(directory / "owner", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _take(lock: int, directory: Path) -> None:
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while not _taken(lock):
        pid = _owner(lock)
        if _is_alive(pid) or time.monotonic() > deadline:
            raise DirectoryInUse(directory, pid)
        time.sleep(POLL_SECONDS)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(lock: int) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def _owner(lock: int) -> int | None:
    text = os.pread(lock, 32, 0)
    return int(text) if text.isdigit() else None


def _is_alive(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # alive, and somebody else's
    return True
