"""What stays of a ledger where there is less room than it needs."""

import random
from dataclasses import replace

from shared.compaction.ledger import Ledger, Section, collect
from shared.wire.items import parse_items
from tests.shared.compaction.ledger_sessions import agent_session, planted, say, session, tokens


def test_rules_are_evicted_last() -> None:
    rng = random.Random(5)
    ledger = collect([say("user", "Never delete the ledger."), *session(rng, planted(rng, 0, 20), 4000)])

    assert "Never delete the ledger." in ledger.fitted(100, tokens).render()


def test_a_sentence_that_another_carries_along_is_not_told_twice() -> None:
    said = [say("user", "The probe is an STM32L072. It must stay under 3 µA."), say("user", "Go on.")]
    facts = [say("user", f"Shelf {name} holds {name}-{len(name)} boxes.") for name in ("oak", "elm", "larch")]
    ledger = collect([*said, *facts])
    rendered = ledger.render()

    assert rendered.count("STM32L072") == 1
    assert ledger.fitted(tokens(rendered), tokens).render() == rendered
    assert "\n- The probe is an STM32L072. It must stay under 3 µA." in ledger.fitted(40, tokens).render()


def test_where_there_is_little_room_quotes_and_outcomes_are_cut_before_facts_go() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "bash", "arguments": '{"command": "make"}'}
    output = {
        "type": "function_call_output",
        "call_id": "c",
        "output": "error: " + "no rule to make it, " * 20,
    }
    facts = [
        f"Shelf {name} holds {len(name)} boxes of size A{len(name)}." for name in ("oak", "elm", "larch")
    ]
    ledger = collect(
        [
            say("user", "Could you have a look? " * 30),
            *(say("user", fact) for fact in facts),
            *parse_items([call, output]),
            say("assistant", "I am not sure about that one. " * 20),
        ]
    )
    fitted = ledger.fitted(150, tokens).render()

    assert tokens(fitted) <= 150 < tokens(ledger.render()) - 50
    for shown in (*facts, "First request: Could you", "make → error: no rule", "Last answer: I am not sure"):
        assert shown in fitted


def test_leaves_no_room_for_headings_of_what_is_evicted() -> None:
    rules = [f"Never deploy {name} without a review." for name in ("billing", "search", "mail", "stock")]
    other = ["We decided to use Kafka.", "I prefer tea.", "The office is in Porto, Rua Nova 17."]
    ledger = collect([say("user", text) for text in ("Hello.", *rules, *other, "Go on.")])
    only_rules = Ledger(tuple(entry for entry in ledger.entries if entry.text in rules))

    assert ledger.fitted(tokens(only_rules.render()) + 4, tokens).render() == only_rules.render()


def test_counts_each_entry_and_heading_about_once_when_it_evicts() -> None:
    counted: list[str] = []
    ledger = collect(agent_session(random.Random(1), 20).items)

    def count(text: str) -> int:
        counted.append(text)
        return tokens(text)

    ledger.fitted(300, count)

    assert len(counted) <= len(ledger.entries) + len(Section) + 8


def test_sentences_whose_followers_go_pay_for_themselves() -> None:
    trees = [
        "oak",
        "elm",
        "larch",
        "birch",
        "alder",
        "aspen",
        "beech",
        "cedar",
        "maple",
        "pine",
        "fir",
        "yew",
    ]
    said = [
        say(
            "user",
            f"Shelf {number} is by the {tree} door. This must never be locked, whatever {tree} people say.",
        )
        for number, tree in enumerate(trees, 10)
    ]
    ledger = collect([*said, say("user", "The ticket is INC-55120."), say("user", "Go on.")])
    entries = tuple(
        replace(entry, hard=False, score=21 if "locked" in entry.text else entry.score)
        for entry in ledger.entries
    )

    rendered = replace(ledger, entries=entries).fitted(80, tokens).render()

    assert "The ticket is INC-55120." in rendered
    assert "Shelf 10" in rendered
