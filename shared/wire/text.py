"""Reading the text of items, whatever shape a client gave it."""

from collections.abc import Iterator, Sequence

from shared.wire.items import (
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    InputText,
    Item,
    Message,
    OutputText,
    Part,
    Reasoning,
    ReasoningText,
    Refusal,
    SummaryText,
)


def text_of_content(content: str | Sequence[Part]) -> str:
    """Return the text in a message's or tool output's content; other parts contribute nothing."""
    if isinstance(content, str):
        return content
    return "\n".join(_texts(content))


def text_of(item: Item) -> str:
    """Return the words of an item: what was said, called, returned or thought; else empty."""
    match item:
        case Message():
            return text_of_content(item.content)
        case FunctionCall():
            return item.arguments
        case CustomToolCall():
            return item.input
        case FunctionCallOutput() | CustomToolCallOutput():
            return text_of_content(item.output)
        case Reasoning():
            return text_of_content([*item.summary, *(item.content or [])])
        case _:
            return ""


def _texts(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        match part:
            case InputText() | OutputText() | SummaryText() | ReasoningText():
                yield part.text
            case Refusal():
                yield part.refusal
            case _:
                continue
