"""The accounts of compactions in Redis: which ones a tenant has, what each did, and that it was undone."""

import json
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.compaction_fields import LISTED, RECORD, record_of
from shared.adapters.redis.encoding import answer, present, text
from shared.adapters.redis.scripts import read_script
from shared.compactions import CompactionRecord
from shared.errors import InvalidRequest, NotFound
from shared.ports import Sealer
from shared.settings import Settings
from shared.wire.wording import shown

SCRIPT = read_script("clock", "compactions")

# Of so many a tenant's list tells; an older one is still known by its id.
MOST_LISTED = 1000
_BATCH = 50

# Whose tenant is told to the operator, by what their ids begin with.
_OWNED = {"cmp": "Compaction", "resp": "Response", "conv": "Conversation"}


class CompactionIndex:
    """Which compactions a tenant asked for, newest last."""

    def __init__(self, store: Redis, settings: Settings) -> None:
        self._store = store
        self._script = store.register_script(SCRIPT)
        self._ttl_ms = int((settings.response_ttl_seconds + settings.compaction_deadline_seconds) * 1000)

    async def note(self, tenant: str, compaction_id: str) -> None:
        """Note a compaction that is about to be asked for; one that is noted already stays where it is."""
        given = {"id": compaction_id, "most": MOST_LISTED, "ttl_ms": self._ttl_ms}
        await self._script(keys=[keys.compactions_of(tenant)], args=["note", json.dumps(given)])

    async def forget(self, tenant: str, compaction_id: str) -> None:
        """Take out one that found no room."""
        await self._store.zrem(keys.compactions_of(tenant), compaction_id)


class RedisCompactionRecords:
    """The port `CompactionRecords` on Redis."""

    def __init__(self, store: Redis, sealer: Sealer, settings: Settings) -> None:
        self._store = store
        self._script = store.register_script(SCRIPT)
        self._sealer = sealer
        self._ttl_ms = settings.response_ttl_seconds * 1000

    async def load(self, compaction_id: str, tenant: str) -> CompactionRecord:
        """Return the full account of a compaction. Raises NotFound."""
        names = [keys.record(compaction_id)]
        [record] = await self._records(names, [compaction_id], tenant, RECORD)
        if record is None:
            raise _not_found(compaction_id)
        return record

    async def page(
        self, tenant: str, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[list[CompactionRecord], bool]:
        """Return up to `limit` records after the one named, and whether there are more. Raises InvalidRequest."""
        start = 0 if after is None else await self._place_after(tenant, after, ascending=ascending)
        found: list[CompactionRecord] = []
        while len(found) <= limit:
            ids = await self._ids(tenant, start, ascending=ascending)
            if not ids:
                break
            start += len(ids)
            # One that failed is forgotten before its place in the list is.
            names = [keys.record(compaction_id) for compaction_id in ids]
            found += [record for record in await self._records(names, ids, tenant, LISTED) if record]
        return found[:limit], len(found) > limit

    async def undo(self, compaction_id: str, tenant: str) -> CompactionRecord:
        """Mark a compaction as undone and return it; again changes nothing. Raises as the port says."""
        record = await self.load(compaction_id, tenant)
        if record.policy.origin == "endpoint":
            raise InvalidRequest(
                f"Compaction '{shown(compaction_id)}' was made by /v1/responses/compact and cannot be undone: "
                "continue from what you gave it instead."
            )
        given = {"tenant": tenant, "ttl_ms": self._ttl_ms}
        outcome = await self._script(keys=[keys.record(compaction_id)], args=["undo", json.dumps(given)])
        if outcome == b"unknown":
            raise _not_found(compaction_id)
        if outcome != b"undone":
            raise InvalidRequest(
                f"Compaction '{shown(compaction_id)}' cannot be undone: its status is {outcome.decode()}."
            )
        return await self.load(compaction_id, tenant)

    async def tenants(self) -> list[str]:
        """Return the tenants that have compactions."""
        pattern = keys.compactions_of("*")
        before, after = pattern.split("*")
        names = [name.decode() async for name in self._store.scan_iter(match=pattern, count=1000)]
        return sorted(name.removeprefix(before).removesuffix(after) for name in names)

    async def owner(self, object_id: str) -> str:
        """Return the tenant of a compaction, a response or a conversation. Raises NotFound."""
        tenant = await answer(self._store.hget(keys.record(object_id), "tenant"))
        kind = _OWNED.get(object_id.partition("_")[0])
        if tenant is None or kind is None:
            raise _not_found(object_id, kind or "Compaction")
        return str(tenant.decode())

    async def _ids(self, tenant: str, start: int, *, ascending: bool) -> list[str]:
        key = keys.compactions_of(tenant)
        ids = await answer(self._store.zrange(key, start, start + _BATCH - 1, desc=not ascending))
        return [compaction_id.decode() for compaction_id in ids]

    async def _place_after(self, tenant: str, compaction_id: str, *, ascending: bool) -> int:
        key = keys.compactions_of(tenant)
        rank = self._store.zrank if ascending else self._store.zrevrank
        place: Any = await answer(rank(key, compaction_id))
        if place is None:
            raise InvalidRequest(f"Compaction with id '{shown(compaction_id)}' not found.", param="after")
        return int(place) + 1

    async def _records(
        self, names: Sequence[str], ids: Sequence[str], tenant: str, wanted: Sequence[str]
    ) -> list[CompactionRecord | None]:
        """Return the records of these ids in one round trip; None for what is gone or another tenant's."""
        pipeline = self._store.pipeline(transaction=False)
        for name in names:
            pipeline.hmget(name, wanted)
        records: list[CompactionRecord | None] = []
        for compaction_id, values in zip(ids, await pipeline.execute(), strict=True):
            fields = present(wanted, values)
            # Responses and conversations have records, too, and are no compactions.
            is_ours = compaction_id.startswith("cmp_") and b"status" in fields
            is_ours = is_ours and text(fields, "tenant") == tenant
            records.append(record_of(compaction_id, fields, self._sealer) if is_ours else None)
        return records


def _not_found(object_id: str, kind: str = "Compaction") -> NotFound:
    return NotFound(f"{kind} with id '{shown(object_id)}' not found.")
