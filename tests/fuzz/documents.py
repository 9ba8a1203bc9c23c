"""Valid requests to start from: one document for each endpoint, type of item and type of tool."""

from typing import Any, TypeAlias

from shared.happenings import EVENT_TYPES
from shared.wire.items import INPUT_ITEM_TYPES

Json: TypeAlias = dict[str, Any]

# The scripted provider says what its model's name asks for; the last ones reach it over the Responses API.
MODELS = ["m", "say:Yes.", "call:look", "refuse", "think", "length", "passed", "passed-on"]

_TEXT = {"type": "input_text", "text": "What was the port of the staging database?"}
_IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}
_FILE = {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,aGk="}
_SAID = {"type": "output_text", "text": "It was 5433.", "annotations": []}
_SUMMARY = [{"type": "summary_text", "text": "Look it up."}]

ITEMS: list[Json] = [
    {"role": "user", "content": "Hi"},
    {"role": "user", "content": [_TEXT, _IMAGE, _FILE]},
    {"type": "message", "role": "system", "content": "Be brief."},
    {"type": "message", "role": "developer", "content": [_TEXT], "id": "msg_1", "status": "completed"},
    {"role": "assistant", "content": [_SAID, {"type": "refusal", "refusal": "No."}], "phase": "commentary"},
    {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"at": "config"}'},
    {"type": "function_call_output", "call_id": "call_1", "output": "port = 5433"},
    {"type": "function_call_output", "call_id": "call_1", "output": [_TEXT, _IMAGE]},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "patch", "input": "*** Begin Patch"},
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": "done"},
    {"type": "reasoning", "id": "rs_1", "summary": _SUMMARY, "encrypted_content": "gAAAA"},
    {"type": "compaction", "encrypted_content": "known-seal-0"},
    {"type": "compaction_trigger"},
    {"type": "item_reference", "id": "known-item-0"},
    {"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "look"}]},
    {
        "type": "mcp_call",
        "id": "mcp_1",
        "name": "query",
        "arguments": "{}",
        "server_label": "db",
        "output": "1",
    },
    {"type": "mcp_approval_request", "id": "mcpr_1", "name": "drop", "arguments": "{}", "server_label": "db"},
    {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
    {
        "type": "local_shell_call",
        "call_id": "call_3",
        "action": {"type": "exec", "command": ["ls"], "env": {}},
    },
    {"type": "local_shell_call_output", "id": "call_3", "output": "README.md"},
    {"type": "tool_search_output", "call_id": "call_4", "tools": [{"type": "function", "name": "look"}]},
    {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "x"},
    },
    *({"type": kind, "id": "item_1", "status": "completed"} for kind in sorted(INPUT_ITEM_TYPES)),
]

_SCHEMA = {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}
_FUNCTION = {"type": "function", "name": "look", "parameters": _SCHEMA, "strict": False}

TOOLS: list[Json] = [
    _FUNCTION,
    {
        "type": "custom",
        "name": "patch",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
    },
    {"type": "namespace", "name": "db", "description": "Tables", "tools": [_FUNCTION]},
    {"type": "tool_search", "execution": "client", "parameters": _SCHEMA},
    {"type": "web_search", "filters": {"allowed_domains": ["example.org"]}},
    {"type": "mcp", "server_label": "db", "server_url": "https://example.org", "require_approval": "never"},
]

_LONG = [
    {"role": "user", "content": f"Fact {n}: port {8000 + n} is taken by service {n}. " * 12} for n in range(9)
]
_COMPACTING = [{"type": "compaction", "compact_threshold": 1000}]

CREATE: list[Json] = [
    {"model": "m", "input": "Hi"},
    {"model": "m", "input": "Hi", "stream": True, "stream_options": {"include_obfuscation": False}},
    {"model": "m", "input": "Hi", "store": False, "include": ["reasoning.encrypted_content"]},
    {"model": "m", "input": "Hi", "background": True, "metadata": {"a": "b"}},
    {"model": "m", "input": "Hi", "background": True, "stream": True},
    {"model": "m", "input": "And now?", "previous_response_id": "known-resp-0"},
    {"model": "m", "input": "And now?", "previous_response_id": "known-job-0", "background": True},
    {"model": "m", "input": "And now?", "conversation": "known-conv-0"},
    {"model": "m", "input": "And now?", "conversation": {"id": "known-conv-1"}, "background": True},
    {"model": "m", "input": _LONG, "context_management": _COMPACTING},
    {"model": "m", "input": _LONG, "context_management": _COMPACTING, "background": True},
    {
        "model": "m",
        "input": [*_LONG, {"type": "compaction_trigger"}],
        "hitherto": {"compact_target_tokens": 300},
    },
    {
        "model": "m",
        "input": [{"role": "user", "content": [_TEXT]}],
        "instructions": "Be brief.",
        "tools": [_FUNCTION],
        "tool_choice": {"type": "function", "name": "look"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": _SCHEMA}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "temperature": 0.5,
        "top_p": 1,
        "max_output_tokens": 100,
        "service_tier": "auto",
        "prompt_cache_key": "k",
        "truncation": "disabled",
        "parallel_tool_calls": False,
    },
]
COMPACT: list[Json] = [
    {"model": "m", "input": _LONG},
    {"model": "m", "input": _LONG[:1], "instructions": "Be brief."},
    {"model": "m", "previous_response_id": "known-resp-1", "hitherto": {"compact_target_tokens": 500}},
]
INPUT_TOKENS: list[Json] = [
    {"model": "m", "input": "Hi", "tools": [_FUNCTION], "text": {"format": {"type": "text"}}},
    {"previous_response_id": "known-resp-2", "instructions": "Be brief."},
    {"conversation": "known-conv-0", "input": "Hi"},
]
PREVIEW: list[Json] = [
    {"model": "m", "input": _LONG, "context_management": _COMPACTING},
    {"model": "m", "previous_response_id": "known-resp-0", "instructions": "Be brief."},
    {"conversation": "known-conv-0", "input": [*_LONG, {"type": "compaction_trigger"}]},
]
CREATE_CONVERSATION: list[Json] = [
    {"items": [{"role": "user", "content": "Hi"}], "metadata": {"a": "b"}},
    {},
]
UPDATE_CONVERSATION: list[Json] = [{"metadata": {"a": "b"}}]
# The address of a receiver that answers all with 204.
_HOOK = {"name": "n", "url": "known-url-0"}
CREATE_HOOK: list[Json] = [
    _HOOK | {"event_types": ["response.completed"]},
    _HOOK | {"event_types": list(EVENT_TYPES)},
]
UPDATE_HOOK: list[Json] = [{"name": "m"}, {"url": "known-url-0"}, {"event_types": ["response.failed"]}]
ROTATE_SECRET: list[Json] = [{}, {"keep_old_secret_active_for_24_hours": True}]
TEST_HOOK: list[Json] = [{"event_type": name} for name in EVENT_TYPES]
ADD_ITEMS: list[Json] = [{"items": [{"role": "user", "content": "Hi"}]}]
