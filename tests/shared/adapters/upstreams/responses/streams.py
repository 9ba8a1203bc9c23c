"""What another Responses API streams, and what is read from it."""

from typing import Any

from shared.adapters.upstreams.responses.upstream import ResponsesUpstream
from shared.prompt import Prompt, UpstreamEvent
from shared.wire.items import Message
from shared.wire.model import JsonObject

HELLO = Message(role="user", content="Hello")


async def answer(upstream: ResponsesUpstream) -> list[UpstreamEvent]:
    return [event async for event in upstream.stream(Prompt("m", [HELLO]))]


def event(name: str, **fields: Any) -> JsonObject:
    return {"type": f"response.{name}"} | fields


def done(item: JsonObject, index: int = 0) -> JsonObject:
    return event("output_item.done", output_index=index, item=item)


def completed(**response: Any) -> JsonObject:
    return event("completed", response={"model": "m", "status": "completed"} | response)


OURS = [
    {"type": "message", "id": "msg_ours", "role": "user", "content": "Hi"},
    {"type": "message", "id": "msg_ours", "role": "assistant", "content": "Hm", "phase": "commentary"},
    {"type": "function_call", "id": "fc_ours", "call_id": "c1", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "id": "fc_ours", "call_id": "c1", "output": "x"},
    {"type": "custom_tool_call", "id": "ctc_ours", "call_id": "c2", "name": "f", "input": ""},
    {"type": "custom_tool_call_output", "id": "ctc_ours", "call_id": "c2", "output": "x"},
    {"type": "reasoning", "id": "item_ours", "summary": [], "encrypted_content": "gAAA"},
    {"type": "web_search_call", "id": "item_ours", "status": "completed"},
]
TOKEN = {"token": "Hi", "bytes": [72, 105], "logprob": -0.5, "top_logprobs": []}
NOTE = {"type": "url_citation", "url": "https://x.example", "start_index": 0, "end_index": 2, "title": "X"}
ANNOTATED = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Hi", "annotations": [NOTE], "logprobs": [TOKEN]}],
}
