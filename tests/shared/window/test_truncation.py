"""A window that is too large loses its oldest items, and never what holds the rest together."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.window.calls import pairs
from shared.window.entry import Entry, flatten
from shared.window.payload import Payload, SizedItem
from shared.window.truncation import truncate
from shared.wire.items import Item, Message, Reasoning, parse_item
from tests.strategies import conversations, sized
from tests.talk import assistant, system, user


def entries(history: list[SizedItem]) -> list[Entry]:
    return [Entry(entry.item, entry.tokens) for entry in history]


def window(*documents: dict[str, object]) -> list[Entry]:
    return entries([sized(parse_item(document)) for document in documents])


def size(items: list[SizedItem]) -> int:
    return sum(entry.tokens for entry in items)


def stays(item: Item) -> bool:
    return isinstance(item, Message) and item.role in ("system", "developer")


WINDOWS = conversations(max_size=30)
ROOMS = st.integers(0, 4_000)


@given(WINDOWS, ROOMS)
def test_what_is_left_is_in_order_and_fits_where_what_must_stay_allows_it(
    history: list[SizedItem], room: int
) -> None:
    left = truncate(entries(history), room)

    places = [next(at for at, each in enumerate(history) if each.item is entry.item) for entry in left]
    assert places == sorted(set(places))
    items = [entry.item for entry in history]
    said = [item for item in items if isinstance(item, Message) and item.role == "user"]
    must = [id(item) for item in [*filter(stays, items), *said[-1:]]]
    assert set(must) <= {id(entry.item) for entry in left}
    # Nothing else is left where it does not fit, but for what those are bound to: reasoning before a message.
    if size(left) > room:
        rest = [entry.item for entry in left if id(entry.item) not in must]
        assert all(isinstance(item, Reasoning) for item in rest)


@given(WINDOWS, ROOMS)
def test_a_call_and_its_outputs_go_together(history: list[SizedItem], room: int) -> None:
    left = [id(entry.item) for entry in truncate(entries(history), room)]

    for call, output in pairs([entry.item for entry in history]):
        assert (id(history[call].item) in left) == (id(history[output].item) in left)


@given(WINDOWS, ROOMS)
def test_reasoning_goes_with_what_it_led_to(history: list[SizedItem], room: int) -> None:
    left = [id(entry.item) for entry in truncate(entries(history), room)]

    for thought, led_to in pairwise(history):
        if isinstance(thought.item, Reasoning):
            assert (id(thought.item) in left) == (id(led_to.item) in left)


@given(WINDOWS)
def test_a_window_that_fits_stays_whole(history: list[SizedItem]) -> None:
    assert truncate(entries(history), size(history)) == history


def test_reasoning_goes_with_all_the_calls_that_it_led_to_at_once() -> None:
    thought: dict[str, object] = {"type": "reasoning", "summary": []}
    talk = window(user("Go."), thought, call("a"), call("b"), output("a"), output("b"), user("And now?"))

    left = truncate(talk, size(flatten(talk)) - talk[0].tokens - 1)

    assert [entry.item for entry in left] == [talk[-1].item]


def call(call_id: str) -> dict[str, object]:
    return {"type": "function_call", "call_id": call_id, "name": "look", "arguments": "{}"}


def output(call_id: str) -> dict[str, object]:
    return {"type": "function_call_output", "call_id": call_id, "output": "seen"}


def test_the_oldest_go_first_and_no_more_than_is_needed() -> None:
    talk = window(*(user(f"Question {number}") for number in range(5)))

    left = truncate(talk, talk[0].tokens * 3)

    assert [entry.item for entry in left] == [entry.item for entry in talk[2:]]


def test_rules_of_the_system_outlive_what_was_said_after_them() -> None:
    talk = window(system("You are careful."), user("Hi"), assistant("Hello."), user("And now?"))

    assert [entry.item for entry in truncate(talk, 0)] == [talk[0].item, talk[-1].item]


def compacted(origin: str = "automatic") -> Entry:
    kept = [sized(parse_item(user("Before."))), sized(parse_item(assistant("Well.")))]
    payload = Payload.model_validate(
        {
            "version": 1,
            "id": "cmp_1",
            "origin": origin,
            "kept": kept,
            "record": "What was said.",
            "ledger": {},
            "tokens": size(kept) + 20,
        }
    )
    item = parse_item({"type": "compaction", "encrypted_content": "x"})
    return Entry(item, payload.tokens, payload)


def test_what_stands_for_a_compacted_part_outlives_what_was_kept_beside_it() -> None:
    talk = [compacted(), *window(user("And now?"))]

    left = truncate(talk, 0)

    record, *_, newest = flatten(talk)
    assert left == [record, newest]


def test_a_compaction_item_of_the_upstreams_own_is_not_dropped() -> None:
    sealed = sized(parse_item({"type": "compaction", "id": "cmp_theirs", "encrypted_content": "x"}))
    seal = {"provider": "openai", "record": "What was said.", "tokens": 20}
    payload = Payload.model_validate(
        {
            "version": 1,
            "id": "cmp_1",
            "origin": "automatic",
            "kept": [sized(parse_item(user("Before."))), sealed],
            "record": "",
            "ledger": {},
            "tokens": 30,
            "provider_seal": seal,
        }
    )
    talk = [Entry(compacted().item, 30, payload), *window(user("And now?"))]

    theirs = truncate(talk, 0, upstream="openai")
    others = truncate(talk, 0, upstream="gpu")

    assert [entry.item.type for entry in theirs] == ["compaction", "message"]
    assert [entry.tokens for entry in others] == [20, talk[1].tokens]
