"""Entries: what a ledger is a list of; each says what it holds, who said it and where."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Section(StrEnum):
    """What an entry is; also the part of the rendered ledger that it appears in, in this order."""

    RULE = "rule"  # must, never, always, only: what a user or the system laid down
    PREFERENCE = "preference"
    DECISION = "decision"
    STATE = "state"  # the goal, open tasks, what was asked and said last
    FACT = "fact"  # an informative sentence
    FILE = "file"
    COMMAND = "command"
    ERROR = "error"
    IDENTIFIER = "identifier"


class Trust(StrEnum):
    """Who an entry comes from. Only SYSTEM and USER may lay down rules."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


QUOTE = "state:"  # how the keys of quoted requests, answers and plans begin
AUTHORITIES = frozenset({Trust.SYSTEM, Trust.USER})
SENTENCES = frozenset({Section.RULE, Section.PREFERENCE, Section.DECISION, Section.STATE, Section.FACT})


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact. `text` is a single line without surrounding whitespace.

    `key` names what the entry is about: of two entries with one key the later replaces the earlier.
    `note` is what became of it: what was done to a file, how a command ended.
    `score` (0 to 100) says how long it stays when room is short; `hard` ones go last of all.
    `source` is the item's id, or `#n` for the n-th item that the ledger ever saw.
    """

    section: Section
    text: str
    trust: Trust
    source: str
    key: str
    score: int
    note: str = ""
    hard: bool = False

    @property
    def line(self) -> str:
        """The entry as text: what it says, then what became of it."""
        return f"{self.text} → {self.note}" if self.note else self.text


Entries: TypeAlias = tuple[Entry, ...]


def is_sentence(entry: Entry) -> bool:
    """Return whether the entry is a sentence that was said, not a quoted message, nor a name or a call."""
    return entry.section in SENTENCES and not entry.key.startswith(QUOTE)


def one_line(text: str, limit: int) -> str:
    """Return `text` on one line, at most `limit` characters, cut in the middle where it is longer.

    Text from tools must not be able to open a section or a list item of its own.
    """
    if len(text) > 20 * limit:
        text = f"{text[: 10 * limit]} {text[-10 * limit :]}"
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    tail = limit // 3
    return f"{line[: limit - tail - 3]} … {line[-tail:]}"
