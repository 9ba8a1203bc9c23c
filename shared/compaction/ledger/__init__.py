"""The ledger: facts that code collects from a conversation, with or without a model."""

from shared.compaction.ledger.book import Ledger
from shared.compaction.ledger.collecting import EMPTY, collect
from shared.compaction.ledger.entries import Entry, Section, Trust

__all__ = ["EMPTY", "Entry", "Ledger", "Section", "Trust", "collect"]
