"""A summariser is given all that was said, in portions that it can take."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.compaction.passages import Passage, in_portions, packed, passages
from shared.window.calls import pairs
from shared.window.payload import SizedItem
from shared.wire.items import parse_item, parse_items
from shared.wire.model import JsonObject
from tests.fakes import WordCounter
from tests.strategies import conversations
from tests.talk import user

COUNT = WordCounter().count
_PART = re.compile(r", part (\d+) of (\d+)$")


def size(portion: list[Passage]) -> int:
    return sum(1 + COUNT(str(passage)) for passage in portion)


def joined(portions: list[list[Passage]]) -> list[Passage]:
    """The passages, put together again where they were cut."""
    whole: list[Passage] = []
    for passage in (passage for portion in portions for passage in portion):
        match = _PART.search(passage.label)
        label = _PART.sub("", passage.label)
        if match and match[1] != "1":
            whole[-1] = Passage(label, whole[-1].text + passage.text)
        else:
            whole.append(Passage(label, passage.text))
    return whole


@given(conversations(max_size=40), st.integers(30, 1_000))
def test_portions_are_the_whole_in_order_and_none_is_too_large(
    history: list[SizedItem], max_tokens: int
) -> None:
    items = [entry.item for entry in history]

    portions = in_portions(items, max_tokens, count=COUNT)

    assert joined(portions) == passages(items)
    assert all(size(portion) <= max_tokens for portion in portions)
    assert all(portions) or portions == [[]]


@given(conversations(max_size=20))
def test_what_fits_is_one_portion(history: list[SizedItem]) -> None:
    items = [entry.item for entry in history]

    assert in_portions(items, size(passages(items)) + 1, count=COUNT) == [passages(items)]


def test_a_call_is_in_one_portion_with_its_output_where_both_fit() -> None:
    documents: list[JsonObject] = []
    for number in range(12):
        documents += [
            user("Look again, please. " * (number % 5)),
            {"type": "function_call", "call_id": f"c{number}", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": f"c{number}", "output": "blue " * (number % 4 + 1)},
        ]
    items = parse_items(documents)

    portions = in_portions(items, 25, count=COUNT)

    where = [index for index, portion in enumerate(portions) for _ in portion]
    assert len(portions) > 3
    assert all(where[call] == where[output] for call, output in pairs(items))


def test_an_item_that_is_too_large_by_itself_is_cut_at_the_ends_of_its_lines() -> None:
    lines = [f"line {number} of the log" for number in range(100)]
    output = parse_item({"type": "function_call_output", "call_id": "c", "output": "\n".join(lines)})

    portions = in_portions([output], 200, count=COUNT)

    parts = [passage for portion in portions for passage in portion]
    assert [part.label for part in parts] == [
        f"tool result, part {number} of {len(parts)}" for number in range(1, len(parts) + 1)
    ]
    assert [line for part in parts for line in part.text.splitlines()] == lines


def test_text_without_any_break_is_cut_all_the_same() -> None:
    text = "x" * 1_000
    item = parse_item(user(text))

    portions = in_portions([item], 400, count=len)

    assert len(portions) > 2
    assert joined(portions) == [Passage("user", text)]


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        pytest.param(
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "tides"}},
            '[web_search_call] {"action": {"query": "tides"}}',
            id="an item without words of its own",
        ),
        pytest.param(
            {"type": "image_generation_call", "id": "ig_1", "result": "A" * 9_000},
            '[image_generation_call] {"result": "[9000 characters left out]"}',
            id="encoded bytes",
        ),
        pytest.param(
            {"role": "user", "content": [{"type": "input_file", "filename": "v7.pdf", "file_id": "file-1"}]},
            "[user] [file: v7.pdf, file-1]",
            id="a file",
        ),
    ],
)
def test_items_of_every_type_can_be_read(document: JsonObject, shown: str) -> None:
    [passage] = passages([parse_item(document)])

    assert str(passage) == shown


@pytest.mark.parametrize(
    "document",
    [
        {"type": "compaction", "encrypted_content": "gAAA"},
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"},
        {"type": "configuration_update", "reasoning": {"effort": "low"}},
    ],
    ids=lambda document: document["type"],
)
def test_what_says_nothing_to_a_reader_is_not_shown(document: JsonObject) -> None:
    assert passages([parse_item(document)]) == []
    assert in_portions([parse_item(document)], 100, count=COUNT) == [[]]


def test_thoughts_in_the_open_are_shown() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}

    assert passages([parse_item(thought)]) == [Passage("reasoning", "Hm.")]


def test_encoded_bytes_in_a_tool_result_are_not_shown() -> None:
    for text in (
        "A" * 9_000,
        '{"png": "' + "A" * 9_000 + '", "size": 3}',
        "Shot:\n" + "A" * 9_000 + "\nDone.",
    ):
        output = parse_item({"type": "function_call_output", "call_id": "c", "output": text})
        [passage] = passages([output])

        assert passage.text == text.replace("A" * 9_000, "[9000 characters left out]")


@pytest.mark.parametrize(
    ("sizes", "least", "groups"),
    [
        ([], 1, []),
        ([3, 3, 3], 1, [[3, 3], [3]]),
        ([9, 9, 1], 1, [[9], [9], [1]]),
        ([9, 9, 1], 2, [[9, 9], [1]]),
        ([2, 2, 2], 2, [[2, 2, 2]]),
    ],
    ids=["nothing", "as many as fit", "too large ones alone", "at least two", "all"],
)
def test_groups_are_as_large_as_they_can_be(sizes: list[int], least: int, groups: list[list[int]]) -> None:
    assert packed(((size, size) for size in sizes), 7, least=least) == groups
