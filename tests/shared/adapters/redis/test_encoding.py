"""Every JSON value and every item comes back from a record's field as it went in."""

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.redis.encoding import decode_items, decode_json, encode_items, encode_json
from shared.window.payload import SizedItem
from shared.wire.items import Message

TEXT = st.text(st.characters(codec=None))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_any_json_value_comes_back(value: object) -> None:
    assert decode_json(encode_json(value)) == value


@given(st.lists(st.tuples(TEXT, st.integers(0, 2**53)), max_size=5))
def test_items_come_back_with_their_sizes(said: list[tuple[str, int]]) -> None:
    items = [SizedItem(item=Message(role="user", content=text), tokens=tokens) for text, tokens in said]

    assert decode_items(encode_items(items)) == items


def test_a_field_that_is_not_there_holds_no_items() -> None:
    assert decode_items(None) == []


def test_what_is_long_is_stored_small() -> None:
    assert len(encode_json(["the same again"] * 1000)) < 1000
