"""The Codex CLI as it comes, with nothing set but the base URL: what version 0.169 was seen to send."""

import json

import httpx
import pytest

from tests.fixtures.codex import TOOLS, finished_items, post, request, said, stream
from tests.fixtures.house import House
from tests.scripted_upstream import Call, Json, Reply, ScriptedUpstream, in_turn

HELLO = said("user", "Hello")
NOTES = {
    "internal_chat_message_metadata_passthrough": {
        "turn_id": "01a2022b-16f9-7290-81ec-51ca8a94e6af",
        "create_time": 1795332708.1264825,
        "content_item_kinds": ["user.text"],
    }
}
# Models that Codex knows are told of their tools by an item, in namespaces, and run them by a script.
BROUGHT: Json = {
    "type": "additional_tools",
    "id": "at_1",
    "role": "developer",
    "tools": [
        {
            "type": "namespace",
            "name": "functions",
            "description": "",
            "tools": [
                {"type": "custom", "name": "exec", "description": "Runs JavaScript."},
                {"type": "function", "name": "wait", "strict": False, "parameters": {"type": "object"}},
            ],
        }
    ],
}


def test_a_search_that_it_always_offers_is_left_out_where_nobody_can_search(
    address: str, upstream: ScriptedUpstream
) -> None:
    search = {"type": "web_search", "external_web_access": True}
    events = stream(address, request(HELLO, tools=[*TOOLS, search]))
    assert [tool["type"] for tool in events[-1]["response"]["tools"]] == [tool["type"] for tool in TOOLS]
    offered = [tool["function"]["name"] for tool in upstream.requests[-1]["tools"]]
    assert offered == ["shell_command", "apply_patch", "mcp__docs__search", "tool_search"]


def test_a_search_that_another_client_offers_was_asked_for(address: str) -> None:
    body = request(HELLO, tools=[*TOOLS, {"type": "web_search"}])
    answer = httpx.post(f"{address}/responses", json=body, headers={"originator": "another"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, f"tools[{len(TOOLS)}].type")


ITEMS: list[Json] = [
    said("user", "Hello"),
    said("assistant", "Hi."),
    {"type": "reasoning", "summary": [], "encrypted_content": None},
    {"type": "custom_tool_call", "call_id": "call_1", "name": "apply_patch", "input": "*** Begin Patch"},
    {
        "type": "agent_message",
        "id": "amsg_1",
        "author": "/lead",
        "recipient": "/lead/a",
        "content": [{"type": "input_text", "text": "Hi"}],
    },
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["type"])
def test_what_it_notes_on_its_items_is_neither_refused_nor_told_to_the_model(
    address: str, upstream: ScriptedUpstream, item: Json
) -> None:
    stream(address, request(item))
    without = upstream.requests[-1]["messages"]
    answer = post(address, request(item | NOTES))
    assert answer.status_code == 200, answer.text
    assert upstream.requests[-1]["messages"] == without


def test_notes_go_to_no_provider(passing_address: str, upstream: ScriptedUpstream) -> None:
    stream(passing_address, request(HELLO | NOTES))
    assert "turn_id" not in json.dumps(upstream.requests[-1])


def test_a_script_is_called_by_its_place_in_the_tools_that_an_item_brought(
    address: str, upstream: ScriptedUpstream
) -> None:
    script = "text((await tools.exec_command({cmd: 'ls'})).output)"
    upstream.follow(in_turn(Reply(calls=(Call("functions__exec", json.dumps({"input": script})),))))
    bare = request(HELLO)
    bare["input"].insert(0, BROUGHT)
    del bare["tools"], bare["instructions"]
    [call] = finished_items(stream(address, bare))
    expected = {"type": "custom_tool_call", "namespace": "functions", "name": "exec", "input": script}
    assert call.items() >= expected.items()

    returned = {
        "type": "custom_tool_call_output",
        "call_id": call["call_id"],
        "output": [{"type": "input_text", "text": "README.md"}],
    }
    bare["input"] += [call, returned]
    stream(address, bare)
    *_, called, answered = upstream.requests[-1]["messages"]
    assert called["tool_calls"][0]["function"]["name"] == "functions__exec"
    assert (answered["role"], answered["content"]) == ("tool", "README.md")


def test_what_one_agent_tells_another_is_read_though_it_is_called_encrypted(
    address: str, upstream: ScriptedUpstream
) -> None:
    told = {
        "type": "agent_message",
        "id": "amsg_1",
        "author": "/lead",
        "recipient": "/lead/helper",
        "content": [
            {"type": "input_text", "text": "Message Type: NEW_TASK"},
            {"type": "encrypted_content", "encrypted_content": "Count the files."},
        ],
    }
    stream(address, request(told))
    assert "Count the files." in str(upstream.requests[-1]["messages"][-1])


def test_websockets_are_refused_once_and_for_all(address: str, plain_house: House) -> None:
    # Codex takes 426 for an answer and goes on by HTTP; after any other status it tries five times more.
    wish = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "openai-beta": "responses_websockets=2026-02-06",
    }
    answer = httpx.get(f"{address}/responses", headers=wish)
    assert answer.status_code == 426
    assert answer.json()["error"]["message"] == "WebSocket mode is not supported by this server. Use HTTP."
    # What uvicorn would advise, to install a library, helps nobody.
    logs = [process.log.read_text() for process in plain_house.processes if process.name == "api"]
    assert [log for log in logs if "WebSocket" in log or "Unsupported upgrade" in log] == []
