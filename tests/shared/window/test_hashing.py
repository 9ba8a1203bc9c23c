"""A window's prefix keeps its name however it travelled, and no other window has it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.window.hashing import prefix_hashes
from shared.wire.items import parse_item, parse_items
from shared.wire.model import JsonObject


def name_of(*items: JsonObject) -> str:
    return prefix_hashes(parse_items(list(items)))[-1]


USER = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a": 1}'}
ANSWER = {"role": "assistant", "content": [{"type": "output_text", "text": "yes"}]}
PATCHED = {"type": "apply_patch_call_output", "call_id": "c", "output": "x"}
IMAGE = {"type": "input_image", "image_url": "https://example.com/a.png"}


@pytest.mark.parametrize(
    ("sent", "came_back"),
    [
        (USER, {"type": "message", **USER}),
        (USER, {**USER, "id": "msg_1", "status": "completed"}),
        (USER, {"content": "hi", "role": "user"}),
        (USER, {**USER, "phase": None, "extra": None}),
        (USER, {"role": "user", "content": [{"type": "input_text", "text": "hi"}]}),
        (
            {"role": "developer", "content": "hi"},
            {"role": "developer", "content": [{"type": "input_text", "text": "hi"}]},
        ),
        ({"role": "assistant", "content": "yes"}, ANSWER),
        (
            ANSWER,
            {
                "role": "assistant",
                "content": [
                    {"text": "yes", "type": "output_text", "annotations": [{"type": "url"}], "logprobs": []}
                ],
            },
        ),
        (
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}, IMAGE]},
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}, {**IMAGE, "file_id": None}]},
        ),
        (
            USER,
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit"}}
                ],
            },
        ),
        (CALL, {**CALL, "id": "fc_1", "status": "completed", "namespace": None}),
        (PATCHED, {**PATCHED, "id": "x", "status": "completed", "caller": None}),
        (
            {"type": "compaction", "encrypted_content": "x"},
            {"type": "compaction", "encrypted_content": "x", "id": "cmp_1", "created_by": "me"},
        ),
        (
            {"type": "future", "deep": {"b": [1, {"c": 2}], "a": 1}},
            {"type": "future", "deep": {"a": 1, "b": [1, {"d": None, "c": 2}]}},
        ),
    ],
    ids=[
        "type left out",
        "id and status",
        "key order",
        "null fields",
        "user text as a part",
        "developer text as a part",
        "assistant text as a part",
        "annotations and logprobs",
        "null in a part",
        "cache breakpoint",
        "a call",
        "an unmodelled item",
        "a compaction",
        "nested nulls and order",
    ],
)
def test_an_item_keeps_its_name_when_it_comes_back(sent: JsonObject, came_back: JsonObject) -> None:
    assert name_of(sent) == name_of(came_back)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (USER, {**USER, "role": "developer"}),
        (USER, {**USER, "content": "hi "}),
        (USER, {**USER, "content": ""}),
        ({**USER, "content": "é"}, {**USER, "content": "e\u0301"}),
        ({**USER, "content": "a"}, {**USER, "content": "\uff41"}),
        (USER, {**USER, "unknown": 0}),
        (ANSWER, {**ANSWER, "phase": "commentary"}),
        (ANSWER, {"role": "assistant", "content": [{"type": "refusal", "refusal": "yes"}]}),
        (
            {**USER, "content": "ab"},
            {**USER, "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
        ),
        ({**USER, "content": [IMAGE]}, {**USER, "content": [{**IMAGE, "detail": "low"}]}),
        (
            {**USER, "content": [IMAGE]},
            {**USER, "content": [{**IMAGE, "image_url": "https://example.com/b.png"}]},
        ),
        (CALL, {**CALL, "call_id": "d"}),
        (CALL, {**CALL, "name": "g"}),
        (CALL, {**CALL, "arguments": '{"a":1}'}),
        (CALL, {**CALL, "namespace": "n"}),
        (PATCHED, {**PATCHED, "output": "y"}),
        (PATCHED, {**PATCHED, "status": "failed"}),
        ({"type": "item_reference", "id": "a"}, {"type": "item_reference", "id": "b"}),
        ({"type": "future", "flag": True}, {"type": "future", "flag": 1}),
        ({"type": "future", "content": ["a", 1]}, {"type": "future", "content": ["a", 2]}),
        ({"type": "future", "list": [None]}, {"type": "future", "list": []}),
        ({"type": "future", "text": "\ud800"}, {"type": "future", "text": "?"}),
        ({"type": "future", "text": "\ud83d\ude00"}, {"type": "future", "text": "😀"}),
    ],
    ids=[
        "role",
        "text",
        "no text",
        "composed letters",
        "wide letters",
        "unknown field",
        "phase",
        "refusal",
        "split text",
        "detail",
        "image",
        "call id",
        "function",
        "arguments",
        "namespace",
        "output",
        "a result in the status",
        "reference",
        "true and one",
        "content that is not parts",
        "null in a list",
        "lone surrogate",
        "surrogate pair",
    ],
)
def test_items_that_say_something_else_have_other_names(one: JsonObject, other: JsonObject) -> None:
    assert name_of(one) != name_of(other)


def test_each_hash_names_the_whole_prefix() -> None:
    hashes = prefix_hashes(parse_items([USER, USER, ANSWER]))

    assert len(set(hashes)) == 3
    assert all(len(entry) == 64 and set(entry) <= set("0123456789abcdef") for entry in hashes)
    assert hashes[1] == name_of(USER, USER)


def test_order_matters() -> None:
    assert name_of(USER, ANSWER) != name_of(ANSWER, USER)


def test_the_form_is_stable_between_releases() -> None:
    assert name_of(USER, CALL) == "fef9059a92b72c0015c2dc5e06f63242496653b7f0069197b8b19740ca7b42e6"


TEXTS = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ITEMS = st.one_of(
    st.builds(
        lambda role, text: {"role": role, "content": text},
        st.sampled_from(["user", "system", "assistant"]),
        TEXTS,
    ),
    st.builds(lambda name, text: CALL | {"name": name, "arguments": text}, TEXTS, TEXTS),
    st.builds(lambda text: {"type": "function_call_output", "call_id": "c", "output": text}, TEXTS),
    st.builds(lambda extra: {"type": "future", "extra": extra}, JSON),
)


@given(st.lists(ITEMS, max_size=6), st.lists(ITEMS, max_size=6))
def test_a_chain_can_be_continued(first: list[JsonObject], second: list[JsonObject]) -> None:
    a, b = parse_items(first), parse_items(second)
    hashes = prefix_hashes(a)

    assert prefix_hashes(a + b) == hashes + prefix_hashes(b, after=hashes[-1] if hashes else "")


@given(st.lists(ITEMS, min_size=1, max_size=6))
def test_storing_and_reading_changes_no_name(items: list[JsonObject]) -> None:
    parsed = parse_items(items)
    stored = json.loads(json.dumps([item.to_json() for item in parsed]))

    assert prefix_hashes(parse_items(stored)) == prefix_hashes(parsed)


@given(ITEMS, st.sampled_from(["in_progress", "completed", "incomplete"]), TEXTS)
def test_ids_and_progress_never_change_a_name(item: JsonObject, status: str, identifier: str) -> None:
    assert name_of(item) == name_of(item | {"id": identifier, "status": status, "nothing": None})


@given(ITEMS, st.text(min_size=1, max_size=5), JSON.filter(lambda value: value is not None))
def test_any_unknown_field_changes_a_name(item: JsonObject, field: str, value: object) -> None:
    assert name_of(item) != name_of(item | {f"x_{field}": value})


@given(ITEMS, ITEMS)
def test_two_items_share_a_name_only_when_they_say_the_same(one: JsonObject, other: JsonObject) -> None:
    same = _spelled(one) == _spelled(other)

    assert (name_of(one) == name_of(other)) == same


def _spelled(item: JsonObject) -> str:
    return json.dumps(_bare(parse_item(item).to_json()), sort_keys=True)


def _bare(value: object) -> object:
    if isinstance(value, dict):
        return {name: _bare(entry) for name, entry in value.items() if entry is not None}
    return [_bare(entry) for entry in value] if isinstance(value, list) else value
