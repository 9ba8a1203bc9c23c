"""/v1/compactions: what each compaction did, what one would do, and taking one back."""

from functools import partial

from fastapi import APIRouter, Request

from api.bodies import read_json
from api.document import answers, reads
from api.given import GivenServices, Tenant
from api.listing import AskedPage, listed_objects
from api.previewing import preview, preview_json
from api.records import record_json, summary_json
from api.validation.parsing import parse_preview
from shared.wire.model import JsonObject
from shared.wire.requests import PreviewRequest

router = APIRouter(prefix="/v1/compactions", tags=["compaction"])


@router.get("", responses=answers(shape="List"))
async def list_compactions(page: AskedPage, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Return a page of the compactions that were asked for, without their items and texts."""
    records, has_more = await services.compaction_records.page(
        tenant, after=page.after, limit=page.limit, ascending=page.ascending
    )
    return listed_objects([summary_json(record) for record in records], has_more=has_more)


@router.post("/preview", openapi_extra=reads(PreviewRequest), responses=answers())
async def preview_compaction(request: Request, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Return what a compaction of a window would do now, and at what cost: no model is asked, nothing is stored."""
    parse = partial(parse_preview, min_compact_threshold=services.settings.min_compact_threshold)
    wanted = await read_json(await request.body(), parse)
    return preview_json(await preview(services, wanted, tenant=tenant))


@router.get("/{compaction_id}", responses=answers())
async def retrieve_compaction(compaction_id: str, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Return what a compaction did: the fate of each item, the ledger, the summary, and what it cost."""
    return record_json(await services.compaction_records.load(compaction_id, tenant))


@router.post("/{compaction_id}/undo", responses=answers())
async def undo_compaction(compaction_id: str, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Take a compaction back: later turns go on from what it replaced. Again is no error."""
    return record_json(await services.compaction_records.undo(compaction_id, tenant))
