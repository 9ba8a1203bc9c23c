"""Files: which ones a tool call touches, and what it does to them."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

from shared.compaction.ledger.reading import Called
from shared.compaction.ledger.tokens import Kind, bare, kind_of
from shared.compaction.ledger.toolwords import EDITING, PATH_FIELDS, READING

_PATCH_MARKS = {
    "*** Add File: ": "created",
    "*** Update File: ": "edited",
    "*** Delete File: ": "deleted",
    "*** Move to: ": "created",
    "+++ b/": "edited",
}
_DONE = {
    "create": "created",
    "create_file": "created",
    "delete": "deleted",
    "delete_file": "deleted",
    "remove": "deleted",
    "rename": "moved",
    "move": "moved",
}
_SHELL = {
    "touch": "created",
    "tee": "edited",
    "rm": "deleted",
    "mv": "moved",
    "cp": "created",
    "truncate": "edited",
}
_LONGEST_COMMAND, _DEEPEST = 20_000, 4
# A comment, what is quoted, a here-document's mark, or the end of a line. Not "<<<", which is followed by its text, nor a
# shift, which is followed by a number. Nothing in it can be read in two ways: linear.
_SHELL_TOKEN = re.compile(
    r"""(?<!\S)#[^\n]*|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|<<<|<<-?[ \t]{0,8}['"\\]?([A-Za-z_][\w.-]{0,80})['"]?|\n""",
    re.DOTALL,
)


def files_of_call(call: Called, command: str) -> Iterator[tuple[str, str]]:
    """Yield (path, what was done to it) for each file that the call's arguments name.

    `command` is the shell command that the call runs, if it runs one.
    """
    for text in _texts(call, command):
        yield from files_of_patch(text)
    yield from _files_of_shell(command)
    done = _done_by(call)
    if done and not command:
        yield from ((path, done) for path in dict.fromkeys(_paths(call.arguments)))


def files_of_patch(text: str) -> Iterator[tuple[str, str]]:
    """Yield (path, what is done to it) for each file of a patch, in the forms that agents and git write."""
    if "*** " not in text and "+++ b/" not in text:
        return
    for line in text.splitlines():
        for mark, done in _PATCH_MARKS.items():
            if line.startswith(mark):
                yield line.removeprefix(mark).strip(), done


def parts_of_name(name: str) -> list[str]:
    """Return the words that the name of a tool is made of."""
    spaced = "".join(f" {char}" if char.isupper() else char for char in name)
    return spaced.casefold().replace("_", " ").replace("-", " ").replace(".", " ").split()


def _texts(call: Called, command: str) -> Iterator[str]:
    yield from (call.text, command)
    for name in ("input", "patch", "diff", "patch_text", "patchText"):
        value = call.arguments.get(name)
        if isinstance(value, str):
            yield value


def _done_by(call: Called) -> str:
    """Return the past tense of what the tool does, by its name and by the verb that it is given."""
    given = [str(call.arguments.get(name, "")) for name in ("command", "type", "action", "operation", "mode")]
    verbs = [given_verb for given_verb in given if given_verb in _DONE or _is_edit(given_verb)]
    words = [*verbs, *parts_of_name(call.name)]
    for word in words:
        if word in _DONE:
            return _DONE[word]
    if any(_is_edit(word) for word in words):
        return "edited"
    return "read" if not READING.isdisjoint([*words, *given]) else ""


def _is_edit(word: str) -> bool:
    return word in EDITING or word in {"update_file", "str_replace"}


def _paths(arguments: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """Yield what stands in the fields for paths, also of several edits in one call, each with its own file."""
    for name, value in arguments.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and depth < _DEEPEST:
                yield from _paths(each, depth + 1)
            elif name in PATH_FIELDS and isinstance(each, str) and 0 < len(each) <= 300 and "\n" not in each:
                yield each


def _files_of_shell(command: str) -> Iterator[tuple[str, str]]:
    words = _shell_words(command)
    program, in_place = "", False
    for index, word in enumerate(words):
        if index == 0 or words[index - 1] in {"&&", "||", ";", "|"}:
            program, in_place = word, word == "sed" and "-i" in words[index : index + 3]
        elif words[index - 1] in {">", ">>"} and not word.startswith(("/dev/", "&")):
            yield word, "created" if words[index - 1] == ">" else "edited"
        elif (program in _SHELL or in_place) and _names_a_file(word):
            yield word, _SHELL.get(program, "edited")


def _names_a_file(word: str) -> bool:
    return (
        not word.startswith(("-", "s/", "s|", "s#")) and kind_of(bare(word)) is Kind.PATH and "{" not in word
    )


def _shell_words(command: str) -> list[str]:
    """Return the words of the command lines, without the bodies of here-documents."""
    if not command or len(command) > _LONGEST_COMMAND:
        return []
    lines = list(lines_without_heredocs(command))
    try:
        lexer = shlex.shlex(" ; ".join(lines), posix=True, punctuation_chars=True)
        lexer.commenters = ""
        return list(lexer)
    except ValueError:
        return " ; ".join(lines).split()


def lines_without_heredocs(command: str) -> Iterator[str]:
    """Yield the lines of a command that are run, not what stands in its here-documents."""
    run: list[str] = []
    ends: list[str] = []
    begins = position = 0
    while found := _SHELL_TOKEN.search(command, position):
        position = found.end()
        if found[1]:
            ends.append(found[1])
        elif found[0] == "\n" and ends:
            run.append(command[begins:position])
            begins = position = _behind_documents(command, position, ends)
            ends = []
    yield from "".join([*run, command[begins:]]).splitlines()


def _behind_documents(command: str, position: int, ends: list[str]) -> int:
    """Return where the lines of the here-documents with these end marks are over."""
    waiting = ends[::-1]
    while waiting and position < len(command):
        end = command.find("\n", position)
        end = len(command) if end < 0 else end
        if command[position:end].strip() == waiting[-1]:
            waiting.pop()
        position = end + 1
    return position
