"""What a model is really given of a session: two published chat formats, and OpenAI's rules for images.

Harmony is the format of gpt-oss as its documentation has it; ChatML with tools is what Qwen's chat template
writes. Text is counted by tiktoken, each mark such as <|im_start|> is one token.
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from math import ceil

from shared.wire.model import JsonObject
from tests.benchmarks.accuracy.sessions import Session

Count = Callable[[str], float]

_MARK = re.compile(r"<\|[a-z_]+\|>")
_HARMONY_SYSTEM = (
    "You are ChatGPT, a large language model trained by OpenAI.\nKnowledge cutoff: 2024-06\n"
    "Current date: 2026-03-01\n\nReasoning: medium\n\n# Valid channels: analysis, commentary, final. "
    "Channel must be included for every message."
)
_TOOLS_GO_TO_COMMENTARY = "\nCalls to these tools must go to the commentary channel: 'functions'."
_CHATML_TOOLS = (
    "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>{tools}\n</tools>\n\n"
    "For each function call, return a json object with function name and arguments within "
    '<tool_call></tool_call> XML tags:\n<tool_call>\n{{"name": <function-name>, "arguments": '
    "<args-json-object>}}\n</tool_call>"
)


def tokens_of(session: Session, form: str, count: Count) -> float:
    """Return what a request with the session takes of a model's context in `form`: `harmony` or `chatml`.

    Marks within texts of the session are text.
    """
    frame = _harmony(session) if form == "harmony" else _chatml(session)
    images = sum(_image_tokens(part) for part in _parts(session) if part["type"] == "input_image")
    return images + sum(1 if is_mark else count(text) for is_mark, text in _split(frame))


# A piece of a frame is what the format says, with its marks, or what the session says, which has none.
_Piece = tuple[bool, str]


def _split(frame: Iterator[_Piece]) -> Iterator[tuple[bool, str]]:
    """Yield marks, and runs of text as long as they come."""
    run = ""
    for is_format, text in frame:
        place = 0
        for mark in _MARK.finditer(text) if is_format else ():
            yield False, run + text[place : mark.start()]
            yield True, mark.group()
            run, place = "", mark.end()
        run += text[place:]
    yield False, run


def _harmony(session: Session) -> Iterator[_Piece]:
    system = _HARMONY_SYSTEM + (_TOOLS_GO_TO_COMMENTARY if session.tools else "")
    yield True, f"<|start|>system<|message|>{system}<|end|>"
    if session.instructions or session.tools:
        yield True, "<|start|>developer<|message|># Instructions\n\n"
        yield False, (session.instructions or "") + _namespace(session.tools)
        yield True, "<|end|>"
    names = {item["call_id"]: item["name"] for item in session.items if item["type"] == "function_call"}
    for item in session.items:
        match item["type"]:
            case "function_call":
                yield True, f"<|start|>assistant<|channel|>commentary to=functions.{item['name']}"
                yield True, " <|constrain|>json<|message|>"
                yield False, item["arguments"]
                yield True, "<|call|>"
            case "function_call_output":
                name = names[item["call_id"]]
                yield True, f"<|start|>functions.{name} to=assistant<|channel|>commentary<|message|>"
                yield False, item["output"]
                yield True, "<|end|>"
            case _:
                channel = "<|channel|>final" if item["role"] == "assistant" else ""
                yield True, f"<|start|>{item['role']}{channel}<|message|>"
                yield False, _text(item)
                yield True, "<|end|>"
    yield True, "<|start|>assistant"


def _namespace(tools: Sequence[JsonObject]) -> str:
    if not tools:
        return ""
    types = "\n\n".join(_typescript(tool) for tool in tools)
    return f"\n\n# Tools\n\n## functions\n\nnamespace functions {{\n\n{types}\n\n}} // namespace functions"


def _typescript(tool: JsonObject) -> str:
    fields = "\n".join(
        f"// {schema['description']}\n{name}: {schema['type']},"
        for name, schema in tool["parameters"]["properties"].items()
    )
    return f"// {tool['description']}\ntype {tool['name']} = (_: {{\n{fields}\n}}) => any;"


def _chatml(session: Session) -> Iterator[_Piece]:
    tools = "".join("\n" + json.dumps(_nested(tool), ensure_ascii=False) for tool in session.tools)
    yield True, "<|im_start|>system\n"
    yield False, session.instructions or "You are a helpful assistant."
    yield False, _CHATML_TOOLS.format(tools=tools) if tools else ""
    yield True, "<|im_end|>\n"
    for item in session.items:
        match item["type"]:
            case "function_call":
                yield True, "<|im_start|>assistant\n<tool_call>\n"
                yield False, f'{{"name": "{item["name"]}", "arguments": {item["arguments"]}}}'
                yield True, "\n</tool_call><|im_end|>\n"
            case "function_call_output":
                yield True, "<|im_start|>user\n<tool_response>\n"
                yield False, item["output"]
                yield True, "\n</tool_response><|im_end|>\n"
            case _:
                yield True, f"<|im_start|>{item['role']}\n"
                yield False, _text(item)
                yield True, "<|im_end|>\n"
    yield True, "<|im_start|>assistant\n"


def _nested(tool: JsonObject) -> JsonObject:
    return {"type": "function", "function": {key: each for key, each in tool.items() if key != "type"}}


def _parts(session: Session) -> Iterator[JsonObject]:
    for item in session.items:
        yield from item.get("content", [])


def _text(item: JsonObject) -> str:
    return "".join(part.get("text", "") for part in item["content"])


def _image_tokens(part: JsonObject) -> int:
    """Return the dearer of OpenAI's two rules: 512-pixel tiles, or patches of 32 pixels, at most 1,536."""
    if part["detail"] == "low":
        return 85
    width, height = _pixels(part["image_url"])
    fitted = min(1.0, 2048 / max(width, height))
    shrunk = fitted * min(1.0, 768 / (min(width, height) * fitted))
    tiles = ceil(width * shrunk / 512) * ceil(height * shrunk / 512)
    return max(85 + 170 * tiles, min(ceil(width / 32) * ceil(height / 32), 1536))


def _pixels(url: str) -> tuple[int, int]:
    head = b64decode(url.partition(",")[2])
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
