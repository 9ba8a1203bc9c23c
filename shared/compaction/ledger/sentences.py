"""Sentences: parting what people write into statements, without regular expressions that look back."""

from collections.abc import Iterator
from itertools import groupby

from shared.compaction.ledger.cues import (
    AROUND_WORDS,
    BULLETS,
    CLOSING,
    FULL_STOPS_WITHOUT_SPACE,
    SENTENCE_ENDS,
)
from shared.compaction.ledger.wordlists import ABBREVIATIONS, MONTHS

# A full stop behind a word of so many letters ends a sentence, also where people go on in small letters.
_SHORTEST_WORD, _LONGEST_ORDINAL = 5, 3
_OPENING_QUESTIONS = frozenset(
    ("What", "Why", "How", "Where", "When", "Could", "Can", "Would", "Should", "Do", "Does", "Did", "Is", "Are", "And", "Wie", "Warum", "Kannst")
)  # fmt: skip
# What opens a sentence for those who write in small letters, and stands behind no abbreviation.
_OPENING_SMALL = frozenset(
    ("ok", "okay", "what", "how", "why", "can", "could", "would", "do", "does", "please", "pls", "thanks", "thx", "hm", "btw", "i", "i'm")
)  # fmt: skip
# Behind these a capital opens a name.
_OF_TITLES = frozenset(
    ("the", "a", "an", "of", "and", "or", "called", "titled", "named", "read", "saw", "der", "die", "das")
)
_FENCES = "`~"
_SOFT_LIMIT_WORDS, _HARD_LIMIT_WORDS, _HARD_LIMIT_CHARACTERS = 45, 70, 600


def lines_of(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line that says something, and whether it stands inside a fenced block.

    A block is closed by its own mark, at least as long as the one that opened it. One that nothing closes ends
    with its paragraph: people forget to close what they paste, and what they say behind it counts.
    """
    return ((line, fenced) for line, fenced in _all_lines(text) if line)


def paragraphs_of(text: str) -> Iterator[list[tuple[str, bool]]]:
    """Yield the same lines by paragraph."""
    for has_lines, lines in groupby(_all_lines(text), key=lambda each: bool(each[0])):
        if has_lines:
            yield list(lines)


def _all_lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield also the empty lines between paragraphs, those inside of blocks left out."""
    lines = [line.strip() for line in text.splitlines()]
    fence = ""
    for line, longest_to_come in zip(lines, _closing_marks(lines), strict=True):
        if fence:
            is_never_closed = len(fence) > longest_to_come[fence[0]]
            if (_is_mark(line) and line.startswith(fence)) or (is_never_closed and not line):
                fence = ""
            elif line:
                yield line, True
        elif opened := _opened(line):
            fence = opened
        else:
            yield line, False


def _opened(line: str) -> str:
    """Return the mark with which the line opens a block; one that closes on its own line opens none."""
    for mark in _FENCES:
        if line.startswith(3 * mark):
            rest = line.lstrip(mark)
            return "" if (mark if mark == "`" else 3 * mark) in rest else line[: len(line) - len(rest)]
    return ""


def _closing_marks(lines: list[str]) -> list[dict[str, int]]:
    """Return for each line how long the longest closing mark of each kind is that comes behind it."""
    longest, found = dict.fromkeys(_FENCES, 0), []
    for line in reversed(lines):
        found.append(longest)
        if _is_mark(line):
            longest = longest | {line[0]: max(len(line), longest[line[0]])}
    return found[::-1]


def _is_mark(line: str) -> bool:
    return len(line) >= 3 and line[0] in _FENCES and not line.strip(line[0])


def sentences_of(line: str) -> list[str]:
    """Return the sentences of one line, list marks removed and whitespace made single."""
    found: list[str] = []
    for part in _at_full_stops(line):
        words = (cut for word in part.split() for cut in _cut(word))
        found.extend(_sentences(_without_bullet(list(words))))
    return found


def _cut(word: str) -> list[str]:
    """Return a word without an end in parts: no sentence is longer than its limit by more than a word."""
    if len(word) <= _HARD_LIMIT_CHARACTERS:
        return [word]
    return [word[i : i + _HARD_LIMIT_CHARACTERS] for i in range(0, len(word), _HARD_LIMIT_CHARACTERS)]


def _at_full_stops(line: str) -> list[str]:
    if line.isascii():
        return [line]
    for stop in FULL_STOPS_WITHOUT_SPACE:
        line = line.replace(stop, stop + "\n")
    return line.splitlines()


def _without_bullet(words: list[str]) -> list[str]:
    start = 0
    while start < len(words) and _is_bullet(words[start]):
        start += 1
    return words[start:]


def _is_bullet(word: str) -> bool:
    if not word.strip(BULLETS):
        return True
    return (
        len(word) <= 4
        and word[:-1].isalnum()
        and word[-1] in ".)"
        and (word[:-1].isdigit() or len(word) == 2)
    )


def _sentences(words: list[str]) -> Iterator[str]:
    start = size = 0
    for index, word in enumerate(words):
        size += len(word) + 1
        following = words[index + 1] if index + 1 < len(words) else ""
        if not following or _ends(word, following) or _is_long(word, index - start, size):
            yield " ".join(words[start : index + 1])
            start, size = index + 1, 0


def _ends(word: str, following: str) -> bool:
    core = word.rstrip(CLOSING)
    if not core.endswith(SENTENCE_ENDS):
        return _asks_anew(word, following)
    if not core.endswith("."):
        return True
    if core.casefold() in ABBREVIATIONS or (len(core) == 2 and core[0].isupper()):
        return False
    if core[:-1].isdigit() and len(core) <= _LONGEST_ORDINAL:
        # "am 14. März"
        return following.strip(AROUND_WORDS).casefold() not in MONTHS and not following[0].islower()
    if following[0].islower():
        is_whole = len(core) >= _SHORTEST_WORD and core[-2].isalnum()
        return is_whole or following.strip(AROUND_WORDS) in _OPENING_SMALL
    return True


def _asks_anew(word: str, following: str) -> bool:
    """Whether a question begins although nothing ended what was said before it: "no stairs please What about …"."""
    return (
        following in _OPENING_QUESTIONS and word.islower() and word[-1].isalnum() and word not in _OF_TITLES
    )


def _is_long(word: str, words: int, characters: int) -> bool:
    pause = words >= _SOFT_LIMIT_WORDS and word.endswith((",", ";", ":"))
    return pause or words >= _HARD_LIMIT_WORDS or characters >= _HARD_LIMIT_CHARACTERS
