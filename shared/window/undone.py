"""What an undone compaction means for a window: its item stands for nothing, and what it replaced counts again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from shared.window.entry import Entry, effective
from shared.window.hashing import prefix_hashes


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a compaction stands for: the first `length` items of a window, by the hash of that prefix."""

    digest: str
    length: int


def newest_compaction(entries: Sequence[Entry], undone: Collection[str]) -> str | None:
    """Return the id of the compaction that the window begins with, if it begins with one; `undone` ones do not count."""
    for entry in reversed(entries):
        if entry.payload is not None and entry.payload.supersedes and entry.payload.id not in undone:
            return entry.payload.id
    return None


def standing(entries: Sequence[Entry], undone: Collection[str]) -> list[Entry]:
    """Return the entries without the items of undone compactions."""
    return [entry for entry in entries if entry.payload is None or entry.payload.id not in undone]


def find_gap(entries: Sequence[Entry], undone: Mapping[str, Replaced | None], *, start: int) -> str | None:
    """Return an undone compaction whose item stands at `start` or later without what it replaced before it."""
    for index in range(start, len(entries)):
        payload = entries[index].payload
        replaced = undone.get(payload.id) if payload is not None else None
        if payload is not None and replaced is not None and not _holds(entries[:index], undone, replaced):
            return payload.id
    return None


def _holds(before: Sequence[Entry], undone: Collection[str], replaced: Replaced) -> bool:
    # It was made before an earlier one was undone, or after.
    return _begins_with(effective(before), replaced) or _begins_with(
        effective(standing(before, undone)), replaced
    )


def _begins_with(window: Sequence[Entry], replaced: Replaced) -> bool:
    items = [entry.item for entry in window[: replaced.length]]
    return len(items) == replaced.length and prefix_hashes(items)[-1:] == [replaced.digest]
