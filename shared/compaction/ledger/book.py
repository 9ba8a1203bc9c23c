"""The ledger itself: a frozen value that is carried from compaction to compaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from shared.compaction.ledger.entries import Entries, Entry, Section, Trust
from shared.compaction.ledger.fitting import fit_entries
from shared.compaction.ledger.rendering import render_entries
from shared.wire.model import JsonObject

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Ledger:
    """Facts that code collected from a conversation, in the order of their first sighting.

    Each key occurs once. `items_seen` counts the items that were ever collected from. `moulds` are what
    sentences said again and again have in common, also of those that were evicted.
    """

    entries: Entries = ()
    items_seen: int = 0
    moulds: tuple[int, ...] = ()

    def render(self) -> str:
        """Return the ledger as text for the next model, by section; equal ledgers give equal bytes."""
        return render_entries(self.entries)

    def fitted(self, max_tokens: int, count: Callable[[str], int]) -> Self:
        """Return the ledger without its least important entries, so that `render()` has at most `max_tokens`.

        `count` returns the tokens of a text. Nothing is evicted or cut when all fits; else quotes, outcomes and errors
        are cut to the room, and rules go last.
        """
        kept = fit_entries(self.entries, max_tokens, count, moulds=self.moulds)
        return self if kept is self.entries else type(self)(kept, self.items_seen, self.moulds)

    def to_json(self) -> JsonObject:
        """Return the ledger as JSON; `from_json` makes an equal one of it."""
        return {
            "version": _VERSION,
            "items_seen": self.items_seen,
            "entries": [_entry_to_json(entry) for entry in self.entries],
            "moulds": list(self.moulds),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> Self:
        """Return the ledger that `to_json` wrote. Raises ValueError for anything else."""
        if value.get("version") != _VERSION:
            raise ValueError(f"a ledger of version {value.get('version')!r} cannot be read")
        try:
            entries = tuple(_entry_from_json(entry) for entry in value["entries"])
            moulds = tuple(int(each) for each in value.get("moulds", ()))
            return cls(entries, int(value["items_seen"]), moulds)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a ledger: {error}") from error


def _entry_to_json(entry: Entry) -> JsonObject:
    return {
        "section": entry.section.value,
        "text": entry.text,
        "trust": entry.trust.value,
        "source": entry.source,
        "key": entry.key,
        "score": entry.score,
        "note": entry.note,
        "hard": entry.hard,
    }


def _entry_from_json(value: JsonObject) -> Entry:
    return Entry(
        section=Section(value["section"]),
        text=str(value["text"]),
        trust=Trust(value["trust"]),
        source=str(value["source"]),
        key=str(value["key"]),
        score=int(value["score"]),
        note=str(value["note"]),
        hard=bool(value["hard"]),
    )
