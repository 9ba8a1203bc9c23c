"""Items as chat messages: nothing is lost, and strict providers accept the order."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.adapters.upstreams.chat.messages import render_messages
from shared.adapters.upstreams.chat.tools import ToolTable
from shared.wire.items import parse_items
from shared.wire.model import JsonObject

LOOKUP: JsonObject = {"type": "function", "name": "lookup"}
CRM: JsonObject = {"type": "namespace", "name": "crm", "tools": [LOOKUP]}


def rendered(*items: JsonObject, instructions: str | None = None) -> list[JsonObject]:
    return render_messages(instructions, parse_items(list(items)), ToolTable([LOOKUP, CRM]))


def said(role: str, content: Any) -> JsonObject:
    return {"role": role, "content": content}


def call(call_id: str, name: str = "lookup", **fields: Any) -> JsonObject:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}"} | fields


def output(call_id: str, text: Any = "found") -> JsonObject:
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def chat_call(call_id: str, name: str = "lookup", arguments: str = "{}") -> JsonObject:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def chat_output(call_id: str, text: str = "found") -> JsonObject:
    return {"role": "tool", "tool_call_id": call_id, "content": text}


def calling(*calls: JsonObject, content: str | None = None) -> JsonObject:
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def part(kind: str, **fields: Any) -> JsonObject:
    return {"type": kind} | fields


@pytest.mark.parametrize(
    ("role", "chat_role"),
    [("user", "user"), ("assistant", "assistant"), ("system", "system"), ("developer", "system")],
)
def test_keeps_roles_except_developer_which_few_providers_know(role: str, chat_role: str) -> None:
    assert rendered(said(role, "Hi")) == [said(chat_role, "Hi")]


def test_instructions_come_first() -> None:
    assert rendered(said("user", "Hi"), instructions="Be brief.")[0] == said("system", "Be brief.")


PIXEL = "data:image/png;base64,AAAA"
TEXT = {"type": "text", "text": "Look"}


@pytest.mark.parametrize(
    ("sent", "chat_part"),
    [
        pytest.param(
            part("input_image", image_url=PIXEL, detail="original"),
            {"type": "image_url", "image_url": {"url": PIXEL, "detail": "high"}},
            id="image",
        ),
        pytest.param(
            part("input_file", file_data="data:;base64,AA", filename="a.pdf"),
            {"type": "file", "file": {"file_data": "data:;base64,AA", "filename": "a.pdf"}},
            id="file",
        ),
        pytest.param(
            part("input_audio", input_audio={"data": "AA", "format": "wav"}),
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
            id="audio",
        ),
    ],
)
def test_sends_what_chat_completions_can_hold(sent: JsonObject, chat_part: JsonObject) -> None:
    (message,) = rendered(said("user", [part("input_text", text="Look"), sent]))

    assert message["content"] == [TEXT, chat_part]


@pytest.mark.parametrize(
    ("role", "content", "text"),
    [
        pytest.param(
            "user", [part("input_text", text="a"), part("input_text", text="b")], "a\nb", id="several texts"
        ),
        pytest.param("user", [part("input_image", file_id="file_1")], "[image file_1]", id="image by id"),
        pytest.param(
            "user",
            [part("input_file", file_url="https://x.example/a", filename="a")],
            "[file a https://x.example/a]",
            id="file by URL",
        ),
        pytest.param(
            "user", [part("hologram", depth=3)], '[hologram]\n{"type": "hologram", "depth": 3}', id="?"
        ),
        pytest.param("assistant", [part("refusal", refusal="No.")], "No.", id="refusal"),
    ],
)
def test_says_in_words_what_chat_completions_cannot_hold(
    role: str, content: list[JsonObject], text: str
) -> None:
    (message,) = rendered(said(role, content))

    assert message["content"] == text


FILE = part("input_file", file_data="data:;base64,AA", filename="a.pdf")
CHAT_FILE = {"type": "file", "file": {"file_data": "data:;base64,AA", "filename": "a.pdf"}}
CHAT_IMAGE = {"type": "image_url", "image_url": {"url": PIXEL}}


@pytest.mark.parametrize(
    ("items", "before", "label"),
    [
        pytest.param(
            lambda parts: [said("developer", parts)],
            [{"role": "system", "content": "[image]\n[file a.pdf]"}],
            "attached to the developer message",
            id="instructions",
        ),
        pytest.param(
            lambda parts: [call("1"), output("1", parts)],
            [calling(chat_call("1")), chat_output("1", "[image]\n[file a.pdf]")],
            "attached to the output of tool call 1",
            id="output",
        ),
        pytest.param(
            lambda parts: [output("1", parts)],
            [
                {
                    "role": "user",
                    "content": "[output of tool call 1, which is no longer in the conversation]\n"
                    "[image]\n[file a.pdf]",
                }
            ],
            "attached to the output of 1",
            id="output without a call",
        ),
    ],
)
def test_images_and_files_where_only_text_may_stand_follow_as_the_users(
    items: Callable[[list[JsonObject]], list[JsonObject]], before: list[JsonObject], label: str
) -> None:
    sent = rendered(*items([part("input_image", image_url=PIXEL), FILE]))

    content = [{"type": "text", "text": f"[{label}]"}, CHAT_IMAGE, CHAT_FILE]
    assert sent == [*before, {"role": "user", "content": content}]


def test_consecutive_calls_join_the_message_before_them() -> None:
    items = [said("assistant", "Wait."), call("1"), call("2"), output("1", "a"), output("2", "b")]

    assert rendered(*items) == [
        calling(chat_call("1"), chat_call("2"), content="Wait."),
        chat_output("1", "a"),
        chat_output("2", "b"),
    ]


def test_reasoning_is_left_out_and_parts_no_calls() -> None:
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [part("summary_text", text="Hm.")]}

    assert rendered(reasoning, call("1"), reasoning, call("2"), output("1"), output("2")) == [
        calling(chat_call("1"), chat_call("2")),
        chat_output("1"),
        chat_output("2"),
    ]


def test_calls_with_outputs_between_them_stay_apart() -> None:
    assert rendered(call("1"), output("1"), call("2"), output("2")) == [
        calling(chat_call("1")),
        chat_output("1"),
        calling(chat_call("2")),
        chat_output("2"),
    ]


def test_an_output_follows_its_call_wherever_it_stood() -> None:
    assert rendered(call("1"), said("user", "And?"), output("1")) == [
        calling(chat_call("1")),
        chat_output("1"),
        said("user", "And?"),
    ]


def test_a_call_id_that_a_provider_uses_again_keeps_its_outputs_in_order() -> None:
    messages = rendered(call("0"), output("0", "first"), call("0"), output("0", "second"))

    assert [message["content"] for message in messages if message["role"] == "tool"] == ["first", "second"]


def test_a_call_without_output_is_answered_by_a_sentence_that_says_so() -> None:
    _, answer, question = rendered(call("1"), said("user", "And?"))

    assert answer == chat_output("1", "[the output of this call is not in the conversation]")
    assert question == said("user", "And?")


@pytest.mark.parametrize("items", [[output("9")], [output("9"), call("9")]], ids=["no call", "call is later"])
def test_an_output_without_its_call_is_the_users_labelled_text(items: list[JsonObject]) -> None:
    message = rendered(*items)[0]

    assert message["role"] == "user"
    assert message["content"] == "[output of tool call 9, which is no longer in the conversation]\nfound"


@pytest.mark.parametrize(
    ("first", "label"),
    [
        pytest.param(
            {"type": "local_shell_call", "id": "lsh_1", "call_id": "9", "action": {"command": ["ls"]}},
            "output of local_shell_call 9",
            id="a call of another type",
        ),
        pytest.param(call("9"), "output of function_call 9", id="a second output of a call"),
    ],
)
def test_an_output_whose_call_stands_before_it_is_labelled_as_that_calls(
    first: JsonObject, label: str
) -> None:
    outputs = [output("9"), output("9", "more")]

    messages = rendered(first, *outputs)

    assert messages[-1] == said("user", f"[{label}]\nmore")
    assert "no longer in the conversation" not in str(messages)


def test_images_in_an_output_follow_as_the_users() -> None:
    found = [part("input_text", text="Here:"), part("input_image", image_url=PIXEL)]

    messages = rendered(call("1"), call("2"), output("1", found), output("2"))

    assert messages[1:3] == [chat_output("1", "Here:\n[image]"), chat_output("2")]
    assert messages[3]["role"] == "user"
    assert {"type": "image_url", "image_url": {"url": PIXEL}} in messages[3]["content"]


def test_a_namespaces_call_has_the_name_under_which_it_is_offered() -> None:
    message, _ = rendered(call("1", namespace="crm"))

    assert message["tool_calls"] == [chat_call("1", "crm__lookup")]


def test_a_custom_tools_call_has_its_input_as_the_one_argument() -> None:
    custom = {"type": "custom_tool_call", "call_id": "1", "name": "patch", "input": 'a "b"'}
    result = {"type": "custom_tool_call_output", "call_id": "1", "output": "done"}

    assert rendered(custom, result) == [
        calling(chat_call("1", "patch", '{"input": "a \\"b\\""}')),
        chat_output("1", "done"),
    ]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        pytest.param('{ "a":1 }', '{ "a":1 }', id="an object, word for word"),
        pytest.param("", "{}", id="nothing"),
        pytest.param(" \n", "{}", id="blank"),
        pytest.param('{"path": "/a', '{"input": "{\\"path\\": \\"/a"}', id="cut"),
        pytest.param("[1]", '{"input": "[1]"}', id="an array"),
        pytest.param("null", '{"input": "null"}', id="null"),
        pytest.param('{"a": NaN}', '{"input": "{\\"a\\": NaN}"}', id="no number of JSON"),
        pytest.param('{"a":' * 9999, None, id="nested beyond what can be read"),
    ],
)
def test_arguments_are_a_json_object_whatever_the_model_wrote(stored: str, shown: str | None) -> None:
    messages = rendered(call("c1", arguments=stored))

    arguments = messages[0]["tool_calls"][0]["function"]["arguments"]
    assert arguments == (json.dumps({"input": stored}) if shown is None else shown)


def test_an_item_that_chat_completions_cannot_express_is_labelled_text() -> None:
    searched = {"type": "web_search_call", "id": "ws_1", "action": {"query": "tides"}}

    (message,) = rendered(searched)

    assert message["role"] == "user"
    assert message["content"].startswith("[web_search_call]\n")
    assert '"query": "tides"' in message["content"]


def test_encoded_bytes_are_not_sent_as_text() -> None:
    drawn = {"type": "image_generation_call", "id": "ig_1", "results": [{"b64": "A" * 100_000}]}

    (message,) = rendered(drawn)

    assert "[100000 characters left out]" in message["content"]
    assert len(message["content"]) < 200
