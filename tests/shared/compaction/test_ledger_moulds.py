"""Sentences from one mould: small talk or a log, told by their number; and what is never taken for either."""

import pytest

from shared.compaction.ledger import EMPTY, Ledger, collect
from shared.compaction.ledger.moulds import Moulds
from shared.compaction.ledger.statements import read_statement
from shared.wire.items import Item
from tests.shared.compaction.ledger_sessions import say, tokens

_MOULD = "My cousin walked his dog around {} for hours, and the dog was quite happy about it."
_PLACES = ("Leeds", "Kent", "Hull", "Bath", "Wells", "York", "Rye", "Ely")


def _talk(*texts: str) -> list[Item]:
    return [each for text in texts for each in (say("user", text), say("assistant", "I see."))]


def _fitted(ledger: Ledger, max_tokens: int) -> str:
    return ledger.fitted(max_tokens, tokens).render()


def test_sentences_from_one_mould_go_before_a_sentence_that_is_like_no_other() -> None:
    walks = [_MOULD.format(place) for place in _PLACES]
    said = _talk("Hello.", *walks, "The barn is our name for the depot.", "Go on.")

    rendered = _fitted(collect(said), 60)

    assert "the depot" in rendered
    assert "cousin" not in rendered


def test_what_was_said_again_and_again_over_many_compactions_goes_too() -> None:
    ledger = collect(_talk("How are you?", "We rent the crane then.", "And now?"))
    for place in _PLACES:
        walk = _talk("Hm.", _MOULD.format(place), "Go on.")
        ledger = collect(walk, known=ledger).fitted(180, tokens)

    assert "crane" in ledger.render()


@pytest.mark.parametrize(
    "mould",
    ["Never deploy {} on a Friday.", "The budget for {} is 4,{}00 EUR.", "Rule: {} waits for review {}."],
    ids=["rules", "amounts", "labelled"],
)
def test_a_list_of_rules_or_exact_things_is_no_small_talk(mould: str) -> None:
    sentences = [mould.format(place, number) for number, place in enumerate(_PLACES)]
    rendered = collect(_talk("Hello.", *sentences, "Thanks.")).render()

    assert [each for each in sentences if each in rendered] == sentences


def test_two_sentences_are_no_mould_and_the_third_makes_one() -> None:
    statements = [read_statement(_MOULD.format(place)) for place in _PLACES]

    assert Moulds(statements[:2]).wear(statements[0]) == 0
    assert Moulds(statements[:3]).wear(statements[0]) == 1


def test_a_sentence_of_two_words_has_no_mould() -> None:
    statement = read_statement("Go on.")

    assert Moulds([statement] * 9).wear(statement) == 0


def test_an_empty_conversation_wears_nothing_down() -> None:
    ledger = collect(_talk(*(_MOULD.format(place) for place in _PLACES)))

    assert collect([], known=ledger) == ledger
    assert collect([], known=EMPTY) == EMPTY
