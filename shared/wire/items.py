"""Items: the entries of a conversation, as one union tagged on `type`.

Types that hitherto acts on have a model each; every other one is an `OtherItem`, kept word for word.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, TypeAdapter

from shared.wire.model import JsonObject, WireModel

Role: TypeAlias = Literal["user", "assistant", "system", "developer"]
ItemStatus: TypeAlias = Literal["in_progress", "completed", "incomplete"]
Phase: TypeAlias = Literal["commentary", "final_answer"]


class InputText(WireModel):
    """Text that a client sent."""

    type: Literal["input_text"] = "input_text"
    text: str


class InputImage(WireModel):
    """An image that a client sent, by URL, data URL or file id."""

    type: Literal["input_image"] = "input_image"
    image_url: str | None = None
    file_id: str | None = None
    detail: Literal["low", "high", "auto", "original"] | None = None


class InputFile(WireModel):
    """A file that a client sent, by id, by value (base64) or by URL."""

    type: Literal["input_file"] = "input_file"
    file_id: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    detail: Literal["low", "high", "auto"] | None = None


class InputAudio(WireModel):
    """Audio that a client sent."""

    type: Literal["input_audio"] = "input_audio"
    input_audio: JsonObject


class OutputText(WireModel):
    """Text that a model wrote."""

    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[JsonObject] | None = None
    logprobs: list[JsonObject] | None = None


class Refusal(WireModel):
    """A model's refusal."""

    type: Literal["refusal"] = "refusal"
    refusal: str


class SummaryText(WireModel):
    """A paragraph of a reasoning summary."""

    type: Literal["summary_text"] = "summary_text"
    text: str


class ReasoningText(WireModel):
    """A paragraph of raw reasoning."""

    type: Literal["reasoning_text"] = "reasoning_text"
    text: str


class OtherPart(WireModel):
    """A content part that hitherto passes on without reading it."""

    type: str


_MODELLED_PARTS = frozenset({
    "input_text", "input_image", "input_file", "input_audio", "output_text", "refusal", "summary_text",
    "reasoning_text",
})  # fmt: skip


def _part_tag(value: Any) -> str:
    kind = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
    return kind if isinstance(kind, str) and kind in _MODELLED_PARTS else "other"


Part: TypeAlias = Annotated[
    Annotated[InputText, Tag("input_text")]
    | Annotated[InputImage, Tag("input_image")]
    | Annotated[InputFile, Tag("input_file")]
    | Annotated[InputAudio, Tag("input_audio")]
    | Annotated[OutputText, Tag("output_text")]
    | Annotated[Refusal, Tag("refusal")]
    | Annotated[SummaryText, Tag("summary_text")]
    | Annotated[ReasoningText, Tag("reasoning_text")]
    | Annotated[OtherPart, Tag("other")],
    Discriminator(_part_tag),
]


class Message(WireModel):
    """Something that a role said; without `type` on the wire it is known by its `role`."""

    type: Literal["message"] = "message"
    role: Role
    content: str | list[Part]
    id: str | None = None
    status: ItemStatus | None = None
    phase: Phase | None = None


class FunctionCall(WireModel):
    """A model's call of a client's function; `arguments` is JSON text."""

    type: Literal["function_call"] = "function_call"
    call_id: str
    name: str
    arguments: str
    id: str | None = None
    status: ItemStatus | None = None
    namespace: str | None = None


class FunctionCallOutput(WireModel):
    """What a client's function returned."""

    type: Literal["function_call_output"] = "function_call_output"
    call_id: str
    output: str | list[Part]
    id: str | None = None
    status: ItemStatus | None = None


class CustomToolCall(WireModel):
    """A model's call of a client's free-form tool; `input` is plain text."""

    type: Literal["custom_tool_call"] = "custom_tool_call"
    call_id: str
    name: str
    input: str
    id: str | None = None
    status: ItemStatus | None = None
    namespace: str | None = None


class CustomToolCallOutput(WireModel):
    """What a client's free-form tool returned."""

    type: Literal["custom_tool_call_output"] = "custom_tool_call_output"
    call_id: str
    output: str | list[Part]
    id: str | None = None
    status: ItemStatus | None = None


class Reasoning(WireModel):
    """What a model thought before it answered."""

    type: Literal["reasoning"] = "reasoning"
    summary: list[Part]
    id: str | None = None
    content: list[Part] | None = None
    encrypted_content: str | None = None
    status: ItemStatus | None = None


class Compaction(WireModel):
    """An older part of the conversation, sealed: only the server that made it can read it."""

    type: Literal["compaction"] = "compaction"
    encrypted_content: str = Field(max_length=20_971_520)
    id: str | None = None
    created_by: str | None = None


class CompactionTrigger(WireModel):
    """A request to compact now; it must be the last input item."""

    type: Literal["compaction_trigger"] = "compaction_trigger"
    id: str | None = None


class ConfigurationUpdate(WireModel):
    """How the model is to answer from here on; each setting holds until a later update replaces it.

    `reasoning` has an `effort`, `text` a `format`.
    """

    type: Literal["configuration_update"] = "configuration_update"
    reasoning: JsonObject | None = None
    text: JsonObject | None = None
    id: str | None = None


class ItemReference(WireModel):
    """A stored item, by its id."""

    type: Literal["item_reference"] = "item_reference"
    id: str


class OtherItem(WireModel):
    """An item of a type that hitherto keeps and passes on without acting on it."""

    type: str
    id: str | None = None
    status: str | None = None


_MODELLED_ITEMS = frozenset({
    "message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
    "reasoning", "compaction", "compaction_trigger", "configuration_update", "item_reference",
})  # fmt: skip


def _item_tag(value: Any) -> str:
    if isinstance(value, Mapping):
        kind = value.get("type", "message" if "role" in value else None)
    else:
        kind = getattr(value, "type", None)
    return kind if isinstance(kind, str) and kind in _MODELLED_ITEMS else "other"


Item: TypeAlias = Annotated[
    Annotated[Message, Tag("message")]
    | Annotated[FunctionCall, Tag("function_call")]
    | Annotated[FunctionCallOutput, Tag("function_call_output")]
    | Annotated[CustomToolCall, Tag("custom_tool_call")]
    | Annotated[CustomToolCallOutput, Tag("custom_tool_call_output")]
    | Annotated[Reasoning, Tag("reasoning")]
    | Annotated[Compaction, Tag("compaction")]
    | Annotated[CompactionTrigger, Tag("compaction_trigger")]
    | Annotated[ConfigurationUpdate, Tag("configuration_update")]
    | Annotated[ItemReference, Tag("item_reference")]
    | Annotated[OtherItem, Tag("other")],
    Discriminator(_item_tag),
]

# The union is large: building its validator once is what keeps parsing at microseconds an item.
_ITEM: TypeAdapter[Item] = TypeAdapter(Item)
_ITEMS: TypeAdapter[list[Item]] = TypeAdapter(list[Item])

# What OpenAI's live API accepts as the `type` of an input item.
INPUT_ITEM_TYPES = frozenset({
    "additional_tools", "agent_message", "apply_patch_call", "apply_patch_call_output",
    "code_interpreter_call", "compaction", "compaction_trigger", "computer_call", "computer_call_output",
    "configuration_update", "custom_tool_call", "custom_tool_call_output", "file_search_call",
    "function_call", "function_call_output", "image_generation_call", "item_reference",
    "local_shell_call", "local_shell_call_output", "mcp_approval_request", "mcp_approval_response",
    "mcp_call", "mcp_list_tools", "message", "multi_agent_call", "multi_agent_call_output", "program",
    "program_output", "reasoning", "shell_call", "shell_call_output", "tool_search_call",
    "tool_search_output", "web_search_call",
})  # fmt: skip


def parse_item(value: Any) -> Item:
    """Return `value` (a JSON object) as an item. Raises pydantic's ValidationError."""
    return _ITEM.validate_python(value)


def parse_items(value: Any) -> list[Item]:
    """Return `value` (a JSON array of objects) as items. Raises pydantic's ValidationError."""
    return _ITEMS.validate_python(value)


def said_by(item: Item, *roles: Role) -> bool:
    """Return whether the item is a message of one of these roles."""
    return isinstance(item, Message) and item.role in roles


def dump_items(items: Iterable[Item]) -> list[JsonObject]:
    """Return the items as JSON objects, exactly the fields that were given."""
    return [item.to_json() for item in items]
