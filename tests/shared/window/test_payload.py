"""What a compaction item holds is what the model is given in its place."""

from hypothesis import given
from hypothesis import strategies as st

from shared.window.payload import Payload, ProviderSeal, SizedItem
from shared.wire.items import Compaction
from shared.wire.text import text_of
from tests.strategies import conversations


def payload(kept: list[SizedItem], *, record: str = "", origin: str = "automatic") -> Payload:
    tokens = sum(entry.tokens for entry in kept) + (50 if record else 0)
    return Payload.model_validate(
        {
            "version": 1,
            "id": "cmp_1",
            "origin": origin,
            "kept": kept,
            "record": record,
            "ledger": {},
            "tokens": tokens,
        }
    )


@given(conversations(), st.sampled_from(["", "a record"]))
def test_the_model_is_given_the_record_as_a_users_words_and_then_what_was_kept(
    kept: list[SizedItem], record: str
) -> None:
    given_items = payload(kept, record=record).sized_items

    assert given_items[len(given_items) - len(kept) :] == kept
    before = given_items[: len(given_items) - len(kept)]
    assert [text_of(entry.item) for entry in before] == ([record] if record else [])
    assert all(entry.item.to_json()["role"] == "user" for entry in before)


@given(conversations(), conversations(), st.sampled_from(["", "a record"]))
def test_its_size_is_that_of_the_items_it_stands_for(
    kept: list[SizedItem], tail: list[SizedItem], record: str
) -> None:
    grown = payload(kept, record=record).extended(tail)

    assert grown.tokens == sum(entry.tokens for entry in grown.sized_items)
    assert grown.kept == [*kept, *tail]


@given(conversations())
def test_it_is_the_same_after_it_was_written_down(kept: list[SizedItem]) -> None:
    one = payload(kept, record="Grüße 🦊")

    again = Payload.model_validate_json(one.model_dump_json(exclude_unset=True))

    assert again == one
    assert [entry.item.to_json() for entry in again.kept] == [entry.item.to_json() for entry in kept]


SEALED = SizedItem(item=Compaction(id="cmp_theirs", encrypted_content="gAAA"), tokens=7)


def sealed_payload(kept: list[SizedItem], *, record: str = "") -> Payload:
    seal = ProviderSeal(provider="openai", record="All of it.", tokens=9)
    return payload([*kept, SEALED], record=record).model_copy(update={"provider_seal": seal})


@given(conversations(), st.sampled_from(["", "a record"]))
def test_what_a_provider_sealed_is_given_to_it_word_for_word(kept: list[SizedItem], record: str) -> None:
    one = sealed_payload(kept, record=record)

    assert one.given_to("openai") == one.sized_items == payload([*kept, SEALED], record=record).sized_items


@given(conversations(), st.sampled_from(["", "a record"]), st.sampled_from([None, "gpu"]))
def test_what_a_provider_sealed_is_told_to_others_by_a_record(
    kept: list[SizedItem], record: str, upstream: str | None
) -> None:
    [told, *rest] = sealed_payload(kept, record=record).given_to(upstream)

    assert (text_of(told.item), told.tokens, rest) == ("All of it.", 9, kept)


def test_a_payload_without_a_provider_is_the_same_to_all() -> None:
    one = payload([], record="a record")

    assert one.given_to("openai") == one.given_to(None) == one.sized_items


def test_an_automatic_one_supersedes_what_came_before_and_one_of_the_endpoint_does_not() -> None:
    assert payload([]).supersedes
    assert not payload([], origin="endpoint").supersedes
