"""Collecting: from items to a ledger, in one pass that is linear in the text."""

from collections.abc import Sequence
from dataclasses import replace

from shared.compaction.ledger.book import Ledger
from shared.compaction.ledger.calls import entries_of_calls
from shared.compaction.ledger.entries import is_sentence
from shared.compaction.ledger.identifiers import entries_of_identifiers
from shared.compaction.ledger.moulds import Moulds, worn_down
from shared.compaction.ledger.reading import Said, read_items
from shared.compaction.ledger.register import Register
from shared.compaction.ledger.speech import entries_of_speech, entries_of_state, statements_of
from shared.compaction.ledger.statements import Statement, read_statement
from shared.wire.items import Item

EMPTY = Ledger()


def collect(items: Sequence[Item], *, known: Ledger = EMPTY, history: Sequence[Item] | None = None) -> Ledger:
    """Return `known` with the facts of `items` added.

    What `known` holds stays as it is, word for word, except where a later fact about the same thing
    takes its place: an updated rule, a command that was run again, a file that was deleted. Rules and
    preferences come from users, systems and developers only, never from assistants or tools. `history`, where
    `items` are only a part of it, is what the last request and the last answer are the last of.
    """
    if not items:
        return known
    traces = read_items(items, seen=known.items_seen)
    messages = [trace for trace in traces if isinstance(trace, Said)]
    spoken = statements_of(messages)
    moulds = Moulds([*_statements(known), *(each.statement for each in spoken)])
    register = Register(worn_down(known.entries, moulds))
    whole = messages if history is None else _messages_of(history)
    for entry in entries_of_speech(messages, spoken, moulds):
        register.add(entry)
    for entry in entries_of_state(whole, is_opening=known.items_seen == 0):
        register.add(entry)
    for entry in entries_of_calls(traces):
        register.add(entry)
    for entry in entries_of_identifiers(traces):
        register.add(entry)
    return Ledger(register.entries, known.items_seen + len(items))


def _messages_of(history: Sequence[Item]) -> list[Said]:
    """Return what was said; a message without an id has no name here, as its number is another one's."""
    said = [trace for trace in read_items(history, seen=0) if isinstance(trace, Said)]
    return [replace(each, source="#") if each.source.startswith("#") else each for each in said]


def _statements(ledger: Ledger) -> list[Statement]:
    return [read_statement(entry.text) for entry in ledger.entries if is_sentence(entry)]
