"""Sentences: parting what people write into statements, without regular expressions that look back."""

from collections.abc import Iterator

from shared.compaction.ledger.cues import (
    ABBREVIATIONS,
    BULLETS,
    CLOSING,
    FULL_STOPS_WITHOUT_SPACE,
    SENTENCE_ENDS,
)

_SOFT_LIMIT_WORDS, _HARD_LIMIT_WORDS, _HARD_LIMIT_CHARACTERS = 45, 70, 600


def lines_of(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line that says something, and whether it stands inside a fenced block."""
    fenced = False
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(("```", "~~~")):
            fenced = not fenced
        elif stripped:
            yield stripped, fenced


def sentences_of(line: str) -> list[str]:
    """Return the sentences of one line, list marks removed and whitespace made single."""
    found: list[str] = []
    for part in _at_full_stops(line):
        found.extend(_sentences(_without_bullet(part.split())))
    return found


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
        return False
    if not core.endswith("."):
        return True
    return not (
        core.casefold() in ABBREVIATIONS or following[0].islower() or (len(core) == 2 and core[0].isupper())
    )


def _is_long(word: str, words: int, characters: int) -> bool:
    pause = words >= _SOFT_LIMIT_WORDS and word.endswith((",", ";", ":"))
    return pause or words >= _HARD_LIMIT_WORDS or characters >= _HARD_LIMIT_CHARACTERS
