"""Front door: the socket that the API listens on, who may be let at it, and whether it answers."""

import http.client
import ipaddress
import socket

from shared.errors import HithertoError
from shared.settings import Settings

BACKLOG = 2048
PROBE_TIMEOUT_SECONDS = 1.0


class CannotListen(HithertoError):
    """The address cannot be listened on."""


class DoorWithoutKeys(HithertoError):
    """Without API keys the server is for this machine alone."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 means a free one. Raises CannotListen when it is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CannotListen(
            f"Cannot listen on {host}:{port}: {reason}. Choose another port with --port or HITHERTO_PORT."
        ) from error
    # Accepted sockets inherit it, and asyncio sets it only where the socket names its protocol: without it,
    # every answer on a connection that is kept open waits 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def refuse_strangers(settings: Settings) -> None:
    """Raise DoorWithoutKeys when other machines could reach a server that asks for no key."""
    if settings.api_keys or is_loopback(settings.host):
        return
    raise DoorWithoutKeys(
        f"HITHERTO_API_KEYS is not set, so anyone who reaches {settings.host} could use this server. "
        "Set it, or listen on 127.0.0.1."
    )


def is_loopback(host: str) -> bool:
    """Return whether only this machine can be meant by a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name: it may be reached from anywhere


def base_url(listener: socket.socket) -> str:
    """Return the address at which this machine reaches the listener, such as `http://127.0.0.1:8080`."""
    host, port = listener.getsockname()[:2]
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


def is_ready(url: str) -> bool:
    """Return whether `GET /readyz` answers 200 within a second."""
    door = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PROBE_TIMEOUT_SECONDS)
    try:
        door.request("GET", "/readyz")
        return door.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        door.close()
