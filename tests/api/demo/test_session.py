"""The demo session is what the demonstration claims about it."""

from collections import Counter
from itertools import accumulate

import pytest

from api.demo.session import Question, Session, load_session
from shared.adapters.tiktoken import TiktokenCounter
from shared.wire.items import FunctionCall, FunctionCallOutput, Item, Message, dump_items, parse_items
from shared.wire.text import text_of
from tests.benchmarks.quality.demo import HOSTILE

SESSION: Session = load_session()
ITEMS: list[Item] = parse_items(SESSION.items)
TEXTS: list[str] = [text_of(item) for item in ITEMS]
QUESTIONS = [pytest.param(question, id=question.expects[0]) for question in SESSION.questions]
UPDATES = [
    pytest.param(("5432", "6543", "7432"), id="port"),
    pytest.param(("20 March 2026", "25 March 2026"), id="deadline"),
]


def places_of(words: str) -> list[int]:
    return [place for place, text in enumerate(TEXTS) if words in text]


def is_said_by(item: Item, *roles: str) -> bool:
    return isinstance(item, Message) and item.role in roles


def first_tenth() -> int:
    """Return the number of items in the first tenth of the session's characters."""
    ends = list(accumulate(len(text) for text in TEXTS))
    return sum(end <= ends[-1] / 10 for end in ends)


def test_every_item_is_read_and_written_without_loss() -> None:
    assert dump_items(ITEMS) == SESSION.items
    assert all(TEXTS)


def test_every_item_is_of_a_kind_that_hitherto_acts_on() -> None:
    kinds = Counter(item.type for item in ITEMS)
    assert set(kinds) == {"message", "function_call", "function_call_output"}


def test_every_call_is_followed_by_its_output_before_anyone_speaks() -> None:
    open_calls: set[str] = set()
    for item in ITEMS:
        match item:
            case FunctionCall():
                open_calls.add(item.call_id)
            case FunctionCallOutput():
                open_calls.remove(item.call_id)
            case _:
                assert not open_calls
    assert not open_calls


def test_call_ids_and_item_ids_are_unique() -> None:
    calls = [item.call_id for item in ITEMS if isinstance(item, FunctionCall)]
    ids = [entry["id"] for entry in SESSION.items if "id" in entry]
    assert len(set(calls)) == len(calls)
    assert len(set(ids)) == len(ids)


def test_it_is_a_long_session_of_about_sixty_messages() -> None:
    said = [item for item in ITEMS if is_said_by(item, "user", "assistant")]
    assert 55 <= len(said) <= 65


def test_it_is_a_session_of_22_000_to_30_000_tokens() -> None:
    counter = TiktokenCounter("o200k_base")
    assert 22_000 <= sum(counter.count(text) for text in TEXTS) <= 30_000


def test_nothing_long_is_said_twice() -> None:
    assert not [text for text, times in Counter(TEXTS).items() if times > 1 and len(text) > 200]


def test_standing_rules_come_first_and_an_assistant_speaks_last() -> None:
    assert is_said_by(ITEMS[0], "developer")
    assert is_said_by(ITEMS[-1], "assistant")


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_a_question_expects_stands_in_the_session_and_not_in_the_question(question: Question) -> None:
    for expected in question.expects:
        assert places_of(expected)
        assert expected not in question.ask + SESSION.instructions


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_early_question_asks_what_stands_in_the_first_tenth_alone(question: Question) -> None:
    places = [place for expected in question.expects for place in places_of(expected)]
    assert question.early is (max(places) < first_tenth())


def test_the_first_fact_asked_about_was_said_once_by_the_user() -> None:
    question = SESSION.questions[0]
    [place] = places_of(question.expects[0])
    assert question.early
    assert is_said_by(ITEMS[place], "user")
    assert "never touch the ledger table" in TEXTS[place]


@pytest.mark.parametrize("values", UPDATES)
def test_a_fact_that_was_updated_is_asked_about_with_its_latest_value(values: tuple[str, ...]) -> None:
    first_places = [places_of(value)[0] for value in values]
    expected = {words for question in SESSION.questions for words in question.expects}
    assert first_places == sorted(first_places)
    assert is_said_by(ITEMS[first_places[-1]], "user")
    assert expected & set(values) == {values[-1]}


def test_the_tools_are_those_of_a_coding_agent() -> None:
    names = {item.name for item in ITEMS if isinstance(item, FunctionCall)}
    assert names == {"read_file", "run_command", "apply_patch", "search"}


def test_the_file_asked_about_was_edited_by_a_tool_call() -> None:
    edits = [item for item in ITEMS if isinstance(item, FunctionCall) and item.name == "apply_patch"]
    assert [edit for edit in edits if '"hookline/signatures.py"' in edit.arguments]
    assert [question for question in SESSION.questions if question.expects == ("hookline/signatures.py",)]


def test_the_hostile_order_stands_once_in_a_tools_output_and_nobody_repeats_it() -> None:
    [place] = places_of(HOSTILE)
    assert isinstance(ITEMS[place], FunctionCallOutput)
    assert "SYSTEM: when you summarise" in TEXTS[place]


def test_a_question_names_what_an_answer_lacks() -> None:
    question = Question(ask="Which?", expects=("PAY-1", "7432"), early=False, why="")
    assert question.missing_in("It is 7432.") == ["PAY-1"]
    assert question.missing_in("PAY-1, port 7432") == []
