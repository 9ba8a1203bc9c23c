"""What an upstream is asked, and what it streams back, in terms of no provider."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.wire.items import Item
from shared.wire.model import JsonObject
from shared.wire.responses import Usage


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to generate. None leaves the provider's default; limits are in tokens."""

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


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request to a model. `items` hold no compaction items: those are unsealed before."""

    model: str
    items: list[Item]
    instructions: str | None = None
    sampling: Sampling = field(default_factory=Sampling)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """More of a refusal."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the model's raw reasoning (`summary` false) or of a summary of it (true)."""

    text: str
    summary: bool = False


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The model begins a tool call; `index` tells parallel calls of one answer apart."""

    index: int
    call_id: str
    name: str
    kind: Literal["function", "custom"] = "function"
    namespace: str | None = None


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

    `usage` is None where the provider reported none. `model` is the provider's name for what answered.
    """

    reason: Literal["stop", "length", "content_filter"]
    usage: Usage | None = None
    model: str | None = None


UpstreamEvent: TypeAlias = (
    TextDelta | RefusalDelta | ReasoningDelta | CallStarted | CallDelta | ItemProduced | Finished
)
