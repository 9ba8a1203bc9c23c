"""Collecting: from items to a ledger, in one pass that is linear in the text."""

from collections.abc import Sequence

from shared.compaction.ledger.book import Ledger
from shared.compaction.ledger.calls import entries_of_calls
from shared.compaction.ledger.identifiers import entries_of_identifiers
from shared.compaction.ledger.reading import Said, read_items
from shared.compaction.ledger.register import Register
from shared.compaction.ledger.speech import entries_of_speech
from shared.wire.items import Item

EMPTY = Ledger()


def collect(items: Sequence[Item], *, known: Ledger = EMPTY) -> Ledger:
    """Return `known` with the facts of `items` added.

    What `known` holds stays as it is, word for word, except where a later fact about the same thing
    takes its place: an updated rule, a command that was run again, a file that was deleted. Rules and
    preferences come from users, systems and developers only, never from assistants or tools.
    """
    traces = read_items(items, seen=known.items_seen)
    register = Register(known.entries)
    messages = [trace for trace in traces if isinstance(trace, Said)]
    for entry in entries_of_speech(messages, is_opening=known.items_seen == 0):
        register.add(entry)
    for entry in entries_of_calls(traces):
        register.add(entry)
    for entry in entries_of_identifiers(traces):
        register.add(entry)
    return Ledger(register.entries, known.items_seen + len(items))
