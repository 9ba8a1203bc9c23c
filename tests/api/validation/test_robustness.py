"""Whatever is sent as a body: a valid request or an InvalidRequest, and never anything else."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.validation.parsing import (
    may_be_infinite,
    parse_compact,
    parse_create,
    parse_input_tokens,
    parse_json_body,
)
from shared.errors import InvalidRequest
from shared.wire.model import WireModel
from shared.wire.requests import CreateResponse

NAMES = sorted(CreateResponse.model_fields)
ANY_TEXT = st.one_of(st.text(), st.text(st.characters(categories=["Cs", "Cc", "Lu"]), max_size=5))
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT, st.sampled_from([10**400, -(10**400)])
)
KEYS = st.one_of(ANY_TEXT, st.sampled_from([*NAMES, "type", "role", "content", "text", "id", "name"]))
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=15,
)

VALID: list[dict[str, Any]] = [
    {"model": "m", "input": "hi", "hitherto": {"compact_target_tokens": 1}, "conversation": {"id": "conv_1"}},
    {
        "model": "m",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "x"}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "x", "annotations": []}], "phase": "commentary"},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "x"}]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "x"}], "encrypted_content": "e"},
            {"type": "web_search_call", "id": "ws_1", "action": {"query": "q"}},
            {"type": "compaction", "encrypted_content": "x"},
            {"type": "compaction_trigger"},
        ],
        "context_management": [{"type": "compaction", "compact_threshold": 1000}],
        "tools": [{"type": "function", "name": "f", "parameters": {}}, {"type": "custom", "name": "g", "format": {"type": "text"}}],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}, "verbosity": "low"},
        "reasoning": {"effort": "low"},
        "metadata": {"a": "b"},
        "include": ["reasoning.encrypted_content"],
        "stream": True,
        "stream_options": {"include_obfuscation": False},
        "temperature": 0.5,
    },
]  # fmt: skip


def places_in(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value below `value`."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [places_in(entry, (*place, key)) for key, entry in pairs]
    return [*([place] if place else []), *(deeper for places in below for deeper in places)]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A valid body with a value replaced, added or taken away."""
    body = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    *path, last = draw(st.sampled_from(places_in(body)))
    holder = body
    for step in path:
        holder = holder[step]
    match draw(st.sampled_from(["replace", "add", "remove"])):
        case "add" if isinstance(holder, dict):
            holder[draw(KEYS)] = draw(JSON)
        case "remove":
            del holder[last]
        case _:
            holder[last] = draw(JSON)
    return body


def outcome_of(body: Any, parse: Callable[[Any], WireModel] = parse_create) -> WireModel | None:
    """Return the request, or None where it was refused in words that fit on a page."""
    try:
        return parse(body)
    except InvalidRequest as error:
        refused = error
    assert 0 < len(refused.message) < 3000
    assert len(refused.param or "") < 1000
    return None


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_a_changed_body_is_a_request_or_refused(body: Any) -> None:
    outcome_of(body)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        JSON,
        st.dictionaries(st.sampled_from(NAMES), JSON).map(lambda body: {"model": "m", "input": "x", **body}),
    )
)
def test_any_json_is_a_request_or_refused(body: Any) -> None:
    outcome_of(body)


@settings(max_examples=100, deadline=None)
@given(mutated())
def test_other_bodies_hold_the_same_promise(body: Any) -> None:
    outcome_of(body, parse_compact)
    outcome_of(body, parse_input_tokens)


@settings(max_examples=200, deadline=None)
@given(mutated())
def test_a_body_that_came_as_json_and_is_valid_goes_out_as_it_came(body: Any) -> None:
    try:
        sent = parse_json_body(json.dumps(body).encode())
    except InvalidRequest:
        return
    request = outcome_of(sent)

    if request is not None:
        kept = parse_json_body(json.dumps(request.to_json(), allow_nan=False).encode())
        assert outcome_of(kept) == request


@pytest.mark.parametrize("body", VALID, ids=["short", "long"])
def test_a_valid_body_loses_nothing(body: dict[str, Any]) -> None:
    typed = (
        [{"type": "message", **item} for item in body["input"]] if isinstance(body["input"], list) else "hi"
    )

    assert parse_create(body).to_json() == {**body, "input": typed}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half"),
        pytest.param(b"{} x", id="more-than-one"),
        pytest.param(b"{'a': 1}", id="single-quotes"),
        pytest.param(b'{"a": NaN}', id="nan"),
        pytest.param(b'{"a": -Infinity}', id="infinity"),
        pytest.param(b'{"a": 1e400}', id="float-too-large"),
        pytest.param(b'{"a": 1.e400}', id="no-digit-after-the-point"),
        pytest.param(b'{"a": -' + b"9" * 250 + b"e99}", id="long-float-too-large"),
        pytest.param(b"9" * 5000, id="endless-integer"),
        pytest.param(b'"\xff"', id="not-utf-8"),
        pytest.param(b'"\\ud800"', id="half-a-surrogate-pair"),
        pytest.param(b"[" * 100_000, id="very-deep"),
        pytest.param(b"[" * 210 + b"]" * 210, id="too-deep"),
    ],
)
def test_what_is_not_json_is_refused_in_openais_words(body: bytes) -> None:
    with pytest.raises(
        InvalidRequest, match=r"^We could not parse the JSON body of your request\. "
    ) as caught:
        parse_json_body(body)

    assert (caught.value.param, caught.value.code) == (None, None)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param(b'{"a": 1, "a": 2}', {"a": 2}, id="the-last-of-equal-keys"),
        pytest.param('{"ä": "\\ud83d\\ude00"}'.encode(), {"ä": "😀"}, id="a-surrogate-pair"),
        pytest.param(b'["4e12", 1e99]', ["4e12", 1e99], id="a-large-float"),
        pytest.param(b"[1, 1.0, true, null]", [1, 1.0, True, None], id="every-kind"),
    ],
)
def test_what_is_json_is_read(body: bytes, value: Any) -> None:
    assert parse_json_body(body) == value


@pytest.mark.parametrize(
    ("body", "may_be"),
    [
        (b'{"id": "msg_12e45ac9e012", "x": 1e99}', False),
        (b'["0e123", 1.5e-300]', False),
        (b'{"a": 1e400}', True),
        (b"1e999", True),
        (b"[0,-2E+0308]", True),
    ],
)
def test_a_body_is_looked_through_again_for_a_number_and_not_for_an_id(body: bytes, may_be: bool) -> None:
    assert may_be_infinite(body) is may_be


def test_the_deepest_body_that_is_read_can_be_stored() -> None:
    deep = "[" * 190 + "]" * 190
    body = '{"model": "m", "input": "hi", "tools": [{"type": "mcp", "x": ' + deep + "}]}"

    request = parse_create(parse_json_body(body.encode()))

    assert CreateResponse.from_json(json.loads(json.dumps(request.to_json()))) == request


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        pytest.param({"input": [7] * 300_000}, "input", id="items"),
        pytest.param({"include": [7] * 300_000}, "include[0]", id="include"),
        pytest.param({"tools": [7] * 300_000}, "tools[0]", id="tools"),
        pytest.param(
            {"input": [{"role": "user", "content": "x", **dict.fromkeys(map(str, range(300_000)))}]}, "input[0].0", id="members"
        ),
        pytest.param(
            {"input": [{"role": "assistant", "content": [{"type": "output_text", "text": "x", "annotations": [7] * 300_000}]}]},
            "input[0].content[0].annotations[0]",
            id="annotations",
        ),
        pytest.param({"metadata": dict.fromkeys(map(str, range(300_000)), 7)}, "metadata", id="metadata"),
        pytest.param({"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [7] * 300_000}}, "tool_choice.tools[0]", id="choice"),
    ],
)  # fmt: skip
def test_many_mistakes_cost_no_more_than_one(fields: dict[str, Any], param: str) -> None:
    started = time.process_time()

    with pytest.raises(InvalidRequest) as caught:
        parse_create({"model": "m", "input": "hi", **fields})

    assert caught.value.param == param
    # Without an early stop each of these takes seconds.
    assert time.process_time() - started < 1
