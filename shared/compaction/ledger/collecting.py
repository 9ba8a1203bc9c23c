"""Collecting: from items to a ledger, in one pass that is linear in the text."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from shared.compaction.ledger.book import Ledger
from shared.compaction.ledger.calls import entries_of_calls
from shared.compaction.ledger.entries import Entry, is_sentence
from shared.compaction.ledger.identifiers import entries_of_identifiers
from shared.compaction.ledger.moulds import Moulds, worn_down
from shared.compaction.ledger.reading import Said, Trace, read_items
from shared.compaction.ledger.register import Register
from shared.compaction.ledger.runs import worn_by_family
from shared.compaction.ledger.speech import entries_of_speech, entries_of_state, statements_of
from shared.compaction.ledger.statements import Statement, read_statement
from shared.compaction.shortening import is_shortened
from shared.wire.items import Item

EMPTY = Ledger()


def collect(items: Sequence[Item], *, known: Ledger = EMPTY, history: Sequence[Item] | None = None) -> Ledger:
    """Return `known` with the facts of `items` added.

    What `known` holds stays as it is, word for word, except where a later fact about the same thing
    takes its place: an updated rule, a command that was run again, a file that was deleted. What binds keeps its
    rank too; another sentence loses some of it, once, when its like turns out to be said again and again. Rules and
    preferences come from users, systems and developers only, never from assistants or tools. `history`, where
    `items` are only a part of it, is all that was said: a request or an answer is the last only if none stays in
    view that came later. What an earlier compaction shortened was collected whole, and is not again.
    """
    if not items:
        return known
    traces = read_items(items, seen=known.items_seen)
    all_messages = [trace for trace in traces if isinstance(trace, Said)]
    traces = [trace for trace in traces if not _was_collected_whole(trace, known)]
    messages = [trace for trace in traces if isinstance(trace, Said)]
    spoken = statements_of(messages)
    moulds = Moulds(_statements(known), remembered=known.moulds)
    worn = moulds.worn(known.entries)
    moulds.add(each.statement for each in spoken)
    state, outdated = _state(items, known, all_messages, history)
    still = tuple(entry for entry in known.entries if entry.key not in outdated)
    register = Register(worn_down(still, moulds, already=worn))
    for entry in entries_of_speech(messages, spoken, moulds):
        register.add(entry)
    for entry in state:
        register.add(entry)
    for entry in entries_of_calls(traces):
        register.add(entry)
    for entry in entries_of_identifiers(traces):
        register.add(entry)
    return Ledger(worn_by_family(register.entries), known.items_seen + len(items), moulds.to_remember())


def _was_collected_whole(trace: Trace, known: Ledger) -> bool:
    """Whether it is what an earlier compaction left of a message: its head may tell what its middle took back."""
    return known.items_seen > 0 and isinstance(trace, Said) and is_shortened(trace.text)


def _state(
    items: Sequence[Item], known: Ledger, messages: Sequence[Said], history: Sequence[Item] | None
) -> tuple[list[Entry], set[str]]:
    """Return what the last request and answer are, and the keys of those that are no longer the last.

    One that stays in view is not told again: what was told before it is outdated all the same.
    """
    entries = list(entries_of_state(messages, is_opening=known.items_seen == 0))
    if history is None:
        return entries, set()
    whole = _messages_of(history, {id(item) for item in items})
    in_view = {entry.key for entry in entries_of_state(whole, is_opening=False) if not entry.source}
    return [entry for entry in entries if entry.key not in in_view], in_view


def _messages_of(history: Sequence[Item], collected: Collection[int]) -> list[Said]:
    return [
        trace if id(item) in collected else replace(trace, source="")
        for item in history
        for trace in read_items([item], seen=0)
        if isinstance(trace, Said)
    ]


def _statements(ledger: Ledger) -> list[Statement]:
    return [read_statement(entry.text) for entry in ledger.entries if is_sentence(entry)]
