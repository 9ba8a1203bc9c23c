"""A cut never parts what belongs together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.window.calls import bound_together, open_calls, safe_cuts, settled_length
from shared.wire.items import FunctionCall, FunctionCallOutput, Item, Reasoning, parse_item, parse_items
from shared.wire.model import JsonObject

USER = {"role": "user", "content": "hi"}
SAID = {"role": "assistant", "content": "Well."}
THOUGHT = {"type": "reasoning", "summary": []}


def call(call_id: str) -> JsonObject:
    return {"type": "function_call", "call_id": call_id, "name": "f", "arguments": "{}"}


def output(call_id: str) -> JsonObject:
    return {"type": "function_call_output", "call_id": call_id, "output": "done"}


PAIRS = [
    pytest.param(call("a"), output("a"), id="function"),
    pytest.param(
        {"type": "custom_tool_call", "call_id": "a", "name": "f", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "done"},
        id="custom tool",
    ),
    *(
        pytest.param({"type": kind, "call_id": "a"}, {"type": f"{kind}_output", "call_id": "a"}, id=kind)
        for kind in (
            "local_shell_call",
            "shell_call",
            "apply_patch_call",
            "computer_call",
            "multi_agent_call",
        )
    ),
    pytest.param(
        {"type": "program", "call_id": "a"}, {"type": "program_output", "call_id": "a"}, id="program"
    ),
    pytest.param(
        {"type": "tool_search_call", "call_id": "a"},
        {"type": "tool_search_output", "call_id": "a"},
        id="tool search",
    ),
    pytest.param(
        {"type": "local_shell_call", "call_id": "a"},
        {"type": "local_shell_call_output", "id": "a"},
        id="shell by id",
    ),
    pytest.param(
        {"type": "mcp_approval_request", "id": "a"},
        {"type": "mcp_approval_response", "approval_request_id": "a", "approve": True},
        id="MCP approval",
    ),
    pytest.param(
        {"type": "mcp_approval_request", "id": "a"},
        {"type": "mcp_call", "approval_request_id": "a"},
        id="MCP call",
    ),
    pytest.param(
        {"type": "future_call", "call_id": "a"},
        {"type": "future_call_output", "call_id": "a"},
        id="a type of tomorrow",
    ),
]


@pytest.mark.parametrize(("asks", "answers"), PAIRS)
def test_never_cuts_between_a_call_and_its_output(asks: JsonObject, answers: JsonObject) -> None:
    items = parse_items([USER, asks, USER, answers, USER])

    assert safe_cuts(items) == [True, True, False, False, True, True]


@pytest.mark.parametrize(("asks", "answers"), PAIRS)
def test_a_call_is_open_until_its_output_comes(asks: JsonObject, answers: JsonObject) -> None:
    assert open_calls(parse_items([asks, USER])) == {"a"}
    assert open_calls(parse_items([asks, USER, answers])) == frozenset()


@pytest.mark.parametrize(
    "item",
    [
        USER,
        THOUGHT,
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"type": "tool_search_call", "call_id": None},
        {"type": "future_call", "call_id": 7},
        {"type": "mcp_call", "id": "mcp_1"},
        {"type": "mcp_approval_request"},
        {"type": "local_shell_call_output"},
    ],
    ids=lambda item: item.get("type", "message"),
)
def test_an_item_that_waits_for_no_answer_binds_nothing(item: JsonObject) -> None:
    items = parse_items([item])

    assert open_calls(items) == frozenset()
    assert safe_cuts(items) == [True, True]


def test_parallel_calls_stay_with_all_their_outputs() -> None:
    items = parse_items([call("a"), call("b"), output("b"), output("a"), USER])

    assert safe_cuts(items) == [True, False, False, False, True, True]


def test_every_later_output_of_a_call_stays_with_it() -> None:
    items = parse_items([call("a"), output("a"), output("a"), USER])

    assert safe_cuts(items) == [True, False, False, True, True]


def test_a_call_id_that_is_used_again_begins_a_new_call() -> None:
    items = parse_items([call("a"), output("a"), call("a"), output("a")])

    assert safe_cuts(items) == [True, False, True, False, True]


def test_a_call_id_that_is_used_twice_before_its_output_binds_both_calls() -> None:
    items = parse_items([call("a"), call("a"), output("a"), output("a")])

    assert safe_cuts(items) == [True, False, False, False, True]


def test_an_output_before_its_call_answers_nothing() -> None:
    items = parse_items([output("a"), call("a")])

    assert open_calls(items) == {"a"}
    assert safe_cuts(items) == [True, True, True]


def test_an_open_call_forbids_no_cut() -> None:
    assert safe_cuts(parse_items([USER, call("a"), USER])) == [True, True, True, True]


def test_a_run_of_reasoning_stays_with_the_item_that_follows_it() -> None:
    items = parse_items([USER, THOUGHT, THOUGHT, call("a"), USER])

    assert safe_cuts(items) == [True, True, False, False, True, True]


def test_reasoning_stays_with_all_that_it_had_called_at_once() -> None:
    items = parse_items([USER, THOUGHT, SAID, call("a"), call("b"), output("a"), output("b"), SAID, USER])

    assert safe_cuts(items) == [True, True, *[False] * 5, True, True, True]
    assert bound_together(items) == [[0], [1, 2, 3, 4, 5, 6], [7], [8]]


def test_reasoning_is_not_bound_to_what_comes_after_an_output() -> None:
    items = parse_items([THOUGHT, call("a"), output("a"), call("b"), output("b")])

    assert bound_together(items) == [[0, 1, 2], [3, 4]]


def test_an_answer_that_no_call_follows_is_all_that_its_reasoning_led_to() -> None:
    assert bound_together(parse_items([THOUGHT, SAID, SAID])) == [[0, 1], [2]]


def test_a_program_stays_with_the_calls_from_within_it() -> None:
    program = {"type": "program", "call_id": "p", "code": "", "fingerprint": ""}
    within = {"caller": {"type": "program", "caller_id": "p"}}
    items = parse_items([USER, program, call("a") | within, output("a"), call("b") | within, USER])

    assert bound_together(items) == [[0], [1, 2, 3, 4], [5]]
    assert safe_cuts(items) == [True, True, False, False, False, True, True]


def test_what_is_compacted_ahead_ends_before_a_program_that_runs() -> None:
    program = {"type": "program", "call_id": "p", "code": "", "fingerprint": ""}
    within = {"caller": {"type": "program", "caller_id": "p"}}
    items = parse_items([USER, program, call("a") | within, output("a"), call("b") | within])

    assert settled_length(items, newest=1) == 1


@pytest.mark.parametrize(
    "caller", [None, {"type": "direct"}, {"caller_id": 7}, {"caller_id": "q"}, "p"], ids=str
)
def test_a_call_that_names_no_program_is_bound_to_none(caller: object) -> None:
    program = {"type": "program", "call_id": "p", "code": "", "fingerprint": ""}

    assert bound_together(parse_items([program, call("a") | {"caller": caller}])) == [[0], [1]]


def test_a_hundred_thousand_thoughts_in_a_row_take_a_moment() -> None:
    items = parse_items([*[THOUGHT] * 100_000, call("a"), output("a")])

    assert [len(group) for group in bound_together(items)] == [100_002]


def test_a_window_may_end_with_reasoning() -> None:
    assert safe_cuts(parse_items([USER, THOUGHT])) == [True, True, True]


def test_an_empty_window_has_one_cut() -> None:
    assert safe_cuts([]) == [True]


def test_ten_thousand_nested_calls_take_a_moment() -> None:
    names = [f"c{number}" for number in range(10_000)]
    items = parse_items([*map(call, names), *map(output, reversed(names))])

    assert [place for place, safe in enumerate(safe_cuts(items)) if safe] == [0, 20_000]


IDS = st.sampled_from("abc")
WINDOWS = st.lists(
    st.one_of(IDS.map(call), IDS.map(output), st.just(USER), st.just(THOUGHT)).map(parse_item), max_size=12
)


@given(WINDOWS)
def test_no_safe_cut_leaves_an_output_without_the_call_it_had(items: list[Item]) -> None:
    for place, safe in enumerate(safe_cuts(items)):
        if safe:
            assert _orphans(items[:place]) + _orphans(items[place:]) == _orphans(items)
            assert place in {0, len(items)} or not isinstance(items[place - 1], Reasoning)


@given(WINDOWS)
def test_a_cut_is_refused_only_for_a_call_or_for_reasoning(items: list[Item]) -> None:
    for place, safe in enumerate(safe_cuts(items)):
        if not safe:
            called = {item.call_id for item in items[:place] if isinstance(item, FunctionCall)}
            answered = {item.call_id for item in items[place:] if isinstance(item, FunctionCallOutput)}
            before = [item for item in items[:place] if not isinstance(item, FunctionCall)]
            assert called & answered or isinstance(before[-1], Reasoning)


def _orphans(items: list[Item]) -> int:
    """Return how many outputs have no call before them."""
    called: set[str] = set()
    orphans = 0
    for item in items:
        if isinstance(item, FunctionCall):
            called.add(item.call_id)
        if isinstance(item, FunctionCallOutput) and item.call_id not in called:
            orphans += 1
    return orphans
