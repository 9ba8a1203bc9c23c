"""Thoughts in an envelope: for clients that send nothing else of them back."""

import pytest

from shared.window.counting import count_item
from shared.window.hashing import prefix_hashes
from shared.wire.items import parse_item
from shared.wire.model import JsonObject
from shared.wire.thoughts import enclosed_thoughts, is_envelope, opened_thoughts

BARE: JsonObject = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [],
    "content": [{"type": "reasoning_text", "text": "Ünd so?"}, {"type": "reasoning_text", "text": "So."}],
}
ENCLOSED = enclosed_thoughts(BARE)
SEALED = BARE | {"encrypted_content": "gAAAA"}


def test_what_an_envelope_holds_comes_back_word_for_word() -> None:
    alone = {key: value for key, value in ENCLOSED.items() if key != "content"}
    assert opened_thoughts(alone) == opened_thoughts(ENCLOSED) == BARE


@pytest.mark.parametrize("item", [SEALED, {"type": "reasoning", "summary": []}], ids=["sealed", "empty"])
def test_thoughts_of_the_providers_own_seal_and_none_get_no_envelope(item: JsonObject) -> None:
    assert enclosed_thoughts(item) == item


@pytest.mark.parametrize(
    "envelope",
    [
        "gAAAA",
        "hitherto_thoughts_x",
        "hitherto_thoughts_e30=",
        "hitherto_thoughts_WzFd",
        "hitherto_thoughts_é",
        7,
    ],
    ids=["a provider's seal", "no base64", "no list", "no texts", "no letters", "no text"],
)
def test_what_is_no_envelope_of_ours_stays_as_it_is(envelope: object) -> None:
    item = {"type": "reasoning", "summary": [], "encrypted_content": envelope}
    assert opened_thoughts(item) == item


def test_a_compaction_is_never_taken_for_thoughts() -> None:
    item = {"type": "compaction", "encrypted_content": ENCLOSED["encrypted_content"]}
    assert opened_thoughts(item) == item


def test_an_envelope_changes_neither_the_size_nor_the_hash_of_thoughts() -> None:
    bare, enclosed = parse_item(BARE), parse_item(ENCLOSED)
    assert count_item(enclosed, len) == count_item(bare, len)
    assert prefix_hashes([enclosed]) == prefix_hashes([bare])
    assert is_envelope(ENCLOSED["encrypted_content"])
