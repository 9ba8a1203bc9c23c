"""What a client may send as an item: the members of each type, by role, as OpenAI's SDK lists them."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from shared.wire.input_parts import AnsweredContent, SaidContent, Summaries, Thoughts, ToolOutput
from shared.wire.items import (
    INPUT_ITEM_TYPES,
    Compaction,
    CompactionTrigger,
    ConfigurationUpdate,
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    ItemReference,
    ItemStatus,
    OtherItem,
    Phase,
    Reasoning,
)
from shared.wire.model import JsonObject, WireModel
from shared.wire.options import EFFORT_UPDATE, FORMAT_UPDATE
from shared.wire.shapes import (
    MAX_ID,
    Check,
    Policing,
    any_members_of,
    array_of,
    members_of,
    problem,
    require_object,
    shaped,
    tagged,
    text_or,
    wrong_type,
)
from shared.wire.thoughts import opened_thoughts
from shared.wire.tools import TOOLS

# Names that older clients give a compaction item; they are read at the top level of an input only.
_COMPACTION_ALIASES = frozenset({"compaction_summary", "context_compaction"})

# What Codex notes on its items for OpenAI's own use: it stands for nothing that a model or a client reads.
_NOTES = "internal_chat_message_metadata_passthrough"

# What one request may bring; a longer history is a chain's or a conversation's.
MAX_ITEMS = 10_000


class _SaidMessage(WireModel):
    type: Literal["message"] = "message"
    role: Literal["user", "system", "developer"]
    content: SaidContent
    id: str | None = None
    status: ItemStatus | None = None


class _AssistantMessage(WireModel):
    type: Literal["message"] = "message"
    role: Literal["assistant"]
    content: AnsweredContent
    id: str | None = None
    status: ItemStatus | None = None
    phase: Phase | None = None


class _CallerMembers(WireModel):
    type: Literal["direct", "program"]
    caller_id: str | None = None


_Caller: TypeAlias = Annotated[JsonObject, shaped(members_of(_CallerMembers))]


class _FunctionCall(FunctionCall):
    caller: _Caller | None = None
    is_async: bool | None = Field(None, alias="async")


class _FunctionCallOutput(FunctionCallOutput):
    output: ToolOutput
    name: str | None = None
    namespace: str | None = None
    caller: _Caller | None = None


class _CustomToolCall(CustomToolCall):
    caller: _Caller | None = None
    is_async: bool | None = Field(None, alias="async")


class _CustomToolCallOutput(CustomToolCallOutput):
    output: ToolOutput
    caller: _Caller | None = None


class _ToolsBrought(OtherItem):
    """Tools that become known in the middle of a conversation."""

    tools: Annotated[Any, shaped(TOOLS)] | None = None


class _ConfigurationUpdate(ConfigurationUpdate):
    reasoning: Annotated[JsonObject, shaped(EFFORT_UPDATE)] | None = None
    text: Annotated[JsonObject, shaped(FORMAT_UPDATE)] | None = None


class _Reasoning(Reasoning):
    summary: Summaries
    content: Thoughts | None = None


_SAID = members_of(_SaidMessage)

_MODELLED: dict[str, Check] = {
    "message": tagged(
        "role",
        {
            "assistant": members_of(_AssistantMessage),
            "system": _SAID,
            "developer": _SAID,
            "user": _SAID,
        },
        at=(),
    ),
    "function_call": members_of(_FunctionCall),
    "function_call_output": members_of(_FunctionCallOutput),
    "custom_tool_call": members_of(_CustomToolCall),
    "custom_tool_call_output": members_of(_CustomToolCallOutput),
    "reasoning": members_of(_Reasoning),
    "compaction": members_of(Compaction),
    "compaction_trigger": members_of(CompactionTrigger),
    "configuration_update": members_of(_ConfigurationUpdate),
    "item_reference": members_of(ItemReference),
    "additional_tools": any_members_of(_ToolsBrought),
    "tool_search_output": any_members_of(_ToolsBrought),
}

_KEPT_AS_SENT = any_members_of(OtherItem)
_TYPED_ITEM = tagged(
    "type", {name: _MODELLED.get(name, _KEPT_AS_SENT) for name in sorted(INPUT_ITEM_TYPES)}, at=()
)


def _check_item(value: Any, policing: Policing) -> None:
    require_object(value, "an input item")
    _TYPED_ITEM(value, policing)
    name = value.get("id")
    if isinstance(name, str) and len(name) > MAX_ID:
        raise problem("string_too_long", name, at=("id",), limit=MAX_ID)


def input_items(*, minimum: int = 0, maximum: int | None = None) -> Check:
    """Accept an array of `minimum` to `maximum` input items."""
    return array_of(_check_item, "an array of input items", minimum=minimum, maximum=maximum)


_INPUT = text_or(input_items(maximum=MAX_ITEMS), list, "one of a string or array of input items")


def check_input(value: Any, policing: Policing) -> None:
    """Accept text, or an array of input items."""
    if value is None:
        raise wrong_type(value, "a string")  # to OpenAI null is a text that failed
    _INPUT(value, policing)


def with_types(value: Any) -> Any:
    """Return an input whose items say their `type`, in today's names, without a client's notes; else as it is.

    An item without a type is a reference if it has only an id, and else a message.
    """
    return [_with_type(item) for item in value] if isinstance(value, list) else value


def _with_type(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    if _NOTES in item:
        item = {key: value for key, value in item.items() if key != _NOTES}
    kind = item.get("type")
    if isinstance(kind, str):
        return item | {"type": "compaction"} if kind in _COMPACTION_ALIASES else opened_thoughts(item)
    if kind is not None:
        return item
    untyped = {key: value for key, value in item.items() if key != "type"}
    return {"type": "item_reference" if untyped.keys() == {"id"} else "message", **untyped}
