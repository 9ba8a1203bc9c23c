"""Turns to store: one that was accepted, what it told when it was half done, and what it came to."""

from shared.turns import Turn, TurnResult
from shared.window.payload import SizedItem
from shared.wire.items import Item, Message, OutputText
from shared.wire.model import JsonObject
from shared.wire.requests import CreateResponse
from shared.wire.responses import Response
from tests.shared.adapters.redis.desk import JOB

# Told after the two events that every background response begins with.
HALF: list[JsonObject] = [
    {"type": "response.in_progress", "sequence_number": 2},
    {
        "type": "response.output_item.added",
        "sequence_number": 3,
        "output_index": 0,
        "item": {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        },
    },
    {
        "type": "response.content_part.added",
        "sequence_number": 4,
        "output_index": 0,
        "content_index": 0,
        "part": {"type": "output_text", "text": "", "annotations": []},
    },
    {
        "type": "response.output_text.delta",
        "sequence_number": 5,
        "output_index": 0,
        "content_index": 0,
        "delta": "Half of it",
    },
]


def accepted_turn(
    response_id: str = JOB, *, tenant: str = "acme", stream: bool = False, text: str = "Hello"
) -> Turn:
    """Return a turn as the front door accepts it."""
    request = {"model": "m", "input": text, "background": True, "stream": stream, "instructions": "Be brief."}
    return Turn(
        tenant=tenant,
        request=CreateResponse.from_json(request),
        head=Response(id=response_id, created_at=1, status="queued", model="m", background=True),
        input=[Message(id="msg_0", role="user", content=text)],
    )


def answered(asked: Turn, *, path: list[str] | None = None) -> TurnResult:
    """Return what a turn came to that went well."""
    output: list[Item] = [Message(id="msg_1", role="assistant", content=[OutputText(text="All of it")])]
    return TurnResult(
        response=asked.head.changed(status="completed", output=output),
        base=[SizedItem(item=Message(role="user", content="Before"), tokens=2)],
        input=[SizedItem(item=item, tokens=3) for item in asked.input],
        output=[SizedItem(item=item, tokens=5) for item in output],
        path=path or [asked.id],
    )
