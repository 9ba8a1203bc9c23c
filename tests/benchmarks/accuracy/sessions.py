"""The sessions that counting is measured on: each is a request's items, its instructions and its tools."""

import json
import struct
from base64 import b64encode
from dataclasses import dataclass, field

from shared.wire.model import JsonObject
from tests.benchmarks.accuracy.phrases import CODE, COMPACT_JSON, INDENTED_JSON, LANGUAGES, LOG, TOOLS

INSTRUCTIONS = (
    "You are a careful assistant for an engineering team. Answer in the language of the question, briefly."
)


@dataclass(frozen=True, slots=True)
class Session:
    """A request. `items` are in the wire's form."""

    name: str
    items: list[JsonObject]
    tools: list[JsonObject] = field(default_factory=list)
    instructions: str | None = INSTRUCTIONS

    def until(self, length: int) -> "Session":
        """Return the session when it had so many items."""
        return Session(self.name, self.items[:length], self.tools, self.instructions)


def sessions() -> list[Session]:
    """Return all sessions; each is the same every time."""
    return [
        *(Session(f"chat, {language}", _chat(phrases)) for language, phrases in LANGUAGES.items()),
        *(
            Session(f"tools, {language}", _agent(phrases), TOOLS)
            for language, phrases in LANGUAGES.items()
            if language in ("English", "German", "Japanese")
        ),
        Session("many short messages", [_said(index, "ok") for index in range(240)], instructions=None),
        Session("tools, one question", [_said(0, LANGUAGES["English"][0])], TOOLS),
        Session("images", _images(), instructions=None),
        Session("images and tools", [*_images(), *_agent(LANGUAGES["English"])], TOOLS),
    ]


def _said(index: int, text: str) -> JsonObject:
    role, kind = ("user", "input_text") if index % 2 == 0 else ("assistant", "output_text")
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def _chat(phrases: tuple[str, ...]) -> list[JsonObject]:
    texts = (" ".join(phrases[(index + each) % len(phrases)] for each in range(3)) for index in range(24))
    return [_said(index, text) for index, text in enumerate(texts)]


def _agent(phrases: tuple[str, ...]) -> list[JsonObject]:
    items: list[JsonObject] = []
    for index, output in enumerate([CODE, LOG, COMPACT_JSON, INDENTED_JSON] * 2):
        tool = TOOLS[index % len(TOOLS)]
        schema = tool["parameters"]["properties"]  # type: ignore[index]  # JSON, as it stands in phrases.py
        arguments = {name: f"{name} {index}: {phrases[index % len(phrases)]}" for name in schema}
        items += [
            _said(0, phrases[index % len(phrases)]),
            {
                "type": "function_call",
                "call_id": f"call_{index}",
                "name": tool["name"],
                "arguments": json.dumps(arguments, ensure_ascii=False),
            },
            {"type": "function_call_output", "call_id": f"call_{index}", "output": output},
            _said(1, " ".join(phrases[:2])),
        ]
    return items


def _images() -> list[JsonObject]:
    sizes = [
        (640, 480, "auto"),
        (1024, 1024, "high"),
        (1920, 1080, "high"),
        (3000, 2000, "low"),
        (200, 2000, "auto"),
    ]
    return [
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": f"What is wrong in screenshot {number}?"},
                {"type": "input_image", "image_url": png(width, height), "detail": detail},
            ],
        }
        for number, (width, height, detail) in enumerate(sizes)
    ]


def png(width: int, height: int) -> str:
    """Return the data URL of a PNG of this size, as far as its header goes."""
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 6, 0, 0, 0)
    return "data:image/png;base64," + b64encode(head).decode()
