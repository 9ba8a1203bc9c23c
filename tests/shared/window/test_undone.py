"""The item of an undone compaction counts for nothing where what it replaced stands before it."""

import pytest

from shared.window.entry import Entry
from shared.window.hashing import prefix_hashes
from shared.window.payload import Payload
from shared.window.undone import Replaced, find_gap, newest_compaction, standing
from shared.wire.items import Compaction, parse_items
from tests.strategies import sized
from tests.talk import assistant, user

SAID = [
    Entry(item, sized(item).tokens) for item in parse_items([user("One"), assistant("Two"), user("Three")])
]


def item(name: str, origin: str = "automatic") -> Entry:
    fields = {"version": 1, "id": name, "origin": origin, "kept": [], "record": "", "ledger": {}, "tokens": 1}
    return Entry(Compaction(id=name, encrypted_content=name), 1, Payload.model_validate(fields))


def replaced(*entries: Entry) -> Replaced:
    return Replaced(prefix_hashes([entry.item for entry in entries])[-1], len(entries))


def test_a_window_begins_with_the_newest_compaction_that_still_counts() -> None:
    window = [*SAID, item("a"), item("b"), item("c", "endpoint"), *SAID]

    assert newest_compaction(window, []) == "b"
    assert newest_compaction(window, ["b"]) == "a"
    assert newest_compaction(window, ["a", "b"]) is None
    assert newest_compaction(SAID, []) is None


def test_only_what_was_undone_is_left_out() -> None:
    assert standing([*SAID, item("a"), item("b")], ["a"]) == [*SAID, item("b")]


@pytest.mark.parametrize(
    ("window", "undone", "gap"),
    [
        pytest.param([*SAID, item("a")], {"a": replaced(*SAID[:2])}, None, id="all is there"),
        pytest.param([item("a"), *SAID], {"a": replaced(*SAID)}, "a", id="it comes after"),
        pytest.param([*SAID[:1], item("a")], {"a": replaced(*SAID[:2])}, "a", id="a part is missing"),
        pytest.param([*SAID[1:], item("a")], {"a": replaced(*SAID[:2])}, "a", id="the beginning is missing"),
        pytest.param([item("a")], {}, None, id="nothing was undone"),
        pytest.param([item("a")], {"a": None}, None, id="an older server did not say"),
        pytest.param(
            [*SAID, item("a"), *SAID, item("b")],
            {"a": replaced(*SAID), "b": replaced(item("a"), *SAID)},
            None,
            id="made before an earlier one was undone",
        ),
        pytest.param(
            [*SAID, item("a"), *SAID, item("b")],
            {"a": replaced(*SAID), "b": replaced(*SAID, *SAID)},
            None,
            id="made after an earlier one was undone",
        ),
    ],
)
def test_a_gap_is_found(window: list[Entry], undone: dict[str, Replaced | None], gap: str | None) -> None:
    assert find_gap(window, undone, start=0) == gap
    assert find_gap(window, undone, start=len(window)) is None
