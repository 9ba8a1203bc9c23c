"""Input items: what each type may hold, and how OpenAI's API says that it may not."""

from typing import Any

import pytest
from openai import BaseModel
from openai.types.conversations.message import Message as ConversationMessage
from openai.types.responses import (
    ParsedResponseFunctionToolCall,
    ParsedResponseOutputMessage,
    ResponseCompactionItem,
    ResponseCustomToolCallItem,
    ResponseFunctionToolCallItem,
    ResponseFunctionToolCallOutputItem,
    ResponseOutputMessage,
    ResponseReasoningItem,
    response_compaction_item_param_param,
    response_custom_tool_call_output_param,
    response_custom_tool_call_param,
    response_function_tool_call_param,
    response_input_file_param,
    response_input_image_param,
    response_input_item_param,
    response_input_text_param,
    response_output_message_param,
    response_output_text_param,
    response_reasoning_item_param,
)

from api.validation.parsing import parse_create
from shared.errors import InvalidRequest
from shared.wire.items import INPUT_ITEM_TYPES, Compaction, ItemReference, Message, OtherItem
from tests.sentences import Refusal, missing, no_such_value, unknown, wrong_type


def read(*items: Any) -> Any:
    return parse_create({"model": "m", "input": list(items)})


def refusal_of(*items: Any) -> Refusal:
    with pytest.raises(InvalidRequest) as caught:
        read(*items)
    return caught.value.message, caught.value.param, caught.value.code


def said(*parts: Any, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": list(parts)}


CONTENT = "one of an array of objects or string"
ROLES = "'assistant', 'system', 'developer', and 'user'"
ITEM_TYPES = (
    "'additional_tools', 'agent_message', 'apply_patch_call', 'apply_patch_call_output', "
    "'code_interpreter_call', 'compaction', 'compaction_trigger', 'computer_call', 'computer_call_output', "
    "'configuration_update', 'custom_tool_call', 'custom_tool_call_output', 'file_search_call', "
    "'function_call', 'function_call_output', 'image_generation_call', 'item_reference', 'local_shell_call', "
    "'local_shell_call_output', 'mcp_approval_request', 'mcp_approval_response', 'mcp_call', "
    "'mcp_list_tools', 'message', 'multi_agent_call', 'multi_agent_call_output', 'program', "
    "'program_output', 'reasoning', 'shell_call', 'shell_call_output', 'tool_search_call', "
    "'tool_search_output', and 'web_search_call'"
)
PART_TYPES = (
    "'input_text', 'input_image', 'input_audio', 'output_text', 'refusal', 'input_file', "
    "'computer_screenshot', 'summary_text', and 'encrypted_content'"
)
SAID_PARTS = "'input_text', 'input_image', 'input_file', 'scoped_content', and 'input_audio'"
EFFORTS = "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'"
UPDATE: dict[str, Any] = {"type": "configuration_update"}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c", "output": "ok"}


@pytest.mark.parametrize(
    ("item", "refusal"),
    [
        pytest.param(7, wrong_type("input[0]", "an input item", "an integer"), id="item-7"),
        pytest.param(None, wrong_type("input[0]", "an input item", "null"), id="item-null"),
        pytest.param({"type": "bogus_item"}, no_such_value("input[0]", "bogus_item", ITEM_TYPES), id="type-unknown"),
        pytest.param({"type": 7}, no_such_value("input[0]", "", ITEM_TYPES), id="type-7"),
        pytest.param({}, no_such_value("input[0]", "", ROLES), id="nothing"),
        pytest.param({"call_id": "c", "output": "x"}, no_such_value("input[0]", "", ROLES), id="no-type"),
        pytest.param({"type": "additional_tools", "tools": {}}, wrong_type("input[0].tools", "an array of tools", "an object"), id="tools-object"),
        pytest.param({"type": "tool_search_output", "tools": [{"type": "function"}]}, missing("input[0].tools[0].name"), id="tools-nameless"),
        pytest.param({"type": "message", "content": "x"}, no_such_value("input[0]", "", ROLES), id="no-role"),
        pytest.param({"role": "bogus", "content": "x"}, no_such_value("input[0]", "bogus", ROLES), id="role-unknown"),
        pytest.param({"role": {}, "content": "x"}, no_such_value("input[0]", "", ROLES), id="role-object"),
        pytest.param({"role": "user"}, missing("input[0].content"), id="no-content"),
        pytest.param({"role": "user", "content": None}, wrong_type("input[0].content", CONTENT, "null"), id="content-null"),
        pytest.param({"role": "user", "content": {}}, wrong_type("input[0].content", CONTENT, "an object"), id="content-object"),
        pytest.param({"role": "user", "content": "x", "bogus": 1}, unknown("input[0].bogus"), id="member"),
        pytest.param({"role": "user", "content": "x", "phase": "commentary"}, unknown("input[0].phase"), id="phase-of-a-user"),
        pytest.param({"role": "user", "content": "x", "status": "done"}, no_such_value("input[0].status", "done", "'in_progress', 'completed', and 'incomplete'"), id="status"),
        pytest.param(said("x"), wrong_type("input[0].content[0]", "an object", "a string"), id="part-string"),
        pytest.param(said({}), missing("input[0].content[0].type"), id="part-without-type"),
        pytest.param(said({"type": "bogus"}), no_such_value("input[0].content[0].type", "bogus", PART_TYPES), id="part-type"),
        pytest.param(said({"type": "input_text"}), missing("input[0].content[0].text"), id="part-without-text"),
        pytest.param(said({"type": "input_text", "text": None}), wrong_type("input[0].content[0].text", "a string", "null"), id="text-null"),
        pytest.param(said({"type": "input_text", "text": "x", "bogus": 1}), unknown("input[0].content[0].bogus"), id="part-member"),
        pytest.param(
            said({"type": "input_text", "text": "x"}, role="assistant"),
            no_such_value("input[0].content[0]", "input_text", "'output_text' and 'refusal'"),
            id="input_text-of-an-assistant",
        ),
        pytest.param(said({"type": "bogus"}, role="assistant"), no_such_value("input[0].content[0].type", "bogus", PART_TYPES), id="assistant's-part-type"),
        pytest.param(said({}, role="assistant"), missing("input[0].content[0].type"), id="assistant's-part-without-type"),
        pytest.param(said({"type": "output_text", "text": "x"}), no_such_value("input[0].content[0]", "output_text", SAID_PARTS), id="output_text-of-a-user"),
        pytest.param(said({"type": "refusal", "refusal": "x"}, role="system"), no_such_value("input[0].content[0]", "refusal", SAID_PARTS), id="refusal-of-a-system"),
        pytest.param(said({"type": "computer_screenshot"}), no_such_value("input[0].content[0]", "computer_screenshot", SAID_PARTS), id="screenshot-of-a-user"),
        pytest.param(said({"type": "scoped_content"}), no_such_value("input[0].content[0].type", "scoped_content", PART_TYPES), id="scoped-content"),
        pytest.param(
            said({"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "x"}}),
            no_such_value("input[0].content[0].prompt_cache_breakpoint.mode", "x", "'explicit'"),
            id="cache-breakpoint",
        ),
        pytest.param({**CALL, "arguments": {}}, wrong_type("input[0].arguments", "a string", "an object"), id="arguments-object"),
        pytest.param({**CALL, "phase": "commentary"}, unknown("input[0].phase"), id="phase-of-a-call"),
        pytest.param({**CALL, "caller": {"type": "x"}}, no_such_value("input[0].caller.type", "x", "'direct' and 'program'"), id="caller"),
        pytest.param({"type": "function_call_output", "output": "x"}, missing("input[0].call_id"), id="output-without-call"),
        pytest.param({**RESULT, "output": 7}, wrong_type("input[0].output", CONTENT, "an integer"), id="output-7"),
        pytest.param({**RESULT, "output": [{"type": "x"}]}, no_such_value("input[0].output[0].type", "x", PART_TYPES), id="output-part"),
        pytest.param({"type": "custom_tool_call", "call_id": "c", "name": "f"}, missing("input[0].input"), id="custom-without-input"),
        pytest.param({"type": "reasoning", "id": "rs_1"}, missing("input[0].summary"), id="reasoning-without-summary"),
        pytest.param({"type": "reasoning", "summary": [{"type": "x"}]}, no_such_value("input[0].summary[0].type", "x", "'summary_text'"), id="summary-part"),
        pytest.param({"type": "compaction"}, missing("input[0].encrypted_content"), id="compaction-empty"),
        pytest.param({"type": "context_compaction"}, missing("input[0].encrypted_content"), id="alias-empty"),
        pytest.param({"type": "item_reference"}, missing("input[0].id"), id="reference-empty"),
        pytest.param({**UPDATE, "reasoning": {"effort": "x"}}, no_such_value("input[0].reasoning.effort", "x", EFFORTS), id="effort"),
        pytest.param({**UPDATE, "reasoning": {"summary": "auto"}}, unknown("input[0].reasoning.summary"), id="update-of-a-summary"),
        pytest.param({**UPDATE, "text": {"verbosity": "low"}}, unknown("input[0].text.verbosity"), id="update-of-verbosity"),
        pytest.param({**UPDATE, "text": {"format": {"type": "x"}}}, no_such_value("input[0].text.format.type", "x", "'json_object', 'text', and 'json_schema'"), id="update-format"),
        pytest.param({**UPDATE, "status": "completed"}, unknown("input[0].status"), id="update-status"),
        pytest.param({"type": "web_search_call", "id": 7}, wrong_type("input[0].id", "a string", "an integer"), id="hosted-id"),
    ],
)  # fmt: skip
def test_refuses_an_item_in_openais_words(item: Any, refusal: Refusal) -> None:
    assert refusal_of(item) == refusal


def test_names_the_place_of_the_first_bad_item() -> None:
    hello = {"role": "user", "content": "hi"}

    assert refusal_of(hello, hello, 7, None)[1] == "input[2]"


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({"role": "user", "content": "hi"}, id="easy-message"),
        pytest.param({"type": None, "role": "user", "content": "hi"}, id="type-null"),
        pytest.param({"role": "assistant", "content": "hi", "phase": "final_answer", "id": "msg_1"}, id="phase-of-an-assistant"),
        pytest.param(said({"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}}), id="cache-breakpoint"),
        pytest.param(said({"type": "input_image", "image_url": "u", "detail": "original"}), id="image"),
        pytest.param(said({"type": "input_file", "file_id": "f", "detail": "low"}, role="developer"), id="file"),
        pytest.param(said({"type": "input_audio", "input_audio": {"data": "", "format": "mp3"}}), id="audio"),
        pytest.param({**RESULT, "output": [{"type": "computer_screenshot", "image_url": "u"}]}, id="part-that-is-passed-on"),
        pytest.param(said({"type": "output_text", "text": "x", "annotations": [], "logprobs": []}, role="assistant"), id="answer"),
        pytest.param({**CALL, "async": True, "namespace": "n", "caller": {"type": "program", "caller_id": "p"}}, id="call"),
        pytest.param({**RESULT, "name": "f", "namespace": "n", "output": [{"type": "input_text", "text": "x"}]}, id="result"),
        pytest.param({"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x", "status": "completed"}, id="custom-call"),
        pytest.param({"type": "custom_tool_call_output", "call_id": "c", "output": "x"}, id="custom-result"),
        pytest.param({"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "x"}]}, id="reasoning"),
        pytest.param({"type": "compaction_trigger"}, id="trigger"),
    ],
)  # fmt: skip
def test_accepts_an_item_and_keeps_every_member(item: dict[str, Any]) -> None:
    kept = read(item).to_json()["input"][0]

    assert kept == {**item, "type": item.get("type") or "message"}


def test_an_id_alone_is_a_reference() -> None:
    assert read({"id": "rs_1"}).input == [ItemReference(id="rs_1")]


@pytest.mark.parametrize("kind", ["compaction", "compaction_summary", "context_compaction"])
def test_a_compaction_may_come_under_its_older_names(kind: str) -> None:
    assert read({"type": kind, "encrypted_content": "x"}).input == [Compaction(encrypted_content="x")]


def test_an_older_name_of_a_compaction_means_nothing_inside_a_message() -> None:
    assert (
        refusal_of(said({"type": "compaction_summary", "encrypted_content": "x"}))[1]
        == "input[0].content[0].type"
    )


MODELLED = {
    "message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
    "reasoning", "compaction", "compaction_trigger", "configuration_update", "item_reference",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(INPUT_ITEM_TYPES - MODELLED))
def test_an_item_that_the_server_does_not_act_on_is_kept_word_for_word(kind: str) -> None:
    item = {"type": kind, "action": {"anything": [1, None]}}

    request = read(item)

    assert isinstance(request.input[0], OtherItem)
    assert request.to_json()["input"] == [item]


def test_text_is_one_message_of_the_users() -> None:
    [message] = parse_create({"model": "m", "input": "hi"}).input_items

    assert isinstance(message, Message)
    assert message.to_json() == {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "hi"}],
    }


def members(shape: Any) -> list[str]:
    return sorted(shape.__annotations__)


def read_code(item: dict[str, Any]) -> str | None:
    try:
        read(item)
    except InvalidRequest as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("item", "shape"),
    [
        pytest.param({"type": "message", **said()}, response_input_item_param.Message, id="message"),
        pytest.param({"type": "message", **said(role="assistant")}, response_output_message_param.ResponseOutputMessageParam, id="answer"),
        pytest.param(CALL, response_function_tool_call_param.ResponseFunctionToolCallParam, id="call"),
        pytest.param(RESULT, response_input_item_param.FunctionCallOutput, id="result"),
        pytest.param({"type": "custom_tool_call"}, response_custom_tool_call_param.ResponseCustomToolCallParam, id="custom"),
        pytest.param(
            {"type": "custom_tool_call_output"},
            response_custom_tool_call_output_param.ResponseCustomToolCallOutputParam,
            id="custom-result",
        ),
        pytest.param({"type": "reasoning"}, response_reasoning_item_param.ResponseReasoningItemParam, id="reasoning"),
        pytest.param({"type": "compaction"}, response_compaction_item_param_param.ResponseCompactionItemParamParam, id="compaction"),
        pytest.param({"type": "compaction_trigger"}, response_input_item_param.CompactionTrigger, id="trigger"),
        pytest.param({"type": "item_reference"}, response_input_item_param.ItemReference, id="reference"),
    ],
)  # fmt: skip
def test_knows_every_member_that_the_sdk_can_send(item: dict[str, Any], shape: Any) -> None:
    complete: dict[str, Any] = {
        name: "x" for name in members(shape) if name not in {"async", "caller", "status", "phase"}
    }
    lists: dict[str, Any] = {name: [] for name in ("content", "summary") if name in complete}
    optional = {name: None for name in members(shape) if name not in complete}

    assert read_code({**complete, **lists, **optional, **item}) is None


@pytest.mark.parametrize(
    ("role", "part", "shape"),
    [
        pytest.param("user", "input_text", response_input_text_param.ResponseInputTextParam, id="text"),
        pytest.param("user", "input_image", response_input_image_param.ResponseInputImageParam, id="image"),
        pytest.param("user", "input_file", response_input_file_param.ResponseInputFileParam, id="file"),
        pytest.param("assistant", "output_text", response_output_text_param.ResponseOutputTextParam, id="answer"),
    ],
)  # fmt: skip
def test_knows_every_member_of_a_part_that_the_sdk_can_send(role: str, part: str, shape: Any) -> None:
    complete = dict.fromkeys(members(shape)) | {"type": part}

    assert read_code(said({**complete, **({"text": "x"} if "text" in complete else {})}, role=role)) is None


ANSWER_PART = {"type": "output_text", "text": "{}", "annotations": [], "logprobs": [], "parsed": {"a": 1}}
CUSTOM = {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x", "id": "ctc_1"}
USER = said({"type": "input_text", "text": "hi"}) | {"type": "message", "id": "msg_1", "status": "completed"}


@pytest.mark.parametrize(
    ("shape", "sent"),
    [
        pytest.param(ResponseOutputMessage, USER, id="user-message-of-compact"),
        pytest.param(ConversationMessage, USER, id="user-message-of-conversation"),
        pytest.param(ParsedResponseOutputMessage, USER | said(ANSWER_PART, role="assistant"), id="parsed-answer"),
        pytest.param(ParsedResponseFunctionToolCall, CALL | {"parsed_arguments": {"a": 1}}, id="parsed-call"),
        pytest.param(ResponseFunctionToolCallItem, CALL | {"id": "fc_1"}, id="call"),
        pytest.param(ResponseFunctionToolCallOutputItem, RESULT | {"id": "fco_1"}, id="result"),
        pytest.param(ResponseCustomToolCallItem, CUSTOM, id="custom"),
        pytest.param(ResponseReasoningItem, {"type": "reasoning", "id": "rs_1", "summary": []}, id="reasoning"),
        pytest.param(ResponseCompactionItem, {"type": "compaction", "encrypted_content": "x"}, id="compaction"),
    ],
)  # fmt: skip
def test_reads_what_the_sdk_dumps_of_an_item(shape: type[BaseModel], sent: dict[str, Any]) -> None:
    dumped = shape.construct(**sent)
    plain = {key: value for key, value in sent.items() if key != "parsed_arguments"}
    plain |= {"content": [without_parsed(part) for part in sent["content"]]} if "content" in sent else {}

    [item] = read(dumped.model_dump(warnings=False)).input
    assert item.model_dump(exclude_none=True) == read(plain).input[0].model_dump(exclude_none=True)
    assert read_code(dumped.to_dict(warnings=False)) is None


def without_parsed(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "parsed"}


@pytest.mark.parametrize(
    ("item", "param"),
    [
        (USER | {"phase": "commentary"}, "input[0].phase"),
        (CALL | {"async_": True}, "input[0].async_"),
        (CALL | {"bogus": None}, "input[0].bogus"),
        (said({"type": "input_text", "text": "x", "logprobs": []}), "input[0].content[0].logprobs"),
    ],
)
def test_what_no_dump_holds_is_unknown(item: dict[str, Any], param: str) -> None:
    assert refusal_of(item) == unknown(param)
