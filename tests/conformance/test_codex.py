"""The Codex CLI against the whole server: its requests, its history, its tools, and what it reads."""

import json

import httpx
import pytest

from tests.fixtures.codex import PATCH, TOOLS, finished_items, post, request, said, stream
from tests.scripted_upstream import Call, Json, Reply, ScriptedUpstream, in_turn

HELLO = said("user", "Hello")


def test_a_turn_is_told_in_the_events_that_codex_reads(address: str, upstream: ScriptedUpstream) -> None:
    upstream.follow(in_turn(Reply("Hi.", reasoning="A greeting.")))
    events = stream(address, request(HELLO))
    created, *_, completed = events
    assert (created["type"], completed["type"]) == ("response.created", "response.completed")
    assert [item["type"] for item in finished_items(events)] == ["reasoning", "message"]
    assert finished_items(events) == completed["response"]["output"]
    usage = completed["response"]["usage"]
    counts = [usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]]
    details = [
        usage["input_tokens_details"]["cached_tokens"],
        usage["output_tokens_details"]["reasoning_tokens"],
    ]
    assert all(isinstance(count, int) for count in [*counts, *details])


def test_a_delta_belongs_to_an_item_that_was_announced(address: str, upstream: ScriptedUpstream) -> None:
    upstream.follow(in_turn(Reply("Hi there.", reasoning="A greeting.", calls=(Call("shell_command"),))))
    announced: set[str] = set()
    for event in stream(address, request(HELLO)):
        if event["type"] == "response.output_item.added":
            announced.add(event["item"]["id"])
        if event["type"].endswith(".delta"):
            assert event["item_id"] in announced


def test_nothing_of_a_turn_is_stored(address: str, upstream: ScriptedUpstream) -> None:
    response = stream(address, request(HELLO))[-1]["response"]
    assert response["store"] is False
    assert httpx.get(f"{address}/responses/{response['id']}").status_code == 404


def test_what_it_tells_of_itself_is_accepted(address: str, upstream: ScriptedUpstream) -> None:
    metadata = {"session_id": "019a", "thread_id": "019a", "turn_id": "1"}
    answer = post(address, request(HELLO, client_metadata=metadata))
    assert answer.status_code == 200, answer.text


LOCAL_SHELL_CALL = {
    "type": "local_shell_call",
    "call_id": "call_1",
    "status": "completed",
    "action": {
        "type": "exec",
        "command": ["ls", "-la"],
        "timeout_ms": None,
        "working_directory": "/repo",
        "env": None,
        "user": None,
    },
}
THOUGHT = {
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "I should look."}],
    "encrypted_content": "gAAAAsealed",
}
PIXEL = "data:image/png;base64,iVBORw0KGgo="

HISTORIES: dict[str, tuple[list[Json], list[str], list[str]]] = {
    "a shell call and its output": (
        [LOCAL_SHELL_CALL, {"type": "function_call_output", "call_id": "call_1", "output": "README.md"}],
        ["user", "user"],
        ["ls", "-la", "[output of local_shell_call call_1]\\nREADME.md"],
    ),
    "a shell call and an output of its own type": (
        [LOCAL_SHELL_CALL, {"type": "local_shell_call_output", "id": "call_1", "output": "README.md"}],
        ["user", "user"],
        ["ls", "-la", "README.md"],
    ),
    "a patch": (
        [
            {
                "type": "custom_tool_call",
                "status": "completed",
                "call_id": "call_1",
                "name": "apply_patch",
                "input": PATCH,
            },
            {"type": "custom_tool_call_output", "call_id": "call_1", "output": "Done!"},
        ],
        ["assistant", "tool"],
        ["apply_patch", "Delete File: old.py", "Done!"],
    ),
    "a call in a namespace": (
        [
            {
                "type": "function_call",
                "name": "search",
                "namespace": "mcp__docs",
                "arguments": '{"query": "cache"}',
                "call_id": "call_1",
            },
            {
                "type": "function_call_output",
                "call_id": "call_1",
                "output": [{"type": "input_text", "text": "Two pages."}],
            },
        ],
        ["assistant", "tool"],
        ["mcp__docs__search", "cache", "Two pages."],
    ),
    "an image that a tool returned": (
        [
            {"type": "function_call", "name": "view_image", "arguments": "{}", "call_id": "call_1"},
            {
                "type": "function_call_output",
                "call_id": "call_1",
                "output": [{"type": "input_image", "image_url": PIXEL}],
            },
        ],
        ["assistant", "tool", "user"],
        ["view_image", PIXEL],
    ),
    "sealed thoughts before commentary": (
        [THOUGHT, said("assistant", "Let me look.", phase="commentary")],
        ["assistant"],
        ["Let me look."],
    ),
    "a web search": (
        [
            {
                "type": "web_search_call",
                "status": "completed",
                "action": {"type": "search", "query": "valkey lua"},
            }
        ],
        ["user"],
        ["valkey lua"],
    ),
}


@pytest.mark.parametrize(("items", "roles", "read"), HISTORIES.values(), ids=HISTORIES.keys())
def test_the_model_reads_what_stands_in_the_history(
    address: str, upstream: ScriptedUpstream, items: list[Json], roles: list[str], read: list[str]
) -> None:
    events = stream(address, request(HELLO, *items, said("user", "Go on")))
    assert events[-1]["type"] == "response.completed"
    messages = upstream.requests[-1]["messages"]
    assert [message["role"] for message in messages] == ["system", "system", "user", *roles, "user"]
    text = json.dumps(messages)
    assert [words for words in read if words not in text] == []
    assert "no longer in the conversation" not in text


CALLS: dict[str, tuple[Call, Json]] = {
    "a command": (
        Call("shell_command", '{"command": "ls"}'),
        {"type": "function_call", "name": "shell_command", "arguments": '{"command": "ls"}'},
    ),
    "a patch": (
        Call("apply_patch", json.dumps({"input": PATCH})),
        {"type": "custom_tool_call", "name": "apply_patch", "input": PATCH},
    ),
    "a tool in a namespace": (
        Call("mcp__docs__search", '{"query": "cache"}'),
        {
            "type": "function_call",
            "name": "search",
            "namespace": "mcp__docs",
            "arguments": '{"query": "cache"}',
        },
    ),
    "a search for tools": (
        Call("tool_search", '{"query": "calendar"}'),
        {"type": "tool_search_call", "execution": "client", "arguments": {"query": "calendar"}},
    ),
}


@pytest.mark.parametrize(("call", "expected"), CALLS.values(), ids=CALLS.keys())
def test_a_call_of_the_model_is_an_item_that_codex_can_run(
    address: str, upstream: ScriptedUpstream, call: Call, expected: Json
) -> None:
    upstream.follow(in_turn(Reply(calls=(call,))))
    [item] = finished_items(stream(address, request(HELLO)))
    assert item.items() >= (expected | {"call_id": "call_1"}).items()


def test_tools_that_a_search_found_are_offered_to_the_model(address: str, upstream: ScriptedUpstream) -> None:
    search = {"call_id": "call_1", "execution": "client", "status": "completed"}
    found = {"type": "function", "name": "book", "defer_loading": True, "parameters": {"type": "object"}}
    stream(
        address,
        request(
            HELLO,
            {"type": "tool_search_call", "arguments": {"query": "calendar"}, **search},
            {"type": "tool_search_output", "tools": [found], **search},
            said("user", "Book it"),
        ),
    )
    offered = [tool["function"]["name"] for tool in upstream.requests[-1]["tools"]]
    assert offered == ["shell_command", "apply_patch", "mcp__docs__search", "tool_search", "book"]


HOSTED: list[Json] = [
    {"type": "local_shell"},
    {"type": "web_search", "external_web_access": True},
    {"type": "image_generation", "output_format": "png"},
]


def test_a_tool_that_nobody_here_can_run_is_refused_by_its_place(address: str) -> None:
    answer = post(address, request(HELLO, tools=[*TOOLS, HOSTED[0]]))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("unsupported_value", f"tools[{len(TOOLS)}].type")
    assert all(f"'{supported['type']}'" in error["message"] for supported in TOOLS)


def test_an_upstream_with_tools_of_its_own_is_given_them_all(
    passing_address: str, upstream: ScriptedUpstream
) -> None:
    stream(passing_address, request(HELLO, tools=[*TOOLS, *HOSTED]))
    assert upstream.requests[-1]["tools"] == [*TOOLS, *HOSTED]


def test_sealed_thoughts_come_from_the_upstream_and_go_back_to_it(
    passing_address: str, upstream: ScriptedUpstream
) -> None:
    thought = {"id": "rs_1", **THOUGHT}
    upstream.follow(
        in_turn(
            Reply(
                events=(
                    {"type": "response.output_item.done", "output_index": 0, "item": thought},
                    {"type": "response.completed", "response": {"status": "completed"}},
                )
            )
        )
    )
    [item] = finished_items(stream(passing_address, request(HELLO)))
    assert item["encrypted_content"] == "gAAAAsealed"
    assert upstream.requests[-1]["include"] == ["reasoning.encrypted_content"]

    upstream.follow()
    returned = {key: value for key, value in item.items() if key != "id"}
    stream(passing_address, request(HELLO, returned, said("user", "Go on")))
    sent_on = [item for item in upstream.requests[-1]["input"] if item["type"] == "reasoning"]
    assert [item["encrypted_content"] for item in sent_on] == ["gAAAAsealed"]


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("overflow", "context_length_exceeded"),
        ("fail:429", "rate_limit_exceeded"),
        ("fail:500", "server_error"),
        ("cut", "server_error"),
    ],
)
def test_a_failure_is_told_by_the_code_that_codex_acts_on(
    address: str, upstream: ScriptedUpstream, model: str, code: str
) -> None:
    *_, error, failed = stream(address, request(HELLO, model=model))
    assert (error["type"], failed["type"]) == ("error", "response.failed")
    assert error["error"]["code"] == failed["response"]["error"]["code"] == code
