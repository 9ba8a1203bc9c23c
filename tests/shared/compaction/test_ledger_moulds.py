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

    rendered = _fitted(collect(said), 45)

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


def test_a_slot_in_the_middle_spoils_only_its_own_words() -> None:
    said = "I had a quick look at {} while waiting for the {}, and it went well."
    statements = [read_statement(said.format(place, place.casefold())) for place in _PLACES]

    assert Moulds(statements).wear(statements[0]) > 0


def test_small_talk_that_comes_back_after_its_eviction_is_known_as_such() -> None:
    ledger = collect(_talk("Hello.", *(_MOULD.format(place) for place in _PLACES), "Go on."))
    evicted = Ledger.from_json(ledger.fitted(30, tokens).to_json())

    said = _talk("The barn is our name for the depot.", _MOULD.format("Deal"), "Hm.")
    remembered = [entry.score for entry in collect(said, known=evicted).entries if "Deal" in entry.text]
    new = [entry.score for entry in collect(said).entries if "Deal" in entry.text]

    assert "cousin" not in evicted.render()
    assert max(remembered, default=0) < max(new)


def test_a_ledger_of_before_there_were_moulds_is_read() -> None:
    written = collect(_talk("Never deploy on a Friday.")).to_json()
    del written["moulds"]

    assert Ledger.from_json(written).moulds == ()


def test_a_rule_that_is_repeated_word_for_word_stays() -> None:
    rule = "Please remember to never push to the main branch of this repository."
    rounds = [*(text for _ in range(9) for text in (rule, "Go on with the next file."))]
    fillers = [f"The {place} depot is item {number} of the list." for number, place in enumerate(_PLACES)]

    ledger = collect(_talk(*rounds, *fillers))
    ledger = collect(_talk(*rounds), known=ledger)

    assert rule in _fitted(ledger, 70)


_SERVICES = ("billing", "search", "mail", "login", "stock", "chat", "maps", "audit")


def _gates(*services: str) -> list[str]:
    return [
        f"Never deploy the {each} service to production without approval from Ana {each.title()}."
        for each in services
    ]


def test_a_list_of_rules_keeps_its_rank_over_many_compactions() -> None:
    ledger = collect(_talk("Hello.", *_gates(*_SERVICES), "Go on."))
    before = {entry.text: (entry.score, entry.hard) for entry in ledger.entries if entry.hard}
    for place in _PLACES:
        ledger = collect(_talk(f"How is {place}?", _MOULD.format(place)), known=ledger)

    assert len(before) == len(_SERVICES)
    assert before == {entry.text: (entry.score, entry.hard) for entry in ledger.entries if entry.hard}


def test_a_list_of_rules_outlasts_what_was_said_besides() -> None:
    rules = _gates(*_SERVICES)
    ledger = collect(
        _talk("Hello.", *rules, "The office of Venndal AG is in 4411 Porto, Rua Nova 17.", "Go on.")
    )
    rendered = (_fitted(ledger, room) for room in range(80, tokens(ledger.render()), 10))
    least_with_all = next(each for each in rendered if all(rule in each for rule in rules))

    assert "Venndal" not in least_with_all


def test_a_sentence_is_worn_once_not_at_every_compaction() -> None:
    ledger = collect(_talk("Hello.", _MOULD.format("Oslo"), "Go on."))
    scores = [_score_of(ledger, "Oslo")]
    for place in _PLACES:
        ledger = collect(_talk("Hm.", _MOULD.format(place), "Go on."), known=ledger)
        scores.append(_score_of(ledger, "Oslo"))

    assert len(set(scores)) == 2


def _score_of(ledger: Ledger, part: str) -> int:
    return next(
        entry.score for entry in ledger.entries if part in entry.text and not entry.key.startswith("state:")
    )
