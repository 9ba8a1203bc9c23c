"""Which addresses a webhook may be posted to: public ones, and those that the operator allows."""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import TypeAlias
from urllib.parse import urlsplit

from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

from shared.errors import InvalidRequest, WebhookUnreachable

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# A network that passes IPv4 through an IPv6 address: the last four bytes say where to.
_TRANSLATED = IPv6Network("64:ff9b::/96")


def is_allowed(address: Address, networks: Sequence[Network]) -> bool:
    """Return whether to connect there: to what all the internet can reach, or to one of `networks`."""
    meant = _meant(address)
    if any(each in network for each in (address, meant) for network in networks):
        return True
    if isinstance(meant, IPv6Address) and meant.is_site_local:  # deprecated, and still somebody's own
        return False
    return meant.is_global and not (meant.is_multicast or meant.is_reserved or meant.is_unspecified)


def check_url(url: str, networks: Sequence[Network]) -> None:
    """Raise InvalidRequest for a URL that no webhook can be posted to; names are resolved only when it is.

    Without TLS only where the operator allows networks of his own.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise _wrong_url("it cannot be read") from None
    if not url.isprintable() or not url.isascii() or " " in url or not host:
        raise _wrong_url("expected an absolute URL in ASCII")
    if parts.scheme != "https" and not (parts.scheme == "http" and networks):
        raise _wrong_url("expected an HTTPS URL")
    if parts.username is not None or parts.password is not None:
        raise _wrong_url("it must not hold a user or a password")
    literal = _literal(host)
    if literal is not None and not is_allowed(literal, networks):
        raise _wrong_url("its address is not one that this server posts to")


class GuardedBackend(AsyncNetworkBackend):
    """Connections to allowed addresses only.

    The address that was checked is the one that is connected to: what its name stands for later is not asked.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        """Take the networks that are allowed beside the public ones."""
        self._networks = networks
        self._backend = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address of `host` that answers.

        Raises WebhookUnreachable if it has one that is not allowed, else what httpcore raises.
        """
        for address in (addresses := await self._addresses(host, port)):
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except ConnectError:
                if address == addresses[-1]:
                    raise
        raise WebhookUnreachable("Its name has no address.")

    async def _addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise WebhookUnreachable("Its name cannot be resolved.") from error
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        # All of them: a name with one foot in here is no name of the outside.
        if not all(is_allowed(ip_address(address), self._networks) for address in addresses):
            raise WebhookUnreachable("Its address is not one that this server posts to.")
        return addresses


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one leads to, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _wrong_url(what: str) -> InvalidRequest:
    return InvalidRequest(f"Invalid 'url': {what}.", param="url", code="invalid_value")
