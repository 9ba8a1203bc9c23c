"""Address file: how the operator's commands find the embedded server of `hitherto up`, password included.

It stands beside the data, which is no less secret, and only as long as the server runs.
"""

import os
from pathlib import Path

from api.ownership import is_owned
from shared.errors import HithertoError
from shared.settings import Settings

_NAME = "address"


class ServerUnknown(HithertoError):
    """No embedded server can be reached."""


def embedded_directory(settings: Settings) -> Path:
    """Return where the embedded server of these settings keeps its data."""
    return settings.data_dir / "redis"


def publish_address(directory: Path, url: str) -> None:
    """Tell this user, and nobody else, where the server over `directory` is."""
    path = directory / f"{_NAME}.new"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(url)
    path.replace(directory / _NAME)


def withdraw_address(directory: Path) -> None:
    """Remove what was told, by this server or by one that was killed."""
    (directory / _NAME).unlink(missing_ok=True)


def find_address(directory: Path) -> str:
    """Return the address of the server over `directory`. Raises ServerUnknown, with the reason."""
    path = directory / _NAME
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except PermissionError:
        raise _of_another_user(directory) from None
    except OSError:
        raise _not_running(directory) from None
    with os.fdopen(file) as opened:
        if os.fstat(opened.fileno()).st_uid != os.geteuid():
            raise _of_another_user(directory)
        if not is_owned(directory):  # whoever wrote it was killed
            raise _not_running(directory)
        return opened.read()


def _not_running(directory: Path) -> ServerUnknown:
    return ServerUnknown(
        f"HITHERTO_REDIS_URL is not set, and no `hitherto up` has its own Redis in {directory.absolute()}. "
        "Start it, or say with HITHERTO_DATA_DIR where it runs."
    )


def _of_another_user(directory: Path) -> ServerUnknown:
    return ServerUnknown(
        f"The Redis in {directory} belongs to another user: run this as the one who started it."
    )
