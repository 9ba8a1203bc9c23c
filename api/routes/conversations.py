"""/v1/conversations: named, growing lists of items that turns go on from and add to."""

import time
from contextlib import suppress

from fastapi import APIRouter, Request

from api.admission import NEEDS_ROOM
from api.bodies import read_json
from api.conversing import taken_in
from api.document import answers, reads
from api.given import GivenServices, Tenant
from api.including import INCLUDES
from api.listing import AskedPage, listed
from api.validation.parsing import (
    parse_conversation_items,
    parse_create_conversation,
    parse_update_conversation,
)
from shared.errors import NotFound, StoreUnreachable
from shared.ids import new_id
from shared.services import Services
from shared.wire.conversations import Conversation
from shared.wire.items import Item
from shared.wire.model import JsonObject
from shared.wire.requests import AddConversationItems, CreateConversation, UpdateConversation
from shared.wire.wording import shown

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])


@router.post(
    "",
    openapi_extra=reads(CreateConversation, required=False),
    responses=answers(model=Conversation),
    dependencies=[NEEDS_ROOM],
)
async def create_conversation(request: Request, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Create a conversation, with its first items if there are any."""
    wanted = await read_json(await request.body() or b"{}", parse_create_conversation)
    items = await taken_in(services, wanted.items or [], tenant=tenant)
    conversation = Conversation(
        id=new_id("conv"), created_at=int(time.time()), metadata=wanted.metadata or {}
    )
    await services.conversations.create(conversation, tenant, items)
    return conversation.to_json()


@router.get("/{conversation_id}", responses=answers(model=Conversation))
async def retrieve_conversation(conversation_id: str, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Return a conversation, without its items."""
    return (await services.conversations.load(conversation_id, tenant)).to_json()


@router.post(
    "/{conversation_id}",
    openapi_extra=reads(UpdateConversation),
    responses=answers(model=Conversation),
    dependencies=[NEEDS_ROOM],
)
async def update_conversation(
    conversation_id: str, request: Request, services: GivenServices, tenant: Tenant
) -> JsonObject:
    """Replace a conversation's metadata."""
    wanted = await read_json(await request.body(), parse_update_conversation)
    return (await services.conversations.update(conversation_id, tenant, wanted.metadata or {})).to_json()


@router.delete("/{conversation_id}", responses=answers(shape="Deleted"))
async def delete_conversation(conversation_id: str, services: GivenServices, tenant: Tenant) -> JsonObject:
    """Delete a conversation with all its items; responses that were made in it stay."""
    await services.conversations.delete(conversation_id, tenant)
    # It is deleted: what would only spare a summariser's call must not say otherwise.
    with suppress(StoreUnreachable):
        await services.compactions.supersede_made_for([conversation_id])
    return {"id": conversation_id, "object": "conversation.deleted", "deleted": True}


@router.post(
    "/{conversation_id}/items",
    dependencies=[NEEDS_ROOM, INCLUDES],
    openapi_extra=reads(AddConversationItems),
    responses=answers(shape="List"),
)
async def add_items(
    conversation_id: str, request: Request, services: GivenServices, tenant: Tenant
) -> JsonObject:
    """Append items to a conversation in which no turn is running, and return them as they are kept."""
    wanted = await read_json(await request.body(), parse_conversation_items)
    await services.conversations.load(conversation_id, tenant)
    items = await taken_in(services, wanted.items, tenant=tenant)
    await services.conversations.add(conversation_id, tenant, items)
    return listed([entry.item for entry in items], has_more=False)


@router.get("/{conversation_id}/items", dependencies=[INCLUDES], responses=answers(shape="List"))
async def list_items(
    conversation_id: str, page: AskedPage, services: GivenServices, tenant: Tenant
) -> JsonObject:
    """Return a page of a conversation's items, compactions among them."""
    items, has_more = await services.conversations.page(
        conversation_id, tenant, after=page.after, limit=page.limit, ascending=page.ascending
    )
    return listed(items, has_more=has_more)


@router.get("/{conversation_id}/items/{item_id}", dependencies=[INCLUDES], responses=answers(shape="Item"))
async def retrieve_item(
    conversation_id: str, item_id: str, services: GivenServices, tenant: Tenant
) -> JsonObject:
    """Return an item of a conversation."""
    return (await _item(services, conversation_id, item_id, tenant)).to_json()


@router.delete("/{conversation_id}/items/{item_id}", responses=answers(model=Conversation))
async def delete_item(
    conversation_id: str, item_id: str, services: GivenServices, tenant: Tenant
) -> JsonObject:
    """Delete an item of a conversation in which no turn is running, and return the conversation."""
    await _item(services, conversation_id, item_id, tenant)
    return (await services.conversations.remove(conversation_id, tenant, item_id)).to_json()


async def _item(services: Services, conversation_id: str, item_id: str, tenant: str) -> Item:
    found = await services.conversations.find(conversation_id, tenant, [item_id])
    if not found:
        raise NotFound(f"Item with id '{shown(item_id)}' not found.")
    return found[0]
