"""Requests whose fields are right one by one and wrong together."""

from collections.abc import Callable
from typing import Any

import pytest

from api.validation.contradictions import (
    check_before_running,
    check_compaction_trigger,
    check_input_given,
    check_prompt,
    check_supported,
)
from api.validation.parsing import parse_create, parse_preview
from shared.errors import InvalidRequest, NotFound
from shared.wire.requests import CreateResponse
from shared.wire.tools import check_client_tools
from tests.sentences import NO_INPUT, Refusal, asking

TRIGGER = {"type": "compaction_trigger"}
HELLO = {"role": "user", "content": "hi"}


def refusal_by(check: Callable[[CreateResponse], None], **fields: Any) -> Refusal:
    request = parse_create(asking(**fields))
    with pytest.raises(InvalidRequest) as caught:
        check(request)
    return caught.value.message, caught.value.param, caught.value.code


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        pytest.param(
            {"conversation": {"id": "conv_1"}, "previous_response_id": "resp_1"},
            (
                (
                    "Mutually exclusive parameters: ''. Ensure you are only providing one of: "
                    "'pre..._id' or 'conversation'."
                ),
                None,
                "mutually_exclusive_parameters",
            ),
            id="two-histories",
        ),
        pytest.param(
            {"background": True, "store": False},
            ("Background mode requires store=true.", "background", "unsupported_parameter"),
            id="background-without-store",
        ),
        pytest.param(
            {"stream_options": {"include_obfuscation": False}},
            (
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                "stream_options",
                None,
            ),
            id="stream-options-without-stream",
        ),
    ],
)
def test_a_request_is_refused_at_once_for(fields: dict[str, Any], refusal: Refusal) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_create(asking(**fields))

    assert (caught.value.message, caught.value.param, caught.value.code) == refusal


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"background": True}, id="background-stores-by-default"),
        pytest.param({"background": True, "store": None}, id="store-null-is-the-default"),
        pytest.param({"background": False, "store": False}, id="no-store-in-the-foreground"),
        pytest.param({"conversation": "conv_1", "store": False}, id="a-conversation-may-only-be-read"),
        pytest.param({"stream": True, "stream_options": {"include_obfuscation": False}}, id="stream-options"),
        pytest.param({"conversation": "conv_1", "previous_response_id": None}, id="one-history"),
    ],
)
def test_a_request_is_valid_with(fields: dict[str, Any]) -> None:
    assert parse_create(asking(**fields)).to_json() == asking(**fields)


@pytest.mark.parametrize("nothing", ["", []], ids=["empty-text", "empty-array"])
def test_a_request_without_input_must_continue_something(nothing: Any) -> None:
    assert refusal_by(check_input_given, input=nothing) == NO_INPUT


@pytest.mark.parametrize(
    "source",
    [{"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"prompt": {"id": "pmpt_1"}}],
    ids=["response", "conversation", "prompt"],
)
def test_input_may_be_empty_when_something_is_continued(source: dict[str, Any]) -> None:
    check_input_given(parse_create(asking(input=[], **source)))


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        pytest.param(
            {"input": [TRIGGER, TRIGGER, HELLO], "max_output_tokens": 16},
            ("Only one 'compaction_trigger' item may be provided.", "input", None),
            id="count-first",
        ),
        pytest.param(
            {"input": [TRIGGER, HELLO], "max_output_tokens": 16},
            ("The 'compaction_trigger' item must be the final input item.", "input", None),
            id="position-second",
        ),
        pytest.param(
            {"input": [HELLO, TRIGGER], "max_output_tokens": 19_999},
            (
                "'compaction_trigger' requires 'max_output_tokens' to be at least 20000 when specified.",
                "max_output_tokens",
                None,
            ),
            id="budget-third",
        ),
    ],
)
def test_a_compaction_trigger_is_refused_in_this_order(fields: dict[str, Any], refusal: Refusal) -> None:
    assert refusal_by(check_compaction_trigger, **fields) == refusal


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([HELLO, TRIGGER, TRIGGER], "Only one 'compaction_trigger' item may be provided."),
        ([TRIGGER, HELLO], "The 'compaction_trigger' item must be the final input item."),
    ],
    ids=["two", "not last"],
)
def test_a_preview_refuses_a_trigger_as_a_turn_does(items: list[Any], message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_preview({"model": "m", "input": items})

    assert (caught.value.message, caught.value.param) == (message, "input")
    assert refusal_by(check_compaction_trigger, input=items) == (message, "input", None)


@pytest.mark.parametrize("budget", [None, 20_000], ids=["no-budget", "smallest-budget"])
def test_a_compaction_trigger_may_end_an_input(budget: int | None) -> None:
    request = parse_create(asking(input=[HELLO, TRIGGER], max_output_tokens=budget))

    check_compaction_trigger(request)

    assert request.has_trigger


@pytest.mark.parametrize(
    ("param", "value"),
    [
        pytest.param("moderation", {"model": "m"}, id="moderation"),
        pytest.param("background_options", {"completion_window": "2h"}, id="later"),
        pytest.param("background_options", {"continuation_id": "c"}, id="continuation"),
        pytest.param("image", {"context_compression": "enabled"}, id="image"),
        pytest.param("access_programs", {"cyber": "daybreak_red"}, id="access_programs"),
    ],
)
def test_an_option_that_nothing_here_honours_is_refused(param: str, value: Any) -> None:
    message = f"Unsupported parameter: '{param}' is not supported by this server."

    assert refusal_by(check_supported, **{param: value}) == (message, param, "unsupported_parameter")


@pytest.mark.parametrize(
    ("param", "value"),
    [
        pytest.param("background_options", {"completion_window": "soonest"}, id="soonest"),
        pytest.param("image", {"context_compression": "auto"}, id="image-auto"),
        pytest.param("access_programs", {"cyber": "standard"}, id="standard-access"),
        pytest.param("moderation", None, id="no-moderation"),
    ],
)
def test_an_option_that_asks_for_nothing_is_no_harm(param: str, value: Any) -> None:
    check_supported(parse_create(asking(**{param: value})))


def test_no_prompt_is_found_here() -> None:
    with pytest.raises(NotFound, match="Prompt with id 'pmpt_x' not found") as caught:
        check_prompt(parse_create(asking(prompt={"id": "pmpt_x"})))

    assert (caught.value.param, caught.value.code) == (None, None)


def test_a_request_without_a_prompt_passes() -> None:
    check_prompt(parse_create(asking()))


def test_missing_input_comes_before_an_unsupported_option() -> None:
    assert refusal_by(check_before_running, input=[], moderation={"model": "m"}) == NO_INPUT


def test_a_hosted_tool_is_refused_where_nothing_serves_it() -> None:
    tools = [{"type": "function", "name": "f"}, {"type": "web_search"}]

    refusal = refusal_by(lambda request: check_client_tools(request.tools or []), tools=tools)

    assert refusal == (
        (
            "Unsupported value: 'web_search' is not supported by this server. "
            "Supported values are: 'function', 'custom', 'namespace', and 'tool_search'."
        ),
        "tools[1].type",
        "unsupported_value",
    )
