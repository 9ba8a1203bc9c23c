"""Accounts of compactions for the operator, read from Redis itself, and previews of what one would do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.address_file import ServerUnknown, embedded_directory, find_address
from api.gate import LOCAL_TENANT
from api.previewing import Preview, preview
from api.validation.parsing import parse_preview
from shared.compactions import CompactionRecord
from shared.errors import InvalidRequest, StoreUnreachable
from shared.services import Services, open_services
from shared.settings import Settings
from shared.wire.model import JsonObject
from shared.wire.requests import PreviewRequest


async def newest(tenant: str | None, limit: int) -> list[CompactionRecord]:
    """Return compactions, each tenant's newest first; of one tenant, or of all."""
    async with _services() as services:
        records, found = services.compaction_records, list[CompactionRecord]()
        for name in [tenant] if tenant is not None else await records.tenants():
            page, _ = await records.page(name, after=None, limit=limit, ascending=False)
            found += page
        return found


async def load(compaction_id: str, tenant: str | None) -> CompactionRecord:
    """Return a compaction. Raises NotFound."""
    async with _services() as services:
        records = services.compaction_records
        return await records.load(compaction_id, tenant or await records.owner(compaction_id))


async def undo(compaction_id: str, tenant: str | None) -> CompactionRecord:
    """Take a compaction back, and return it. Raises NotFound."""
    async with _services() as services:
        records = services.compaction_records
        return await records.undo(compaction_id, tenant or await records.owner(compaction_id))


async def foresee(asked: JsonObject, tenant: str | None) -> Preview:
    """Return what a compaction would do, `asked` being a request for a preview, or for a turn.

    What a preview has no use for is left out. The model is that of the response that it continues, unless named.
    Raises RequestError, as a preview does.
    """
    known = {name: value for name, value in asked.items() if name in PreviewRequest.model_fields}
    async with _services() as services:
        if tenant is None:
            past = _past_of(known)
            tenant = await services.compaction_records.owner(past) if past is not None else LOCAL_TENANT
        if known.get("model") is None:
            known["model"] = await _model_of(services, known, tenant)
        least = services.settings.min_compact_threshold
        return await preview(services, parse_preview(known, min_compact_threshold=least), tenant=tenant)


def _past_of(asked: JsonObject) -> str | None:
    """Return the id of what a request continues, as far as it is one."""
    past = asked.get("previous_response_id") or asked.get("conversation")
    past = past.get("id") if isinstance(past, dict) else past
    return past if isinstance(past, str) else None


async def _model_of(services: Services, asked: JsonObject, tenant: str) -> str:
    past = _past_of(asked)
    if past is None or not past.startswith("resp_"):
        raise InvalidRequest("Say for which model, with --model.")
    return (await services.responses.load(past, tenant)).response.model


@asynccontextmanager
async def _services() -> AsyncIterator[Services]:
    settings = Settings()
    if settings.redis_url is not None:
        async with open_services(settings) as services:
            yield services
        return
    directory = embedded_directory(settings)
    settings = settings.model_copy(update={"redis_url": find_address(directory)})
    try:
        async with open_services(settings) as services:
            yield services
    except StoreUnreachable as error:
        raise ServerUnknown(
            f"The Redis of `hitherto up` in {directory} does not answer ({error.reason})."
        ) from error
