"""Posting events: one signed request, no redirects, within seconds."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version

import httpcore2

from shared.adapters.webhooks.addresses import GuardedBackend, Network, check_url
from shared.adapters.webhooks.signing import signed_headers
from shared.errors import ConfigurationError, InvalidRequest, WebhookUnreachable
from shared.settings import Settings
from shared.webhooks import Target

# Below httpx on purpose: it takes no proxy from the environment, follows nothing, and lets us connect.
_FAILURES = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
    ssl.SSLError,
    OSError,
)


class HttpSender:
    """The port `WebhookSender` on HTTP/1.1, a connection for each event."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings; nothing is opened yet. Raises ConfigurationError for a URL that cannot be told."""
        if settings.webhook_url is not None:
            _check_own_url(settings.webhook_url, settings.webhook_allowed_networks)
        self._networks = settings.webhook_allowed_networks
        self._timeout_seconds = settings.webhook_timeout_seconds
        self._agent = f"hitherto/{version('hitherto')}"

    async def send(self, target: Target, webhook_id: str, body: str) -> int:
        """Post a signed event and return the HTTP status; the answer's body is not read.

        Raises WebhookUnreachable, which names neither the URL nor a secret.
        """
        headers = {
            "user-agent": self._agent,
            "content-type": "application/json",
            "accept": "*/*",
            **signed_headers(target.secrets, webhook_id, body, now=time.time()),
        }
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._post(target.url, headers, body.encode())
        except TimeoutError as error:
            raise WebhookUnreachable(f"It did not answer within {self._timeout_seconds:g} s.") from error
        except _FAILURES as error:
            raise WebhookUnreachable(f"It could not be reached ({type(error).__name__}).") from error

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpcore2.default_ssl_context()

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        backend = GuardedBackend(self._networks)
        # Not each connection's own: to read whom to trust takes 15 ms.
        tls = self._tls if url.lower().startswith("https:") else None
        async with (
            httpcore2.AsyncConnectionPool(ssl_context=tls, network_backend=backend) as pool,
            pool.stream("POST", url, headers=list(headers.items()), content=body) as response,
        ):
            return int(response.status)


def _check_own_url(url: str, networks: Sequence[Network]) -> None:
    try:
        check_url(url, networks)
    except InvalidRequest as error:
        raise ConfigurationError(f"HITHERTO_WEBHOOK_URL: {error.message}") from error
