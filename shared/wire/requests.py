"""The bodies of requests: each field is declared once, with its bounds, in the order in which it is checked."""

from typing import Annotated, Any, Literal, Self, TypeAlias, get_args

from pydantic import BeforeValidator, Field

from shared.wire.dumps import without_dumped
from shared.wire.input_items import check_input, input_items, with_types
from shared.wire.items import CompactionTrigger, InputText, Item, Message
from shared.wire.model import JsonObject, WireModel
from shared.wire.options import (
    MAX_INTEGER,
    MODERATION,
    REASONING,
    TEXT,
    AccessPrograms,
    BackgroundOptions,
    CompactCacheOptions,
    ContextManagement,
    HithertoOptions,
    ImageOptions,
    PromptCacheOptions,
    PromptTemplate,
    StreamOptions,
)
from shared.wire.responses import ConversationReference
from shared.wire.shapes import (
    MAX_ID,
    Policing,
    array_of,
    at_most,
    members_of,
    one_of,
    shaped,
    text_or,
)
from shared.wire.tools import TOOLS, check_tool_choice
from shared.wire.wording import abbreviated, listed

Includable: TypeAlias = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]
_ListedTier: TypeAlias = Literal["auto", "default", "fast", "flex", "priority"]
ServiceTier: TypeAlias = _ListedTier | Literal["scale", "ultrafast"]
PromptCacheRetention: TypeAlias = Literal["in_memory", "24h"]


_INCLUDE = array_of(
    one_of(Includable),
    f"an array of one of {listed([abbreviated(name) for name in get_args(Includable)], last='or')}",
)
_IS_LISTED_TIER = one_of(_ListedTier)


def _check_tier(value: Any, policing: Policing) -> None:
    # The SDK knows two more than OpenAI names to who sends another.
    if value not in ("scale", "ultrafast"):
        _IS_LISTED_TIER(value, policing)


_CONTEXT_MANAGEMENT = array_of(members_of(ContextManagement), "an array of objects", minimum=1)
_CONVERSATION = text_or(members_of(ConversationReference), dict, "one of a string or object", maximum=MAX_ID)

_AS_MEANT = BeforeValidator(lambda value: with_types(without_dumped(value)))
_Input: TypeAlias = Annotated[str | list[Item], shaped(check_input), _AS_MEANT]
_Conversation: TypeAlias = Annotated[str | ConversationReference, shaped(_CONVERSATION)]
_Metadata: TypeAlias = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
    shaped(at_most(16, "a metadata object")),
]


class InputRequest(WireModel):
    """What requests have in common that bring input: the model it is for, and what it continues."""

    model: str | None = None
    input: _Input | None = None
    previous_response_id: str | None = Field(None, max_length=MAX_ID)

    @classmethod
    def from_json(cls, document: JsonObject) -> Self:
        """Return a request that was checked before it was stored: this does not check it again."""
        return cls.model_validate(document)

    @property
    def input_items(self) -> list[Item]:
        """The input as items; text is one message of the user's, and the empty string none."""
        if isinstance(self.input, str):
            return [Message(role="user", content=[InputText(text=self.input)])] if self.input else []
        return list(self.input or [])


class CreateResponse(InputRequest):
    """POST /v1/responses."""

    model: str
    input: _Input
    prompt: Annotated[PromptTemplate, shaped(members_of(PromptTemplate))] | None = None
    conversation: _Conversation | None = None
    moderation: Annotated[JsonObject, shaped(MODERATION)] | None = None
    include: Annotated[list[Includable], shaped(_INCLUDE)] | None = None
    tools: Annotated[list[JsonObject], shaped(TOOLS)] | None = None
    tool_choice: Annotated[str | JsonObject, shaped(check_tool_choice)] | None = None
    metadata: _Metadata | None = None
    text: Annotated[JsonObject, shaped(TEXT)] | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    parallel_tool_calls: bool | None = None
    stream: bool | None = None
    stream_options: Annotated[StreamOptions, shaped(members_of(StreamOptions))] | None = None
    background: bool | None = None
    background_options: Annotated[BackgroundOptions, shaped(members_of(BackgroundOptions))] | None = None
    max_output_tokens: int | None = Field(None, ge=16, le=MAX_INTEGER)
    max_tool_calls: int | None = Field(None, ge=1, le=MAX_INTEGER)
    reasoning: Annotated[JsonObject, shaped(REASONING)] | None = None
    user: str | None = Field(None, max_length=64)
    safety_identifier: str | None = Field(None, max_length=128)
    prompt_cache_options: Annotated[PromptCacheOptions, shaped(members_of(PromptCacheOptions))] | None = None
    prompt_cache_key: str | None = Field(None, max_length=64)
    prompt_cache_retention: PromptCacheRetention | None = None
    truncation: Literal["auto", "disabled"] | None = None
    instructions: str | None = None
    store: bool | None = None
    service_tier: Annotated[ServiceTier, shaped(_check_tier)] | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    context_management: Annotated[list[ContextManagement], shaped(_CONTEXT_MANAGEMENT)] | None = None
    image: Annotated[ImageOptions, shaped(members_of(ImageOptions))] | None = None
    access_programs: Annotated[AccessPrograms, shaped(members_of(AccessPrograms))] | None = None
    # Not OpenAI's: Codex tells of itself with every request.
    client_metadata: JsonObject | None = None
    hitherto: Annotated[HithertoOptions, shaped(members_of(HithertoOptions))] | None = None

    @property
    def compaction(self) -> ContextManagement | None:
        """The automatic compaction that was asked for, if any: of several the one with the smallest threshold."""
        asked = self.context_management or []
        given = [entry for entry in asked if entry.compact_threshold is not None]
        return min(given or asked, key=lambda entry: entry.compact_threshold or 0, default=None)

    @property
    def conversation_id(self) -> str | None:
        """The id of the conversation that this turn belongs to, however it was given."""
        if isinstance(self.conversation, ConversationReference):
            return self.conversation.id
        return self.conversation

    @property
    def is_stored(self) -> bool:
        """Whether the response can be read back; OpenAI's default is that it can."""
        return self.store is not False

    @property
    def is_streamed(self) -> bool:
        """Whether the answer is sent as events."""
        return self.stream is True

    @property
    def is_background(self) -> bool:
        """Whether the turn runs without its client."""
        return self.background is True

    @property
    def has_trigger(self) -> bool:
        """Whether this turn is a compaction and nothing else."""
        return any(isinstance(item, CompactionTrigger) for item in self.input_items)


class CompactRequest(InputRequest):
    """POST /v1/responses/compact; members that a compaction has no use for are ignored."""

    model: str | None
    instructions: str | None = None
    prompt_cache_options: Annotated[CompactCacheOptions, shaped(members_of(CompactCacheOptions))] | None = (
        None
    )
    prompt_cache_key: str | None = Field(None, max_length=64)
    prompt_cache_retention: PromptCacheRetention | None = None
    service_tier: _ListedTier | None = None
    image: Annotated[ImageOptions, shaped(members_of(ImageOptions))] | None = None
    hitherto: Annotated[HithertoOptions, shaped(members_of(HithertoOptions))] | None = None


class InputTokensRequest(InputRequest):
    """POST /v1/responses/input_tokens; every member may be absent."""

    conversation: _Conversation | None = None
    tools: Annotated[list[JsonObject], shaped(TOOLS)] | None = None
    tool_choice: Annotated[str | JsonObject, shaped(check_tool_choice)] | None = None
    text: Annotated[JsonObject, shaped(TEXT)] | None = None
    parallel_tool_calls: bool | None = None
    reasoning: Annotated[JsonObject, shaped(REASONING)] | None = None
    personality: str | None = None
    truncation: Literal["auto", "disabled"] | None = None
    instructions: str | None = None


class PreviewRequest(InputTokensRequest):
    """POST /v1/compactions/preview: a window, and when and how far it is to be compacted."""

    context_management: Annotated[list[ContextManagement], shaped(_CONTEXT_MANAGEMENT)] | None = None
    hitherto: Annotated[HithertoOptions, shaped(members_of(HithertoOptions))] | None = None

    @property
    def has_trigger(self) -> bool:
        """Whether the compaction is one that the client asks for."""
        return any(isinstance(item, CompactionTrigger) for item in self.input_items)


class CreateConversation(WireModel):
    """POST /v1/conversations."""

    items: Annotated[list[Item], shaped(input_items(maximum=20)), _AS_MEANT] | None = None
    metadata: _Metadata | None = None


class UpdateConversation(WireModel):
    """POST /v1/conversations/{id}."""

    metadata: _Metadata | None


class AddConversationItems(WireModel):
    """POST /v1/conversations/{id}/items."""

    items: Annotated[list[Item], shaped(input_items(minimum=1, maximum=20)), _AS_MEANT]
