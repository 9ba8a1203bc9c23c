"""What waits for an answer stays, with all that belongs to it."""

import pytest

from shared.compaction.policy import Policy
from shared.window.payload import SizedItem
from shared.wire.items import parse_item, parse_items
from shared.wire.model import JsonObject
from tests.planning import planned, said


def test_a_request_for_approval_that_waits_stays() -> None:
    request = {"type": "mcp_approval_request", "id": "r1", "name": "drop", "server_label": "db"}
    history = [SizedItem(item=parse_item(request), tokens=50), said("user", "well?", 5)]

    plan = planned(history, Policy(target_tokens=10, user_tokens=0, recent_tokens=0))

    assert history[0] in plan.kept


def test_an_item_that_is_only_passed_on_may_name_its_call_by_anything() -> None:
    found = {"type": "tool_search_output", "call_id": [], "status": "completed"}
    history = [SizedItem(item=parse_item(found), tokens=10), said("user", "Hello", 10)]
    assert planned(history, Policy(target_tokens=1000, user_tokens=100, recent_tokens=100)).kept


def test_an_open_call_keeps_the_reasoning_that_led_to_it() -> None:
    items = parse_items(
        [
            {"role": "user", "content": "go"},
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "reasoning", "id": "rs_2", "summary": []},
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
            {"role": "assistant", "content": "working"},
        ]
    )
    history = [SizedItem(item=item, tokens=100) for item in items]

    plan = planned(history, Policy(target_tokens=10, user_tokens=0, recent_tokens=0))

    assert [entry.item.type for entry in plan.kept] == ["reasoning", "reasoning", "function_call"]


def kept_types(documents: list[JsonObject], **fields: int) -> list[str]:
    history = [SizedItem(item=item, tokens=100) for item in parse_items(documents)]
    policy = Policy.from_json({"target_tokens": 10, "user_tokens": 0, "recent_tokens": 0, **fields})
    return [str(entry.item.id or entry.item.type) for entry in planned(history, policy).kept]


GO: JsonObject = {"role": "user", "content": "go", "id": "go"}
THOUGHT: JsonObject = {"type": "reasoning", "id": "rs", "summary": []}
SAID: JsonObject = {"role": "assistant", "content": "Well.", "id": "said"}


def call(call_id: str, **fields: object) -> JsonObject:
    return {"type": "function_call", "id": call_id, "call_id": call_id, "name": "f", "arguments": ""} | fields


def output(call_id: str) -> JsonObject:
    return {"type": "function_call_output", "id": f"{call_id}!", "call_id": call_id, "output": "done"}


def test_an_open_call_keeps_those_that_were_made_with_it() -> None:
    earlier = [THOUGHT | {"id": "old"}, call("x"), output("x")]
    documents = [GO, *earlier, THOUGHT, call("a"), call("b"), output("a"), GO, SAID]

    assert kept_types(documents) == ["rs", "a", "b", "a!"]


def test_a_call_that_was_sent_twice_keeps_its_output() -> None:
    twice = call("a") | {"id": "again"}

    assert kept_types([call("a"), THOUGHT, twice, call("b"), output("a"), GO, SAID]) == [
        "a",
        "rs",
        "again",
        "b",
        "a!",
    ]


def test_a_program_that_runs_keeps_the_calls_from_within_it() -> None:
    program = {"type": "program", "id": "p", "call_id": "p", "code": "", "fingerprint": ""}
    within = {"caller": {"type": "program", "caller_id": "p"}}
    documents = [program, call("a", **within), output("a"), call("b", **within), output("b"), GO, SAID]

    assert kept_types(documents) == ["p", "a", "a!", "b", "b!"]
    ended = {"type": "program_output", "call_id": "p", "result": "", "status": "completed"}
    assert kept_types([*documents[:5], ended, GO, SAID]) == []


COMMENT = SAID | {"phase": "commentary"}


@pytest.mark.parametrize(
    ("after", "stays"),
    [
        pytest.param([], True, id="nothing yet"),
        pytest.param([SAID], False, id="an answer"),
        pytest.param([SAID | {"phase": "final_answer"}], False, id="the final answer"),
        pytest.param([COMMENT], True, id="a commentary"),
        pytest.param([COMMENT, SAID], False, id="an answer after a commentary"),
        pytest.param([SAID, call("a"), output("a")], True, id="words before a call"),
        pytest.param([SAID, {"type": "web_search_call", "status": "completed"}], True, id="and a search"),
        pytest.param([call("a"), SAID, output("a")], True, id="an output that nobody has spoken of"),
        pytest.param([SAID, call("a"), output("a"), SAID], False, id="an answer after calls"),
    ],
)
def test_a_request_stays_whole_until_the_model_has_done_with_it(after: list[JsonObject], stays: bool) -> None:
    assert ("go" in kept_types([GO | {"id": "old"}, SAID, GO, *after])) == stays


def test_tools_that_a_developer_added_stay() -> None:
    added = {"type": "additional_tools", "role": "developer", "tools": [], "id": "added"}

    assert kept_types([added, GO, SAID]) == ["added"]
