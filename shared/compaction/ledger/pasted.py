"""Pasted: which lines of a message its writer wrote, and which came from elsewhere: a document, a table, a log."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias

from shared.compaction.ledger.cues import (
    APOSTROPHE,
    AROUND_WORDS,
    FULL_STOPS_WITHOUT_SPACE,
    SENTENCE_ENDS,
    WORDS,
    Cue,
    word_set,
)
from shared.compaction.ledger.sentences import paragraphs_of

# A message with more sentences of running text than that holds a text that somebody wrote before. Its short first
# and last paragraphs say what is to be done with it.
_LONG_TEXT, _OWN_PARAGRAPH = 12, 4
# A line with so many sentences is running text, and so is one of so many characters that breaks off.
_RUNNING_SENTENCES, _RUNNING_CHARACTERS = 3, 60
# So many rows below each other are a table, with so many marks between their cells.
_TABLE_ROWS, _CELL_MARKS = 3, 3
_TIME = re.compile(r"\[?(?:\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d)|\[\d{1,2}:\d\d")

# Where one sentence in so many asks, or speaks of or to somebody, people talk.
_PERSONAL = 4
_ASKING = ("?", "？", "؟")  # noqa: RUF001
_IN_PERSON = WORDS[Cue.OURS] | word_set(
    "me us you your please pls du dir dich sie ihr bitte mir uns tú usted por favor vous tu você"
)

_Lines: TypeAlias = list[tuple[str, bool]]


class Origin(StrEnum):
    """Where a line of a message comes from."""

    OWN = "own"
    TEXT = "text"  # of a text that was pasted
    DATA = "data"  # a row of a table, a line of a log
    FENCED = "fenced"  # inside a fenced block


def lines_by_origin(text: str) -> Iterator[tuple[str, Origin]]:
    """Yield each line that says something, and where it comes from. What is doubtful is the writer's own."""
    paragraphs = list(paragraphs_of(text))
    has_text = _holds_a_text([line for lines in paragraphs for line, fenced in lines if not fenced])
    for number, lines in enumerate(paragraphs):
        is_edge = number in {0, len(paragraphs) - 1} and _sentences(lines) <= _OWN_PARAGRAPH
        is_own = is_edge or not has_text
        has_rows = sum(_is_row(line) for line, _ in lines) >= _TABLE_ROWS
        for line, fenced in lines:
            if fenced:
                yield line, Origin.FENCED
            elif has_rows and _is_row(line):
                yield line, Origin.DATA
            else:
                yield line, Origin.OWN if is_own else Origin.TEXT


def _holds_a_text(lines: list[str]) -> bool:
    """Whether the lines hold much running text in which hardly anybody asks or speaks of or to somebody."""
    running = [(line, sentences) for line in lines if (sentences := _running_sentences(line))]
    if sum(sentences for _, sentences in running) <= _LONG_TEXT:
        return False
    personal = sum(min(_personal_marks(line), sentences) for line, sentences in running)
    return personal * _PERSONAL < sum(sentences for _, sentences in running)


def _personal_marks(line: str) -> int:
    words = (word.strip(AROUND_WORDS) for word in line.casefold().replace(APOSTROPHE, "'").split())
    return sum(line.count(mark) for mark in _ASKING) + sum(word in _IN_PERSON for word in words)


def _running_sentences(line: str) -> int:
    sentences = _sentences_in(line)
    if sentences >= _RUNNING_SENTENCES:
        return sentences
    return int(len(line) >= _RUNNING_CHARACTERS and not line.endswith(SENTENCE_ENDS))


def _sentences(lines: _Lines) -> int:
    return sum(_sentences_in(line) for line, _ in lines)


def _sentences_in(line: str) -> int:
    """Return about how many sentences end in the line; the last one needs no mark."""
    stops = sum(line.count(f"{end} ") for end in SENTENCE_ENDS)
    return 1 + stops + sum(line[:-1].count(stop) for stop in FULL_STOPS_WITHOUT_SPACE)


def _is_row(line: str) -> bool:
    if _TIME.match(line):
        return True
    marks = max(line.count(mark) for mark in ",;|\t")
    return marks >= _CELL_MARKS and any(char.isdigit() for char in line) and not line.endswith(SENTENCE_ENDS)
