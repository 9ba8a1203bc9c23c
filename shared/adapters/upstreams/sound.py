"""What a provider says, made sound: text that can be encoded, and numbers that JSON has.

Python reads more than JSON may hold: half a character, as gateways send that cut text where they like, and
infinite numbers. What is let in here is stored, sent to clients, and never looked at again.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any, Final, TypeAlias

from shared.prompt import CallDelta, ReasoningDelta, RefusalDelta, TextDelta, UpstreamEvent
from shared.wire.model import WireModel

_Delta: TypeAlias = TextDelta | RefusalDelta | ReasoningDelta | CallDelta

# OpenAI's number for what has no probability at all.
_LEAST_LOGPROB: Final = -9999.0


class SoundAnswer:
    """The events of one answer on their way in; a character that was cut in two is whole again."""

    def __init__(self) -> None:
        self._half: _Delta | None = None

    def read(self, events: Iterable[UpstreamEvent]) -> Iterator[UpstreamEvent]:
        """Yield the events, each as soon as all of its last character is there."""
        for event in events:
            half, self._half = self._half, None
            if half is None:
                yield from self._told(event)
            elif joined := _joined(half, event):
                yield from self._told(joined)
            else:
                yield _sound_event(half)
                yield from self._told(event)

    def _told(self, event: UpstreamEvent) -> Iterator[UpstreamEvent]:
        if not isinstance(event, _Delta) or not _is_first_half(event.text[-1:]):
            yield _sound_event(event)
        elif len(event.text) == 1:
            self._half = event
        else:
            before, self._half = _cut(event)
            yield _sound_event(before)


def sound(value: Any) -> Any:
    """Return a value of JSON, or of the wire, without half characters (U+FFFD each) and infinite numbers."""
    match value:
        case str():
            return value if value.isascii() else _sound_text(value)
        case float():
            return value if math.isfinite(value) else None
        case list():
            return [sound(each) for each in value]
        case dict():
            return {sound(key): _sound_member(key, each) for key, each in value.items()}
        case WireModel():
            document = value.to_json()
            made = sound(document)
            return value if made == document else type(value).model_validate(made)
        case _:
            return value


def _sound_event(event: UpstreamEvent) -> UpstreamEvent:
    return replace(event, **{each.name: sound(getattr(event, each.name)) for each in fields(event)})


def _sound_member(key: str, value: Any) -> Any:
    unsure = key == "logprob" and isinstance(value, float) and not math.isfinite(value)
    return _LEAST_LOGPROB if unsure else sound(value)


def _sound_text(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_first_half(character: str) -> bool:
    return "\ud800" <= character <= "\udbff"


def _cut(delta: _Delta) -> tuple[_Delta, _Delta]:
    """Return a delta without its last character, and that character as more of the same."""
    before, half = replace(delta, text=delta.text[:-1]), replace(delta, text=delta.text[-1])
    match half:
        case TextDelta():
            return before, replace(half, logprobs=None, begins_part=False)
        case CallDelta():
            return before, half
        case _:
            return before, replace(half, begins_part=False)


def _joined(half: _Delta, event: UpstreamEvent) -> _Delta | None:
    """Return the delta that goes on where `half` was cut, with it; None where it is of another text."""
    match half, event:
        case TextDelta(), TextDelta(begins_part=False):
            logprobs = [*(half.logprobs or []), *(event.logprobs or [])]
            return replace(half, text=half.text + event.text, logprobs=logprobs or None)
        case RefusalDelta(), RefusalDelta(begins_part=False):
            return replace(half, text=half.text + event.text)
        case ReasoningDelta(), ReasoningDelta(begins_part=False) if half.summary == event.summary:
            return replace(half, text=half.text + event.text)
        case CallDelta(), CallDelta() if half.index == event.index:
            return replace(half, text=half.text + event.text)
        case _:
            return None
