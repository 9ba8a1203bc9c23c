"""Webhook endpoints in Redis: one hash for each tenant, secrets sealed; and the one that the settings name."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.scripts import read_script
from shared.adapters.webhooks.signing import new_secret
from shared.errors import InvalidRequest, NotFound
from shared.happenings import SECRET_PREFIX, WebhookEventType
from shared.ids import new_id
from shared.ports import Sealer
from shared.settings import Settings
from shared.webhooks import SETTINGS_ENDPOINT, Endpoint, Target
from shared.wire.wording import shown

SCRIPT = read_script("webhooks")

MOST_ENDPOINTS = 50
_KIND = "webhook_secret"
_KEPT = {field.name for field in fields(Endpoint)} - {"tenant"}


class RedisWebhookEndpoints:
    """The port `WebhookEndpoints` on Redis."""

    def __init__(self, store: Redis, sealer: Sealer, settings: Settings) -> None:
        self._store = store
        self._sealer = sealer
        self._settings = settings
        self._script = store.register_script(SCRIPT)
        self._ttl_ms = settings.response_ttl_seconds * 1000

    async def create(
        self, tenant: str, *, name: str, url: str, event_types: Sequence[WebhookEventType]
    ) -> tuple[Endpoint, str]:
        """Store a new endpoint and return it with its secret. Raises InvalidRequest when there are too many."""
        secret, now = new_secret(), time.time()
        endpoint = Endpoint(
            id=new_id("we"),
            tenant=tenant,
            name=name,
            url=url,
            event_types=list(event_types),
            created_at=now,
            updated_at=now,
            hint=_hint(secret),
            sealed_secret=self._seal(secret, tenant),
        )
        if await self._put(endpoint, read="") == "full":
            raise InvalidRequest(f"There can be {MOST_ENDPOINTS} webhook endpoints: delete one first.")
        return endpoint, secret

    async def load(self, endpoint_id: str, tenant: str) -> Endpoint:
        """Return an endpoint. Raises NotFound."""
        return _endpoint(await self._read(endpoint_id, tenant), tenant)

    async def all(self, tenant: str) -> list[Endpoint]:
        """Return a tenant's endpoints, oldest first."""
        texts = await answer(self._store.hvals(keys.webhooks_of(tenant)))
        return sorted((_endpoint(text, tenant) for text in texts), key=lambda each: each.created_at)

    async def update(self, endpoint_id: str, tenant: str, changes: Mapping[str, Any]) -> Endpoint:
        """Set these of `name`, `url` and `event_types`, and return the endpoint. Raises NotFound."""
        return await self._change(endpoint_id, tenant, lambda found: found.changed(time.time(), **changes))

    async def rotate(self, endpoint_id: str, tenant: str, *, keeps_old: bool) -> tuple[Endpoint, str]:
        """Give the endpoint a new secret, and return both. Raises NotFound."""
        secret = new_secret()
        sealed, hint, now = self._seal(secret, tenant), _hint(secret), time.time()
        rotated = await self._change(
            endpoint_id, tenant, lambda found: found.rotated(sealed, hint, now, keeps_old=keeps_old)
        )
        return rotated, secret

    async def delete(self, endpoint_id: str, tenant: str) -> None:
        """Remove an endpoint. Raises NotFound."""
        if not await answer(self._store.hdel(keys.webhooks_of(tenant), endpoint_id)):
            raise _not_found(endpoint_id)

    async def listeners(self, tenant: str, event_type: WebhookEventType) -> list[str]:
        """Return the ids of the endpoints to tell of this, the operator's among them."""
        own = self._settings.webhook_url is not None and event_type in self._settings.webhook_event_types
        theirs = [each.id for each in await self.all(tenant) if event_type in each.event_types]
        return [SETTINGS_ENDPOINT, *theirs] if own else theirs

    async def target(self, endpoint_id: str, tenant: str) -> Target | None:
        """Return where an endpoint is and what signs now; None when there is none. Raises InvalidSeal."""
        if endpoint_id == SETTINGS_ENDPOINT:
            url, secret = self._settings.webhook_url, self._settings.webhook_secret
            return Target(url, [secret.get_secret_value()]) if url and secret else None
        try:
            endpoint = await self.load(endpoint_id, tenant)
        except NotFound:
            return None
        sealed = [endpoint.sealed_secret]
        if endpoint.sealed_old_secret and time.time() < endpoint.old_secret_until:
            sealed.append(endpoint.sealed_old_secret)
        opened = [self._sealer.unseal(each, tenant=tenant, kind=_KIND).decode() for each in sealed]
        return Target(endpoint.url, opened)

    async def keep_alive(self) -> None:
        """Let every tenant's endpoints live on."""
        tenants = await answer(self._store.smembers(keys.HOOKED))
        async with self._store.pipeline(transaction=False) as pipeline:
            pipeline.pexpire(keys.HOOKED, self._ttl_ms)
            for tenant in tenants:
                pipeline.pexpire(keys.webhooks_of(tenant.decode()), self._ttl_ms)
            await pipeline.execute()

    async def _change(
        self, endpoint_id: str, tenant: str, change: Callable[[Endpoint], Endpoint]
    ) -> Endpoint:
        while True:
            read = await self._read(endpoint_id, tenant)
            changed = change(_endpoint(read, tenant))
            # Changed by another meanwhile: his change is not to be lost.
            if await self._put(changed, read=read) == "put":
                return changed

    async def _read(self, endpoint_id: str, tenant: str) -> bytes:
        found: bytes | None = await answer(self._store.hget(keys.webhooks_of(tenant), endpoint_id))
        if found is None:
            raise _not_found(endpoint_id)
        return found

    async def _put(self, endpoint: Endpoint, *, read: bytes | str) -> str:
        text = json.dumps({name: value for name, value in asdict(endpoint).items() if name in _KEPT})
        arguments = [endpoint.id, read, text, endpoint.tenant, MOST_ENDPOINTS, self._ttl_ms]
        names = [keys.webhooks_of(endpoint.tenant), keys.HOOKED]
        told: bytes = await self._script(keys=names, args=arguments)
        return told.decode()

    def _seal(self, secret: str, tenant: str) -> str:
        return self._sealer.seal(secret.encode(), tenant=tenant, kind=_KIND)


def _endpoint(text: bytes, tenant: str) -> Endpoint:
    # A newer server may have written more than this one knows.
    kept = {name: value for name, value in json.loads(text).items() if name in _KEPT}
    return Endpoint(tenant=tenant, **kept)


def _hint(secret: str) -> str:
    return f"{SECRET_PREFIX}***{secret[-4:]}"


def _not_found(endpoint_id: str) -> NotFound:
    return NotFound(f"Webhook endpoint with id '{shown(endpoint_id)}' not found.")
