"""Runs: what a command or a call of a tool is worth: whether it builds, changes something or only looks."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from shared.compaction.ledger.entries import Entries, Entry, Section
from shared.compaction.ledger.files import lines_without_heredocs, parts_of_name
from shared.compaction.ledger.toolwords import (
    CHANGING,
    GLANCES,
    LOOKING,
    LOOKS,
    OPTIONS_WITH_VALUE,
    SHOWS_TEXT,
    TESTS_AND_BUILDS,
)

_FAILED, _BUILT, _CHANGED, _RAN, _TOLD, _ASKED, _LOOKED_UP, _GLANCED = 56, 52, 46, 42, 40, 27, 23, 19
# What is left of a score where the newest of a family already say what it says. No score of a run is among them.
_WORN = {_FAILED: 44, _BUILT: 34, _CHANGED: 33, _RAN: 30, _TOLD: 28, _ASKED: 18, _LOOKED_UP: 13, _GLANCED: 12}
_NEWEST = 4
_LONGEST_PARSED, _MOST_LINES = 4_000, 8
_PREPARING = frozenset({"cd", "export", "source", "set", "sudo", "env", "time", "timeout"})


def score_of_run(tool: str, command: str, *, wrong: bool, told: bool) -> int:
    """Return the score of a call: of its shell command, else by the tool's name.

    `wrong` says that it failed, `told` that an error is among what it showed.
    """
    if wrong:
        return _FAILED
    score = _score_of_command(command) if command else _score_of_tool(tool)
    return max(score, _TOLD) if told else score


def shows_text(command: str) -> bool:
    """Return whether the command only shows files: an error in what it prints is text, not something that happened."""
    runs = _runs(command)
    return bool(runs) and all(_is_among(run, SHOWS_TEXT) for run in runs)


def is_glance(command: str) -> bool:
    """Return whether the command only looks at files and folders."""
    runs = _runs(command)
    return bool(runs) and all(program in GLANCES for program, _ in runs)


def worn_by_family(entries: Entries) -> Entries:
    """Return the entries, of each family of commands only the newest with their score; what is worn stays as it is.

    A family has the program and what is asked of it in common, or the tool.
    """
    seen: Counter[str] = Counter()
    kept: list[Entry] = []
    for entry in reversed(entries):
        family = _family(entry.text) if entry.section is Section.COMMAND else ""
        seen[family] += 1
        is_worn = bool(family) and seen[family] > _NEWEST
        kept.append(replace(entry, score=_WORN.get(entry.score, entry.score)) if is_worn else entry)
    return tuple(reversed(kept))


def _score_of_command(command: str) -> int:
    runs = _runs(command)
    if all(_is_among(run, LOOKS) for run in runs):
        return _GLANCED
    return _BUILT if any(run[0] in TESTS_AND_BUILDS for run in runs) else _RAN


def _score_of_tool(name: str) -> int:
    for word in parts_of_name(name):
        if word in CHANGING:
            return _CHANGED
        if word in LOOKING:
            return _LOOKED_UP
    return _ASKED


def _family(text: str) -> str:
    name, opened, _ = text.partition("(")
    if opened and " " not in name:
        return name
    program, asked = next(_iter_runs(text), (text, ""))
    for mark in "-:./=":
        asked = asked.partition(mark)[0] or asked
    return f"{program} {asked.rstrip('0123456789')}"


def _is_among(run: tuple[str, str], table: dict[str, frozenset[str]]) -> bool:
    program, asked = run
    return program in GLANCES or asked in table.get(program, ())


def _runs(command: str) -> list[tuple[str, str]]:
    return list(_iter_runs(command))


def _iter_runs(command: str) -> Iterator[tuple[str, str]]:
    """Yield (program, what is asked of it) for each part of a command line."""
    line = "\n".join(list(lines_without_heredocs(command.strip()[:_LONGEST_PARSED]))[:_MOST_LINES])
    for mark in ("&&", "||", "|", ";"):
        line = line.replace(mark, "\n")
    for part in line.splitlines():
        words = [word for word in part.split() if "=" not in word]
        if words and words[0] not in _PREPARING:
            yield words[0].rpartition("/")[2], _asked(words)


def _asked(words: list[str]) -> str:
    """Return the first word behind the program that is no option nor the value of one."""
    for before, word in pairwise(words):
        if not word.startswith("-") and before not in OPTIONS_WITH_VALUE:
            return word
    return ""
