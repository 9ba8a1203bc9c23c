"""What the scripted upstream is told to answer, and what a model's name tells it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; `arguments` is JSON text, or a custom tool's plain input."""

    name: str
    arguments: str = "{}"
    id: str = "call_1"
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. Text goes out in `chunks` or word by word, each after `delay_seconds`."""

    text: str = ""
    chunks: tuple[str, ...] = ()
    delay_seconds: float = 0.0
    reasoning: str = ""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    finish_reason: str = "stop"
    # Instead of an answer.
    status: int = 200
    error: Json = field(default_factory=dict)
    retry_after_seconds: float | None = None
    # Instead of the rest of it, after so many events; 0 is before the response's headers.
    cut_after: int | None = None
    # Not before the test says so.
    held: bool = False
    hang_after: int | None = None
    # Instead of the endpoint's own events, or of a compaction's items, for servers that differ.
    events: tuple[Json, ...] = ()
    input_tokens: int | None = None
    output_tokens: int | None = None

    def pieces(self) -> list[str]:
        """Return the text as it is streamed."""
        return list(self.chunks) or re.findall(r"\S+\s*|\s+", self.text)


# A story, and one that stops in the middle.
WHOLE = Reply("Once there was a node that never went down.")
STALLED = Reply(WHOLE.text, hang_after=4)

Script: TypeAlias = Callable[[Json], Reply]


SECTIONS = ("Goal", "Constraints", "Decisions", "Done", "In progress", "Next steps", "Critical context")
# What a summariser answers that does as it is told.
SUMMARY = "\n".join(f"## {section}\n- Said under {section}." for section in SECTIONS)


def asks_for_a_summary(body: Json) -> bool:
    """Return whether a request is for a summary, not for an answer."""
    return "You write the record" in str(body["messages"][0])


def in_turn(*replies: Reply) -> Script:
    """Return a script that gives each reply once, and the last one for ever."""
    remaining = list(replies)
    return lambda _body: remaining.pop(0) if len(remaining) > 1 else remaining[0]


def reply_to_model(flaky: Counter[str], body: Json) -> Reply:
    """Return what the model's name asks for, `kind:argument`; any other name echoes the last user message.

    say:TEXT, call:TOOL, refuse, think, length, slow:SECONDS (of streaming), fail:STATUS, flaky:N (500 N times,
    then an echo), overflow, drop (no response), cut (in mid-stream), hang (before the response), stall
    (in mid-stream), held (an echo, once the test releases it).
    """
    kind, _, argument = str(body.get("model")).partition(":")
    echo = f"You said: {' '.join(last_user_text(body).split()[:200])}"
    match kind:
        case "say":
            return Reply(argument)
        case "call":
            return Reply(calls=(Call(argument or "tool"),))
        case "slow":
            return Reply(
                chunks=tuple(f"word{n} " for n in range(20)), delay_seconds=float(argument or 1) / 20
            )
        case "fail":
            return Reply(status=int(argument or 500), retry_after_seconds=0.01)
        case "flaky":
            flaky[str(body["model"])] += 1
            return Reply(echo, status=500 if flaky[str(body["model"])] <= int(argument or 1) else 200)
        case "held":
            return Reply(echo, held=True)
        case _:
            return _REPLIES.get(kind, Reply(echo))


_REPLIES = {
    "refuse": Reply(refusal="I can't help with that."),
    "think": Reply("Done.", reasoning="Let me think."),
    "length": Reply("This is cut", finish_reason="length"),
    "overflow": Reply(status=400, error={"code": "context_length_exceeded", "message": "Too long."}),
    "drop": Reply(cut_after=0),
    "cut": Reply("This breaks off somewhere", cut_after=3),
    "hang": Reply(hang_after=0),
    "stall": Reply("This stalls somewhere", hang_after=3),
}


def last_user_text(body: Json) -> str:
    """Return the words of the newest user message of either API's request."""
    entries = body.get("messages") or body.get("input") or ""
    if isinstance(entries, str):
        return entries
    texts = [" ".join(_strings(entry.get("content"))) for entry in entries if entry.get("role") == "user"]
    return texts[-1] if texts else ""


def _strings(content: Any) -> Iterator[str]:
    for part in content if isinstance(content, list) else [content]:
        yield part.get("text", "") if isinstance(part, dict) else str(part or "")
