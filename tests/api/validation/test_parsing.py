"""Each field of a create request, refused in the words of OpenAI's live API."""

from typing import Any

import pytest

from api.validation.parsing import parse_create
from shared.errors import InvalidRequest
from tests.sentences import (
    Refusal,
    asking,
    beyond,
    empty_array,
    missing,
    no_such_value,
    too_long,
    too_many_properties,
    too_small,
    unknown,
    wrong_type,
)

INCLUDABLE = (
    "'file_search_call.results', 'web_search_call.results', 'web_search_call.action.sources', "
    "'message.input_image.image_url', 'computer_call_output.output.image_url', "
    "'code_interpreter_call.outputs', 'reasoning.encrypted_content', and 'message.output_text.logprobs'"
)


LONG_ID = "x" * 513
SHORT_INCLUDABLE = "'fil...lts', 'web...lts', 'web...ces', 'mes...url', 'com...url', 'cod...uts', 'rea...ent', or 'mes...obs'"


def refusal_of(body: Any, **options: int) -> Refusal:
    with pytest.raises(InvalidRequest) as caught:
        parse_create(body, **options)
    return caught.value.message, caught.value.param, caught.value.code


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        pytest.param([], ("Invalid type: expected an object, but got an array instead.", None, "invalid_type"), id="array"),
        pytest.param(None, ("Invalid type: expected an object, but got null instead.", None, "invalid_type"), id="null"),
        pytest.param({}, missing("model"), id="nothing"),
        pytest.param({"zzz": 1}, missing("model"), id="model-before-unknown-keys"),
        pytest.param({"model": "m", "zzz": 1}, missing("input"), id="input-before-unknown-keys"),
        pytest.param({"model": "m", "previous_response_id": "resp_1"}, missing("input"), id="input-even-when-chained"),
        pytest.param(asking(zzz=1, model=7), unknown("zzz"), id="unknown-keys-before-fields"),
        pytest.param(asking(stor=True), unknown("stor", " Did you mean 'store'?"), id="one-letter-missing"),
        pytest.param(asking(tempreature=1), unknown("tempreature", " Did you mean 'temperature'?"), id="two-letters-swapped"),
        pytest.param(asking(storages=1), unknown("storages"), id="three-letters-away"),
        pytest.param(asking(stre=1), unknown("stre", " Did you mean 'store' or 'stream'?"), id="two-near-keys"),
        pytest.param(asking(strem=1), unknown("strem", " Did you mean 'stream' or 'store'?"), id="the-nearer-key-first"),
        pytest.param(asking(modell=1), unknown("modell"), id="a-near-key-that-is-given"),
        pytest.param(asking(**{"a\nb": 1}), unknown(r"a\nb"), id="key-with-a-line-break"),
        pytest.param(asking(**{"k" * 500: 1}), unknown("k" * 100 + "…"), id="huge-key"),
        pytest.param({"input": "hi", "model": None}, wrong_type("model", "a string", "an object"), id="model-null"),
        pytest.param({"input": "hi", "model": 7}, wrong_type("model", "a string", "an integer"), id="model-7"),
        pytest.param(
            {"input": "hi", "model": ""}, ("The requested model '' does not exist.", "model", "model_not_found"), id="model-empty"
        ),
        pytest.param({"model": 7, "input": 7}, wrong_type("model", "a string", "an integer"), id="model-before-input"),
        pytest.param(asking(input=[7], temperature="x"), wrong_type("input[0]", "an input item", "an integer"), id="input-before-the-rest"),
        pytest.param(asking(top_logprobs=21, store="x"), wrong_type("store", "a boolean", "a string"), id="order-is-the-models"),
        pytest.param(
            {"model": "m", "messages": []},
            (
                ("Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. Try again "
                "with the new parameter. See the API documentation for more information: "
                "https://platform.openai.com/docs/api-reference/responses/create."),
                None,
                "unsupported_parameter",
            ),
            id="messages",
        ),
    ],
)  # fmt: skip
def test_refuses_a_body_in_openais_order_and_words(body: Any, refusal: Refusal) -> None:
    assert refusal_of(body) == refusal


@pytest.mark.parametrize("param", ["stream", "background", "store", "parallel_tool_calls"])
def test_a_switch_is_a_boolean(param: str) -> None:
    assert refusal_of(asking(**{param: "yes"})) == wrong_type(param, "a boolean", "a string")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        pytest.param({"input": {}}, wrong_type("input", "one of a string or array of input items", "an object"), id="input-object"),
        pytest.param({"input": None}, wrong_type("input", "a string", "an object"), id="input-null"),
        pytest.param({"input": "x" * 10_485_761}, too_long("input", 10_485_760, 10_485_761), id="input-too-long"),
        pytest.param({"previous_response_id": 7}, wrong_type("previous_response_id", "a string", "an integer"), id="previous_response_id"),
        pytest.param({"prompt": {}}, missing("prompt.id"), id="prompt-without-id"),
        pytest.param({"conversation": 7}, wrong_type("conversation", "one of a string or object", "an integer"), id="conversation-7"),
        pytest.param({"conversation": {}}, missing("conversation.id"), id="conversation-without-id"),
        pytest.param({"moderation": {}}, missing("moderation.model"), id="moderation-without-model"),
        pytest.param(
            {"moderation": {"model": "m", "policy": {"input": {"mode": "x"}}}},
            no_such_value("moderation.policy.input.mode", "x", "'score' and 'block'"),
            id="moderation-mode",
        ),
        pytest.param({"include": "x"}, wrong_type("include", f"an array of one of {SHORT_INCLUDABLE}", "a string"), id="include-string"),
        pytest.param({"include": ["bogus.thing"]}, no_such_value("include[0]", "bogus.thing", INCLUDABLE), id="include-bogus"),
        pytest.param({"tools": {}}, wrong_type("tools", "an array of tools", "an object"), id="tools-object"),
        pytest.param({"tools": [7]}, wrong_type("tools[0]", "an object", "an integer"), id="tool-7"),
        pytest.param({"tools": [None]}, wrong_type("tools[0]", "an object", "null"), id="tool-null"),
        pytest.param({"tools": [{}]}, missing("tools[0].type"), id="tool-without-type"),
        pytest.param({"tools": [{"type": "function", "function": {"name": "f"}}]}, missing("tools[0].name"), id="tool-chat-shaped"),
        pytest.param({"tools": [{"type": "function", "name": 7}]}, wrong_type("tools[0].name", "a string", "an integer"), id="tool-name-7"),
        pytest.param({"tools": [{"type": "function", "name": "f", "bogus": 1}]}, unknown("tools[0].bogus"), id="tool-member"),
        pytest.param(
            {"tools": [{"type": "bogus"}]},
            no_such_value(
                "tools[0].type",
                "bogus",
                "'function', 'custom', 'namespace', 'tool_search', 'file_search', 'computer', 'computer_use_preview', "
                "'web_search', 'web_search_2025_08_26', 'web_search_preview', 'web_search_preview_2025_03_11', 'mcp', "
                "'code_interpreter', 'programmatic_tool_calling', 'image_generation', 'local_shell', 'shell', and 'apply_patch'",
            ),
            id="tool-type",
        ),
        pytest.param(
            {"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}]},
            missing("tools[0].tools[0].name"),
            id="tool-in-a-namespace",
        ),
        pytest.param({"tool_choice": "bogus"}, no_such_value("tool_choice", "bogus", "'none', 'auto', and 'required'"), id="choice-bogus"),
        pytest.param({"tool_choice": 7}, wrong_type("tool_choice", "one of an object or 'none', 'auto', or 'required'", "an integer"), id="choice-7"),
        pytest.param({"tool_choice": {"type": "function", "function": {}}}, missing("tool_choice.name"), id="choice-chat-shaped"),
        pytest.param({"tool_choice": {"type": "mcp"}}, missing("tool_choice.server_label"), id="choice-mcp"),
        pytest.param(
            {"metadata": {str(key): "x" for key in range(17)}},
            too_many_properties("metadata", 16, 17),
            id="metadata-17",
        ),
        pytest.param({"metadata": []}, wrong_type("metadata", "a metadata object", "an array"), id="metadata-array"),
        pytest.param({"metadata": {"a": 1}}, wrong_type("metadata.a", "a string", "an integer"), id="metadata-value-type"),
        pytest.param({"metadata": {"a": "x" * 513}}, too_long("metadata.a", 512, 513), id="metadata-value-length"),
        pytest.param(
            {"metadata": {"k" * 65: "x"}},
            (
                ("Invalid property name in 'metadata': string too long. Expected a property name with maximum length 64, "
                "but got a property name with length 65 instead."),
                "metadata",
                "string_above_max_length",
            ),
            id="metadata-key-length",
        ),
        pytest.param({"metadata": {"[key]": "x" * 513}}, too_long("metadata.[key]", 512, 513), id="metadata-odd-key"),
        pytest.param({"tools": [{"type": "function", "name": 7, "bogus": 1}]}, unknown("tools[0].bogus"), id="unknown-before-wrong"),
        pytest.param({"tools": [{"type": "function", "bogus": 1, "strict": 7}]}, missing("tools[0].name"), id="missing-before-unknown"),
        pytest.param(
            {"text": {"format": {"type": "bogus"}}},
            no_such_value("text.format.type", "bogus", "'json_object', 'text', and 'json_schema'"),
            id="text-format",
        ),
        pytest.param({"text": {"format": {"type": "json_schema", "schema": {}}}}, missing("text.format.name"), id="text-schema-name"),
        pytest.param({"text": {"format": {"type": "json_schema", "name": "n"}}}, missing("text.format.schema"), id="text-schema"),
        pytest.param(
            {"text": {"format": {"type": "json_schema", "name": "a b", "schema": {}}}},
            (
                (
                    "Invalid 'text.format.name': string does not match pattern. "
                    "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
                ),
                "text.format.name",
                "invalid_value",
            ),
            id="text-schema-name-with-a-blank",
        ),
        pytest.param({"text": {"verbosity": "x"}}, no_such_value("text.verbosity", "x", "'low', 'medium', and 'high'"), id="verbosity"),
        pytest.param({"temperature": "x"}, wrong_type("temperature", "a decimal", "a string"), id="temperature-string"),
        pytest.param(
            {"temperature": 3},
            beyond("temperature", "decimal_above_max_value", "decimal above maximum value", "<= 2", "3"),
            id="temperature-3",
        ),
        pytest.param(
            {"top_p": -0.5}, beyond("top_p", "decimal_below_min_value", "decimal below minimum value", ">= 0", "-0.5"), id="top_p"
        ),
        pytest.param(
            {"presence_penalty": 2.5},
            beyond("presence_penalty", "decimal_above_max_value", "decimal above maximum value", "<= 2", "2.5"),
            id="presence_penalty",
        ),
        pytest.param({"stream_options": {"include_usage": True}}, unknown("stream_options.include_usage"), id="include_usage"),
        pytest.param({"max_output_tokens": 15}, too_small("max_output_tokens", 16, 15), id="max_output_tokens"),
        pytest.param(
            {"max_output_tokens": 10**400},
            beyond(
                "max_output_tokens", "integer_above_max_value", "integer above maximum value", "<= 9007199254740991", "a longer number"
            ),
            id="max_output_tokens-huge",
        ),
        pytest.param({"max_tool_calls": 0}, too_small("max_tool_calls", 1, 0), id="max_tool_calls"),
        pytest.param({"reasoning": {"generate_summary": "auto"}}, unknown("reasoning.generate_summary"), id="generate_summary"),
        pytest.param(
            {"reasoning": {"effort": "x"}},
            no_such_value("reasoning.effort", "x", "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'"),
            id="effort",
        ),
        pytest.param(
            {"reasoning": {"effort": []}},
            wrong_type(
                "reasoning.effort",
                "one of one of 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', or 'max' or integer",
                "an array",
            ),
            id="effort-array",
        ),
        pytest.param(
            {"reasoning": {"effort": 5}},
            wrong_type("reasoning.effort", "one of 'minimal', 'low', 'medium', or 'high'", "an integer"),
            id="effort-5",
        ),
        pytest.param(
            {"reasoning": {"summary": "x"}},
            no_such_value("reasoning.summary", "x", "'concise', 'detailed', and 'auto'"),
            id="reasoning-summary",
        ),
        pytest.param({"previous_response_id": LONG_ID}, too_long("previous_response_id", 512, 513), id="previous response"),
        pytest.param({"conversation": LONG_ID}, too_long("conversation", 512, 513), id="conversation"),
        pytest.param({"conversation": {"id": LONG_ID}}, too_long("conversation.id", 512, 513), id="conversation's id"),
        pytest.param({"input": [{"role": "user", "content": "x", "id": LONG_ID}]}, too_long("input[0].id", 512, 513), id="item's id"),
        pytest.param({"input": [{"type": "item_reference", "id": LONG_ID}]}, too_long("input[0].id", 512, 513), id="reference"),
        pytest.param({"user": "x" * 70}, too_long("user", 64, 70), id="user"),
        pytest.param({"safety_identifier": "x" * 129}, too_long("safety_identifier", 128, 129), id="safety_identifier"),
        pytest.param({"prompt_cache_key": "x" * 65}, too_long("prompt_cache_key", 64, 65), id="prompt_cache_key"),
        pytest.param(
            {"prompt_cache_options": {"ttl": "1s"}}, no_such_value("prompt_cache_options.ttl", "1s", "'30m' and '12h'"), id="cache-ttl"
        ),
        pytest.param({"truncation": "bogus"}, no_such_value("truncation", "bogus", "'auto' and 'disabled'"), id="truncation"),
        pytest.param({"truncation": 7}, wrong_type("truncation", "one of 'auto' or 'disabled'", "an integer"), id="truncation-7"),
        pytest.param({"instructions": []}, wrong_type("instructions", "a string", "an array"), id="instructions"),
        pytest.param(
            {"service_tier": "x"},
            no_such_value("service_tier", "x", "'auto', 'default', 'fast', 'flex', and 'priority'"),
            id="service_tier",
        ),
        pytest.param(
            {"top_logprobs": 21},
            beyond("top_logprobs", "integer_above_max_value", "integer above maximum value", "<= 20", "21"),
            id="top_logprobs",
        ),
        pytest.param({"image": {"bogus": 1}}, unknown("image.bogus"), id="image"),
        pytest.param({"hitherto": {"foo": 1}}, unknown("hitherto.foo"), id="hitherto"),
        pytest.param({"hitherto": {"compact_target_tokens": 0}}, too_small("hitherto.compact_target_tokens", 1, 0), id="target"),
        pytest.param(
            {"hitherto": {"pins": ["x", " \n"]}},
            (
                ("Invalid 'hitherto.pins[1]': string does not match pattern. "
                "Expected a string that matches the pattern '\\S'."),
                "hitherto.pins[1]",
                "invalid_value",
            ),
            id="blank pin",
        ),
    ],
)  # fmt: skip
def test_refuses_a_field_in_openais_words(fields: dict[str, Any], refusal: Refusal) -> None:
    assert refusal_of(asking(**fields)) == refusal


THRESHOLD = "context_management[0].compact_threshold"


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        pytest.param(
            [{"type": "foo"}],
            ("Unsupported context_management type: 'foo'.", "context_management", None),
            id="another-type",
        ),
        pytest.param(
            [{"type": "compaction", "compact_threshold": 999}], too_small(THRESHOLD, 1000, 999), id="threshold-999"
        ),
        pytest.param([], empty_array("context_management"), id="empty"),
        pytest.param([{"type": "compaction", "compact_threshold": 1000.0}], wrong_type(THRESHOLD, "an integer", "a decimal number"), id="decimal"),
        pytest.param([{"type": "compaction", "compact_threshold": "x"}], wrong_type(THRESHOLD, "an integer", "a string"), id="string"),
        pytest.param([{"type": "compaction", "compact_threshold": True}], wrong_type(THRESHOLD, "an integer", "a boolean"), id="boolean"),
        pytest.param([{"type": "compaction", "compact_threshold": []}], wrong_type(THRESHOLD, "an integer", "an array"), id="array"),
        pytest.param({}, wrong_type("context_management", "an array of objects", "an object"), id="object-for-array"),
        pytest.param("x", wrong_type("context_management", "an array of objects", "a string"), id="string-for-array"),
        pytest.param([{}], missing("context_management[0].type"), id="no-type"),
        pytest.param([{"type": "compaction", "foo": 1}], unknown("context_management[0].foo"), id="extra-key"),
    ],
)  # fmt: skip
def test_refuses_a_context_management_in_openais_words(value: Any, refusal: Refusal) -> None:
    assert refusal_of(asking(context_management=value)) == refusal


@pytest.mark.parametrize(
    "entry",
    [{"compact_threshold": None}, {}, {"compact_threshold": 1000}],
    ids=["null", "omitted", "smallest"],
)
def test_a_threshold_may_be_left_to_the_server(entry: dict[str, Any]) -> None:
    request = parse_create(asking(context_management=[{"type": "compaction", **entry}]))

    assert request.compaction is not None
    assert request.compaction.compact_threshold == entry.get("compact_threshold")


@pytest.mark.parametrize(
    ("given", "holds"),
    [([9000, None, 5000], 5000), ([None, 9000], 9000), ([None, None], None)],
    ids=["smallest", "the one that is given", "none"],
)
def test_of_several_thresholds_the_smallest_holds(given: list[int | None], holds: int | None) -> None:
    entries = [{"type": "compaction", "compact_threshold": threshold} for threshold in given]

    request = parse_create(asking(context_management=entries))

    assert request.compaction is not None
    assert request.compaction.compact_threshold == holds


def test_an_operator_may_lower_the_smallest_threshold() -> None:
    body = asking(context_management=[{"type": "compaction", "compact_threshold": 50}])

    assert parse_create(body, min_compact_threshold=50).compaction is not None
    assert refusal_of(body, min_compact_threshold=51) == too_small(THRESHOLD, 51, 50)


def test_every_field_may_be_null_but_model_and_input() -> None:
    fields = set(type(parse_create(asking())).model_fields) - {"model", "input"}

    request = parse_create(asking(**dict.fromkeys(fields)))

    assert request.to_json() == asking(**dict.fromkeys(fields))


def test_an_error_is_not_chained_to_one_that_quotes_the_body() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_create(asking(input=[{"role": "user", "content": ["secret"]}]))

    assert caught.value.__suppress_context__


def test_a_long_value_is_not_quoted_whole() -> None:
    message, _, _ = refusal_of(asking(truncation="x" * 1000))

    assert len(message) < 200
