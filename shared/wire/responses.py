"""The Response object: everything that a client reads back about a turn."""

from typing import Any, Literal, TypeAlias

from pydantic import Field

from shared.wire.items import Item
from shared.wire.model import JsonObject, WireModel
from shared.wire.shapes import MAX_ID

ResponseStatus: TypeAlias = Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]
TERMINAL_STATUSES: frozenset[str] = frozenset({"completed", "incomplete", "failed", "cancelled"})


class InputTokensDetails(WireModel):
    """Where the input tokens came from."""

    cached_tokens: int = 0
    cache_write_tokens: int = 0


class OutputTokensDetails(WireModel):
    """What the output tokens were spent on."""

    reasoning_tokens: int = 0


class Usage(WireModel):
    """Tokens of one turn, its compaction pass included."""

    input_tokens: int = 0
    input_tokens_details: InputTokensDetails = InputTokensDetails()
    output_tokens: int = 0
    output_tokens_details: OutputTokensDetails = OutputTokensDetails()
    total_tokens: int = 0

    def to_json(self) -> JsonObject:
        """Return all five fields, given or not: clients rely on each."""
        return self.model_dump(mode="json")

    @classmethod
    def of(cls, read: int, written: int) -> "Usage":
        """Return the usage of so many tokens that were read and written, of which no more is known."""
        return cls(input_tokens=read, output_tokens=written, total_tokens=read + written)

    def __add__(self, other: "Usage") -> "Usage":
        """Return the sum, kind by kind, those included that hitherto does not know."""
        return Usage.model_validate(_sum(self.to_json(), other.to_json()))


class ResponseError(WireModel):
    """Why a response failed."""

    code: str
    message: str


class IncompleteDetails(WireModel):
    """Why a response ended early."""

    reason: Literal["max_output_tokens", "content_filter", "max_messages", "steered"]


class ConversationReference(WireModel):
    """The conversation that a response belongs to."""

    id: str = Field(max_length=MAX_ID)


class Response(WireModel):
    """A turn as OpenAI's API shows it; every field is always on the wire."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    status: ResponseStatus
    background: bool = False
    completed_at: int | None = None
    conversation: ConversationReference | None = None
    error: ResponseError | None = None
    frequency_penalty: float = 0.0
    incomplete_details: IncompleteDetails | None = None
    instructions: str | list[Item] | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    model: str
    output: list[Item] = Field(default_factory=list)
    parallel_tool_calls: bool = True
    presence_penalty: float = 0.0
    previous_response_id: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    reasoning: JsonObject = Field(default_factory=lambda: {"effort": None, "summary": None})
    safety_identifier: str | None = None
    service_tier: str = "auto"
    store: bool = True
    temperature: float = 1.0
    text: JsonObject = Field(default_factory=lambda: {"format": {"type": "text"}, "verbosity": "medium"})
    tool_choice: str | JsonObject = "auto"
    tools: list[JsonObject] = Field(default_factory=list)
    top_logprobs: int = 0
    top_p: float = 1.0
    truncation: Literal["auto", "disabled"] = "disabled"
    usage: Usage | None = None
    user: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return every field; items and their parts keep exactly the fields they were given."""
        document: JsonObject = {name: getattr(self, name) for name in type(self).model_fields}
        document |= self.model_extra or {}
        return {name: _to_json(value) for name, value in document.items()}

    @property
    def is_terminal(self) -> bool:
        """Whether the status can never change again."""
        return self.status in TERMINAL_STATUSES

    @property
    def settled_tier(self) -> str:
        """The service tier once the response has ended: `auto` is what it is called until then."""
        return "default" if self.service_tier == "auto" else self.service_tier


def _sum(one: JsonObject, other: JsonObject) -> JsonObject:
    return one | {name: _added(one.get(name), value) for name, value in other.items()}


def _added(one: Any, other: Any) -> Any:
    match one, other:
        case dict(), dict():
            return _sum(one, other)
        case ((int() | float()), (int() | float())):
            return one + other
        case _:
            return one if other is None else other


def _to_json(value: Any) -> Any:
    if isinstance(value, WireModel):
        return value.to_json()
    if isinstance(value, list):
        return [_to_json(entry) for entry in value]
    return value
