"""Configuration updates: the last value of each setting holds, wherever in the window it was set."""

import pytest

from shared.window.configuration import in_effect, with_update
from shared.window.payload import Payload, SizedItem
from shared.wire.items import parse_item, parse_items
from shared.wire.model import JsonObject
from tests.talk import user

PLAIN = {"format": {"type": "text"}}
SCHEMA = {"format": {"type": "json_schema", "name": "colour", "schema": {"type": "object"}}}


def update(**members: object) -> JsonObject:
    return {"type": "configuration_update", **members}


LOW, HIGH = update(reasoning={"effort": "low"}), update(reasoning={"effort": "high"})


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([user("Hi")], None),
        ([LOW], LOW),
        ([LOW, user("Hi"), HIGH], HIGH),
        ([update(text=SCHEMA), HIGH], update(reasoning={"effort": "high"}, text=SCHEMA)),
        ([update(text=SCHEMA, reasoning={"effort": "low"}), HIGH, update(text=PLAIN)],
         update(reasoning={"effort": "high"}, text=PLAIN)),
        ([HIGH, update()], HIGH),
        ([HIGH, update(reasoning=None, text=PLAIN)], update(reasoning={"effort": "high"}, text=PLAIN)),
        ([HIGH, update(reasoning={"effort": None})], None),
        ([HIGH | {"id": "item_1"}], HIGH),
    ],
    ids=[
        "none", "one", "the last", "one of each", "the last of each", "an empty one", "what the SDK leaves null",
        "taken back", "without its id",
    ],
)  # fmt: skip
def test_the_last_value_of_each_setting_is_in_effect(
    items: list[JsonObject], expected: JsonObject | None
) -> None:
    effective = in_effect(parse_items(items))

    assert (effective and effective.to_json()) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, {"effort": "high"}),
        ({"effort": "low"}, {"effort": "low"}),
        ({"effort": None, "summary": "auto"}, {"effort": "high", "summary": "auto"}),
    ],
    ids=["says nothing", "says otherwise", "leaves it open"],
)
def test_a_request_goes_before_what_was_set(asked: JsonObject | None, expected: JsonObject) -> None:
    assert with_update(asked, {"effort": "high"}) == expected
    assert with_update(asked, None) == asked


def test_a_payload_that_grows_holds_one_update() -> None:
    kept = [SizedItem(item=parse_item(item), tokens=0) for item in (LOW, update(text=SCHEMA))]
    payload = Payload(version=1, id="cmp_1", origin="automatic", kept=kept, record="", ledger={}, tokens=0)

    grown = payload.extended([SizedItem(item=parse_item(item), tokens=0) for item in (HIGH, user("Hi"))])

    assert [entry.item.to_json() for entry in grown.kept] == [
        user("Hi"),
        update(reasoning={"effort": "high"}, text=SCHEMA),
    ]
