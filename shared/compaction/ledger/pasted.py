"""Pasted: which lines of a message its writer wrote, and which came from elsewhere: a document, a table, a log."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias

from shared.compaction.ledger.cues import (
    FULL_STOPS_WITHOUT_SPACE,
    QUESTION_MARKS,
    SENTENCE_ENDS,
    STOPWORDS,
    WORDS,
    Cue,
    word_set,
)
from shared.compaction.ledger.sentences import paragraphs_of
from shared.compaction.ledger.tokens import low_of

# A message with so many sentences of running text holds an excerpt or a whole text that somebody wrote before. Its
# short first and last paragraphs say what is to be done with it; at the end, many a text has a short one, too.
_EXCERPT, _TEXT = 6, 13
_FIRST_SENTENCES, _LAST_SENTENCES, _LAST_CHARACTERS = 4, 2, 200
# A line with so many sentences is running text, and so is one of so many characters that breaks off.
_RUNNING_SENTENCES, _RUNNING_CHARACTERS = 3, 60
# So many rows below each other are a table, with so many marks between their cells.
_TABLE_ROWS, _CELL_MARKS = 3, 3
_TIME = re.compile(r"\[?(?:\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d)|\[\d{1,2}:\d\d")

# Where one sentence in so many asks, or speaks of who says it, people talk.
_PERSONAL = 4
# Of a language that we know, one word in so many is a common one.
_COMMON = 6
_IN_PERSON = WORDS[Cue.OURS] | word_set("we me us please pls bitte mir uns je j'ai nous yo eu io por favor")

_Lines: TypeAlias = list[tuple[str, bool]]


class Origin(StrEnum):
    """Where a line of a message comes from."""

    OWN = "own"
    EXCERPT = "excerpt"  # a few sentences that were pasted
    TEXT = "text"  # of a longer text that was pasted
    DATA = "data"  # a row of a table, a line of a log
    FENCED = "fenced"  # inside a fenced block


TEXTS = frozenset({Origin.EXCERPT, Origin.TEXT})


def lines_by_origin(text: str) -> Iterator[tuple[str, Origin]]:
    """Yield each line that says something, and where it comes from. What is doubtful is the writer's own."""
    paragraphs = list(paragraphs_of(text))
    held = _text_in([line for lines in paragraphs for line, fenced in lines if not fenced])
    for number, lines in enumerate(paragraphs):
        has_rows = sum(_is_row(line) for line, _ in lines) >= _TABLE_ROWS
        said = [each for each in lines if not (has_rows and _is_row(each[0]))]
        is_edge = _opens(said) if number == 0 else number == len(paragraphs) - 1 and _closes(said)
        for line, fenced in lines:
            if fenced:
                yield line, Origin.FENCED
            elif has_rows and _is_row(line):
                yield line, Origin.DATA
            else:
                yield line, Origin.OWN if is_edge else held


def _text_in(lines: list[str]) -> Origin:
    """Return what running text the lines hold in which hardly anybody asks or speaks of himself; else they are own."""
    size = sum(_running_sentences(line) for line in lines)
    if size < _EXCERPT:
        return Origin.OWN
    words = [[low_of(word) for word in line.split()] for line in lines]
    every = [word for line in words for word in line]
    if sum(word in STOPWORDS for word in every) * _COMMON < len(every):
        return Origin.OWN  # in a language of which we know too little to tell
    sentences = [_sentences_in(line) for line in lines]
    asked = [sum(line.count(mark) for mark in QUESTION_MARKS) for line in lines]
    personal = [sum(word in _IN_PERSON for word in line) for line in words]
    told = zip(asked, personal, sentences, strict=True)
    if sum(min(sum(marks), most) for *marks, most in told) * _PERSONAL >= sum(sentences):
        return Origin.OWN
    return Origin.TEXT if size >= _TEXT else Origin.EXCERPT


def _opens(lines: _Lines) -> bool:
    return _sentences(lines) <= _FIRST_SENTENCES


def _closes(lines: _Lines) -> bool:
    return _sentences(lines) <= _LAST_SENTENCES and sum(len(line) for line, _ in lines) <= _LAST_CHARACTERS


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
