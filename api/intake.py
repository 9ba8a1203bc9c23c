"""Intake: from a request that is well-formed to a turn that may run. Nothing is written here."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from api.codex import without_extra_tools
from api.pinning import check_pins
from api.validation.contradictions import (
    check_before_running,
    check_prewarm,
    check_prompt,
)
from shared.adapters.upstreams.chat.choice import tool_fields
from shared.adapters.upstreams.chat.tools import ToolTable
from shared.ids import IdKind, id_within, new_id
from shared.prompt import Sampling
from shared.services import Services
from shared.turns import Turn
from shared.wire.items import (
    CompactionTrigger,
    FunctionCall,
    FunctionCallOutput,
    InputText,
    Item,
    Message,
    OutputText,
)
from shared.wire.model import JsonObject
from shared.wire.requests import CreateResponse
from shared.wire.responses import ConversationReference, Response
from shared.wire.tools import check_client_tools

# Items that bring tools, or stand for such items.
_TOOL_BRINGERS = frozenset({"additional_tools", "tool_search_output", "compaction", "item_reference"})

# So many items are ready before a thread would have started.
_STORED_FORM_INLINE = 100

# No reasoning: a provider seals it under a name of its own, and refuses it under one that looks the same.
_ID_KINDS: dict[str, IdKind] = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fc",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctc",
    "compaction": "cmp",
}

# Fields that the Response object echoes as the client sent them, unless they are null.
_ECHOED = (
    "frequency_penalty",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "parallel_tool_calls",
    "presence_penalty",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "temperature",
    "tool_choice",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)


async def accept(
    request: CreateResponse, *, tenant: str, services: Services, from_codex: bool = False
) -> Turn:
    """Return the turn that a request asks for. Raises RequestError for what its state does not allow.

    Raises UpstreamError for a model that no upstream has.
    """
    await services.history.check_conversation(request.conversation_id, tenant)
    check_prompt(request)
    response_id = new_id("resp")
    items = await found_items(services, request.input_items, request, tenant=tenant, response_id=response_id)
    check_before_running(request)
    route = services.routes.find(request.model)
    if route is None or route.api == "chat_completions":
        if from_codex:
            request = without_extra_tools(request)
        check_client_tools(request.tools or [])
        _check_tool_choice(request)
        check_prewarm(request)
    services.routes.for_model(request.model)  # raises for a model that nobody has
    turn = Turn(tenant=tenant, request=request, head=_head(request, response_id), input=items)
    await check_pins(services, turn)
    return turn


async def found_items(
    services: Services,
    items: Sequence[Item],
    request: CreateResponse,
    *,
    tenant: str,
    response_id: str | None = None,
) -> list[Item]:
    """Return a request's items as they are stored, references replaced by what they refer to.

    Those without an id get one by which they are found as long as the response is stored.

    Raises RequestError for a past, an item or a seal that does not exist.
    """
    await services.history.check(items, request.previous_response_id, tenant)
    found = await services.history.dereferenced(
        items,
        tenant,
        previous_response_id=request.previous_response_id,
        conversation_id=request.conversation_id,
    )
    return (
        stored_form(found, response_id)
        if len(found) < _STORED_FORM_INLINE
        else await asyncio.to_thread(stored_form, found, response_id)
    )


def stored_form(items: Sequence[Item], response_id: str | None = None) -> list[Item]:
    """Return the items as they are stored: each with an id, messages and calls with a status, text in parts.

    A compaction trigger asks for something and is no part of the conversation.
    """
    return [
        _stored_form(item, _id_of(item, response_id, number))
        for number, item in enumerate(items)
        if not isinstance(item, CompactionTrigger)
    ]


def _check_tool_choice(request: CreateResponse) -> None:
    """Raise InvalidRequest for a choice that no tool of the request answers, unless its window may bring others."""
    is_first = request.previous_response_id is None and request.conversation is None
    if is_first and not any(item.type in _TOOL_BRINGERS for item in request.input_items):
        sampling = Sampling(tools=request.tools or [], tool_choice=request.tool_choice)
        tool_fields(sampling, ToolTable(sampling.tools))


def _id_of(item: Item, response_id: str | None, number: int) -> str:
    if item.id:
        return item.id
    kind = _ID_KINDS.get(item.type, "item")
    return new_id(kind) if response_id is None else id_within(kind, response_id, number)


def _stored_form(item: Item, item_id: str) -> Item:
    changes: dict[str, Any] = {} if item.id else {"id": item_id}
    # The other types have no status where a client sends them, and a provider may refuse what it does not know.
    if isinstance(item, (Message, FunctionCall, FunctionCallOutput)):
        changes["status"] = item.status or "completed"
    if isinstance(item, Message) and isinstance(item.content, str):
        part = OutputText if item.role == "assistant" else InputText
        changes["content"] = [part(text=item.content)]
    return item.changed(**changes) if changes else item


def _head(request: CreateResponse, response_id: str) -> Response:
    given = {name: getattr(request, name) for name in _ECHOED}
    echoed = {name: value for name, value in given.items() if value is not None}
    background, conversation = request.is_background, request.conversation_id
    return Response(
        id=response_id,
        created_at=int(time.time()),
        status="queued" if background else "in_progress",
        background=background,
        conversation=ConversationReference(id=conversation) if conversation is not None else None,
        store=request.is_stored,
        reasoning=_reasoning(request.reasoning),
        service_tier=_service_tier(request.service_tier),
        text=_text(request.text),
        tools=[_tool(tool) for tool in request.tools or []],
        **_cache_options(request),
        **echoed,
    )


def _cache_options(request: CreateResponse) -> JsonObject:
    # OpenAI's Response has these only where a request had them.
    options = request.prompt_cache_options
    return {} if options is None else {"prompt_cache_options": options.to_json()}


def _service_tier(asked: str | None) -> str:
    # OpenAI's live API shows `fast` under its other name.
    return "priority" if asked == "fast" else asked or "auto"


def _reasoning(asked: JsonObject | None) -> JsonObject:
    return {"effort": None, "summary": None} | (asked or {})


def _text(asked: JsonObject | None) -> JsonObject:
    given = {name: value for name, value in (asked or {}).items() if value is not None}
    return {"format": {"type": "text"}, "verbosity": "medium"} | given


def _tool(tool: JsonObject) -> JsonObject:
    if tool.get("type") != "function":
        return tool
    return {"description": None, "parameters": None, "strict": True} | tool
