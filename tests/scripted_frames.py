"""The scripted upstream's replies in the frames of OpenAI's two APIs."""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from shared.adapters.tiktoken import TiktokenCounter
from tests.scripted_replies import Call, Json, Reply

# Whether the frame is a piece of the answer, which waits for its turn, and the frame.
Frame: TypeAlias = tuple[bool, str]
Frames: TypeAlias = Callable[[Json, Reply], Iterator[Frame]]
Whole: TypeAlias = Callable[[Json, Reply], Json]


def _usage(body: Json, reply: Reply) -> tuple[int, int]:
    tools = json.dumps(body.get("tools") or "")
    said = [body.get("instructions"), body.get("messages"), body.get("input"), tools]
    made = [reply.reasoning, reply.refusal, reply.pieces(), [call.arguments for call in reply.calls]]
    return (
        count_tokens(said) if reply.input_tokens is None else reply.input_tokens,
        _count_words(made) if reply.output_tokens is None else reply.output_tokens,
    )


def _chat_usage(body: Json, reply: Reply) -> Json:
    read, made = _usage(body, reply)
    return {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made}


def _chat_finish(reply: Reply) -> str:
    return "tool_calls" if reply.calls and reply.finish_reason == "stop" else reply.finish_reason


def _chat_call(call: Call, arguments: str) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def chat_completion(body: Json, reply: Reply) -> Json:
    message: Json = {"role": "assistant", "content": "".join(reply.pieces()) or None}
    if reply.refusal:
        message["refusal"] = reply.refusal
    if reply.calls:
        message["tool_calls"] = [_chat_call(call, call.arguments) for call in reply.calls]
    choice = {"index": 0, "message": message, "finish_reason": _chat_finish(reply)}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": body.get("model")}
    return head | {"choices": [choice], "usage": _chat_usage(body, reply)}


def chat_frames(body: Json, reply: Reply) -> Iterator[Frame]:
    if reply.events:
        yield from ((True, f"data: {json.dumps(event)}\n\n") for event in reply.events)
        yield False, "data: [DONE]\n\n"
        return
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": body.get("model")}
    for delta in _chat_deltas(reply):
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        yield "role" not in delta, f"data: {json.dumps(head | {'choices': [choice]})}\n\n"
    choice = {"index": 0, "delta": {}, "finish_reason": _chat_finish(reply)}
    yield False, f"data: {json.dumps(head | {'choices': [choice]})}\n\n"
    if (body.get("stream_options") or {}).get("include_usage"):
        yield False, f"data: {json.dumps(head | {'choices': [], 'usage': _chat_usage(body, reply)})}\n\n"
    yield False, "data: [DONE]\n\n"


def _chat_deltas(reply: Reply) -> Iterator[Json]:
    yield {"role": "assistant", "content": ""}
    if reply.reasoning:
        yield {"reasoning_content": reply.reasoning}
    if reply.refusal:
        yield {"refusal": reply.refusal}
    yield from ({"content": piece} for piece in reply.pieces())
    for index, call in enumerate(reply.calls):
        yield {"tool_calls": [{"index": index} | _chat_call(call, "")]}
        for half in _halves(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": half}}]}


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    return text[:middle], text[middle:]


def no_frames(_body: Json, _reply: Reply) -> Iterator[Frame]:
    return iter(())


def compaction(body: Json, reply: Reply) -> Json:
    """The user's messages, and one item that tells in its seal how many items it stands for."""
    said = body["input"]
    asked = [item | {"id": f"msg_{n}"} for n, item in enumerate(said) if item.get("role") == "user"]
    sealed = {"type": "compaction", "id": "cmp_theirs", "encrypted_content": f"theirs:{len(said)}"}
    return {
        "id": "resp_1",
        "object": "response.compaction",
        "created_at": 0,
        "output": list(reply.events) or [*asked, sealed],
        "usage": _response_usage(body, reply),
    }


def _response_usage(body: Json, reply: Reply) -> Json:
    read, made = _usage(body, reply)
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + made,
    }


def response(body: Json, reply: Reply) -> Json:
    reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
    reason = reasons.get(reply.finish_reason)
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 0,
        "model": body.get("model"),
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "error": None,
        "output": [item for item, _, _ in _output(reply)],
        "usage": _response_usage(body, reply),
    }


def response_frames(body: Json, reply: Reply) -> Iterator[Frame]:
    events = ((True, event) for event in reply.events) if reply.events else _response_events(body, reply)
    for number, (paced, event) in enumerate(events):
        document = json.dumps(event | {"sequence_number": number})
        yield paced, f"event: {event['type']}\ndata: {document}\n\n"


def _response_events(body: Json, reply: Reply) -> Iterator[tuple[bool, Json]]:
    final = response(body, reply)
    yield False, {"type": "response.created", "response": final | {"status": "in_progress", "output": []}}
    for index, (item, kind, pieces) in enumerate(_output(reply)):
        place = {"item_id": item["id"], "output_index": index, "content_index": 0}
        empty = {name: "" if isinstance(value, str) else [] for name, value in item.items()}
        kept = {name: item[name] for name in ("id", "type", "role", "call_id", "name") if name in item}
        yield (
            False,
            {
                "type": "response.output_item.added",
                "output_index": index,
                "item": empty | kept | {"status": "in_progress"},
            },
        )
        for part in item.get("content", []):
            opened = part | {name: "" for name in ("text", "refusal") if name in part}
            yield False, {"type": "response.content_part.added", "part": opened} | place
        for piece in pieces:
            yield True, {"type": f"response.{kind}.delta", "delta": piece} | place
        yield False, {"type": "response.output_item.done", "output_index": index, "item": item}
    yield False, {"type": f"response.{final['status']}", "response": final}


def _output(reply: Reply) -> Iterator[tuple[Json, str, list[str]]]:
    """Yield each item of the answer, the kind of its deltas, and these."""
    if reply.reasoning:
        content = [{"type": "reasoning_text", "text": reply.reasoning}]
        item: Json = {"id": "rs_1", "type": "reasoning", "summary": [], "content": content}
        yield item, "reasoning_text", [reply.reasoning]
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    if reply.refusal:
        yield (
            message | {"content": [{"type": "refusal", "refusal": reply.refusal}]},
            "refusal",
            [reply.refusal],
        )
    if pieces := reply.pieces():
        text = {"type": "output_text", "text": "".join(pieces), "annotations": [], "logprobs": []}
        yield message | {"content": [text]}, "output_text", pieces
    for call in reply.calls:
        kind, field_name, deltas = (
            ("custom_tool_call", "input", "custom_tool_call_input")
            if call.custom
            else ("function_call", "arguments", "function_call_arguments")
        )
        item = {
            "id": f"fc_{call.id}",
            "type": kind,
            "call_id": call.id,
            "name": call.name,
            "status": "completed",
        }
        yield item | {field_name: call.arguments}, deltas, list(_halves(call.arguments))


_COUNTER = TiktokenCounter()


def count_tokens(value: Any) -> int:
    """Return the tokens of what a request says, with four around every message, call and part."""
    match value:
        case str():
            return _COUNTER.count(value)
        case dict():
            return 4 + sum(count_tokens(entry) for entry in value.values())
        case list():
            return sum(count_tokens(entry) for entry in value)
        case _:
            return 0


def _count_words(value: Any) -> int:
    match value:
        case str():
            return len(value.split())
        case dict():
            return sum(_count_words(entry) for entry in value.values())
        case list():
            return sum(_count_words(entry) for entry in value)
        case _:
            return 0
