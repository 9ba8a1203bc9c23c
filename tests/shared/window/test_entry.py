"""Which entries of a window count, and what they are for the model."""

from dataclasses import replace

from shared.window.entry import Entry, effective, flatten, total_tokens
from shared.window.payload import Payload, ProviderSeal, SizedItem
from shared.wire.items import Compaction, parse_item
from shared.wire.text import text_of


def said(text: str) -> Entry:
    return Entry(item=parse_item({"role": "user", "content": text}), tokens=5)


def compaction(origin: str) -> Entry:
    kept = SizedItem(item=said("kept").item, tokens=5)
    payload = Payload.model_validate(
        {
            "version": 1,
            "id": "cmp_1",
            "origin": origin,
            "kept": [kept],
            "record": "record",
            "ledger": {},
            "tokens": 25,
        }
    )
    return Entry(item=Compaction(id="cmp_1", encrypted_content="x"), tokens=25, payload=payload)


def test_an_automatic_compaction_stands_for_all_before_it() -> None:
    item, newest = compaction("automatic"), said("c")

    assert effective([said("a"), said("b"), item, newest]) == [item, newest]


def test_the_last_of_several_automatic_compactions_counts() -> None:
    last = compaction("automatic")

    assert effective([compaction("automatic"), said("a"), last]) == [last]


def test_a_compaction_of_the_endpoint_stands_beside_what_came_before() -> None:
    window = [said("a"), compaction("endpoint"), said("b")]

    assert effective(window) == window


def test_without_a_compaction_everything_counts() -> None:
    assert effective([said("a"), said("b")]) == [said("a"), said("b")]
    assert effective([]) == []


def test_the_model_is_given_what_a_compaction_item_holds_in_its_place() -> None:
    flat = flatten([said("a"), compaction("endpoint"), said("b")])

    assert [text_of(entry.item) for entry in flat] == ["a", "record", "kept", "b"]
    assert [entry.tokens for entry in flat] == [5, 20, 5, 5]


def test_only_the_upstream_that_sealed_an_item_is_given_it() -> None:
    sealed = SizedItem(item=Compaction(id="cmp_theirs", encrypted_content="x"), tokens=9)
    entry = compaction("automatic")
    assert entry.payload is not None
    seal = ProviderSeal(provider="openai", record="what it says", tokens=3)
    theirs = entry.payload.model_copy(update={"kept": [sealed], "record": "", "provider_seal": seal})
    window = [replace(entry, payload=theirs), said("b")]

    assert [each.item.type for each in flatten(window, upstream="openai")] == ["compaction", "message"]
    assert [text_of(each.item) for each in flatten(window, upstream="gpu")] == ["what it says", "b"]
    assert [text_of(each.item) for each in flatten(window)] == ["what it says", "b"]


def test_a_window_is_as_large_as_its_entries() -> None:
    assert total_tokens([said("a"), compaction("automatic")]) == 30
