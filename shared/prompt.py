"""What an upstream is asked, and what it streams back, in terms of no provider."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.wire.items import Item, Phase
from shared.wire.model import JsonObject
from shared.wire.responses import Usage


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to generate, and what to tell. None leaves the provider's default; limits are in tokens."""

    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    top_logprobs: int | None = None
    tools: list[JsonObject] = field(default_factory=list)
    tool_choice: str | JsonObject | None = None
    parallel_tool_calls: bool | None = None
    text: JsonObject | None = None
    reasoning: JsonObject | None = None
    max_tool_calls: int | None = None
    include: list[str] = field(default_factory=list)
    # What a provider keeps its books and its caches by.
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: JsonObject | None = None
    safety_identifier: str | None = None
    user: str | None = None
    service_tier: str | None = None
    truncation: str | None = None

    @property
    def wants_logprobs(self) -> bool:
        """Whether the probabilities of the answer's tokens are to be told."""
        return bool(self.top_logprobs) or "message.output_text.logprobs" in self.include


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request to a model. Of compaction items `items` hold only what the provider sealed itself.

    `patience_seconds` is how long it may wait until its upstream takes it.
    """

    model: str
    items: list[Item]
    instructions: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    patience_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class CompactedItems:
    """What a provider's own compaction left of a prompt's items: at least one of them is its compaction item."""

    items: list[Item]
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class MessageStarted:
    """The model begins another message. A provider that makes one message of its answer need not say so."""

    phase: Phase | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer; `logprobs` are those of its tokens, in the form of the Responses API.

    What `begins_part` is another part of the same message.
    """

    text: str
    logprobs: list[JsonObject] | None = None
    begins_part: bool = False


@dataclass(frozen=True, slots=True)
class AnnotationAdded:
    """A note on the text so far, such as a citation, in the form of the Responses API.

    `part` is the number of the message's part that it is about, from 0; None for the last one.
    """

    annotation: JsonObject
    part: int | None = None


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """More of a refusal; what `begins_part` is another one in the same message."""

    text: str
    begins_part: bool = False


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the model's raw reasoning (`summary` false) or of a summary of it (true).

    `item_id` is the provider's name for what it thinks: it seals the thoughts under that name. What
    `begins_part` is another part of the same item, as the parts of a summary are.
    """

    text: str
    summary: bool = False
    item_id: str | None = None
    begins_part: bool = False


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The model begins a tool call; `index` tells parallel calls of one answer apart.

    `members` are the others that its item has, such as who may call it.
    """

    index: int
    call_id: str
    name: str
    kind: Literal["function", "custom"] = "function"
    namespace: str | None = None
    members: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallDelta:
    """More of the arguments (JSON text) or the input (plain text) of call `index`."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ItemProduced:
    """A whole item that the provider made and hitherto passes on: a hosted tool call, sealed reasoning."""

    item: Item


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of the answer: always the last event, exactly once.

    `usage` is None where the provider reported none. `calls` is how often it was asked until it began to answer.
    """

    reason: Literal["stop", "length", "content_filter"]
    usage: Usage | None = None
    calls: int = 1


UpstreamEvent: TypeAlias = (
    MessageStarted
    | TextDelta
    | AnnotationAdded
    | RefusalDelta
    | ReasoningDelta
    | CallStarted
    | CallDelta
    | ItemProduced
    | Finished
)
