"""Outcomes: how a tool call ended, and the errors in what it printed."""

import re
from collections.abc import Iterator

from shared.compaction.ledger.entries import one_line
from shared.compaction.ledger.reading import Returned
from shared.compaction.ledger.toolwords import ADDRESSES_MODEL, ADDRESSES_READER, FAILURES

_EXIT = re.compile(
    r"(?:exit(?:ed)?[ _](?:with )?(?:code|status)|exitcode|returncode)[^0-9\n-]{0,4}(-?\d{1,5})"
)
_RESULT = re.compile(
    r"\d+ (?:passed|failed|error|warning|tests?\b|ok\b|skipped|files? changed)|success|complete|built|done\b"
)
_FAILURE = re.compile("|".join(re.escape(word) for word in FAILURES))
_NO_FAILURE = re.compile(
    r"\b(?:0|no|without) (?:errors?|failures?|failed|exceptions?)|errors?[:=] ?0\b|fail(?:ed|ures?)?[:=] ?0\b"
)
_STRONG = re.compile(
    r"^e  |^(?:\w+ ){0,2}error\b|error\"|[a-z]error\b|error [a-z]{1,4}-?\d|exception\b|error[:\[]|fatal:|panic|failed[: ]|traceback|ошибка|fehler:|erreur ?:|erro:|错误|エラー|오류|خطأ|त्रुटि|не удалось|err!|denied|no such|not found|does not exist|^\S+:\d+: "
    r"|overflow|sanitizer: |segmentation fault|core dumped|oomkilled|out of memory|no space left|refused\b|timed out|unable to"
    r"|could not|cannot|violates|undefined reference|unresolved|rejected|expired\b|deadlock|backoff\b|\bkilled\b|mismatch"
)
# When a line of a log was written says nothing of what it tells.
_WHEN = re.compile(
    r"^\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:?\d{0,2}(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?[ |:-]+"
)
_NOISE = ("traceback (most recent", "exit code", "exited with code", "npm err! a complete log")
_EDGE = 400
_LONGEST_OUTCOME, _LONGEST_ERROR, _ERRORS_OF_ONE_OUTPUT = 90, 200, 4
_LONGEST_LINE = 2_000


def exit_code_of(returned: Returned) -> int | None:
    """Return the exit code that the output carries or mentions at its edges."""
    if returned.exit_code is not None:
        return returned.exit_code
    text = returned.text
    edges = text if len(text) < 2 * _EDGE else f"{text[:_EDGE]}\n{text[-_EDGE:]}"
    found = _EXIT.search(edges.casefold())
    return int(found[1]) if found else None


def outcome_of(returned: Returned) -> str:
    """Return in a few words how the call ended: its exit code and the line that tells the result."""
    code, line = exit_code_of(returned), _telling_line(returned.text)
    if code is None:
        return line or "no output"
    return f"exit {code}: {line}" if line else f"exit {code}"


def failed(returned: Returned) -> bool:
    """Return whether the call went wrong, by its exit code, else by the errors that it printed."""
    code = exit_code_of(returned)
    return code != 0 if code is not None else any(True for _ in errors_of(returned.text))


def errors_of(text: str) -> Iterator[str]:
    """Yield the distinct errors in what a tool printed, the most telling ones, in order.

    What speaks to its reader is left out: it is an instruction, and a tool may not give one.
    """
    if _FAILURE.search(text.casefold()) is None:
        return
    strong = list(dict.fromkeys(line for line in _error_lines(text) if _STRONG.search(line.casefold())))
    if len(strong) > _ERRORS_OF_ONE_OUTPUT:
        strong = strong[: _ERRORS_OF_ONE_OUTPUT - 1] + strong[-1:]
    yield from (one_line(line, _LONGEST_ERROR) for line in strong)


def errors_of_result(returned: Returned) -> Iterator[str]:
    """Yield the errors in an output; where nothing in it looks like one, its last line if that tells a failure.

    After an exit code other than 0 the last line does, whatever its words.
    """
    found = list(errors_of(returned.text))
    last = "" if found else _last_line(returned.text)
    wrong = exit_code_of(returned) not in {None, 0}
    if last and not speaks_to_reader(last) and (wrong or any(True for _ in _error_lines(last))):
        found = [one_line(last, _LONGEST_ERROR)]
    yield from found


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text[-_LONGEST_LINE:].splitlines() if line.strip()]
    return next((line for line in reversed(lines) if _EXIT.search(line.casefold()) is None), "")


def speaks_to_reader(line: str) -> bool:
    """Return whether the line looks like an instruction to whoever reads it."""
    low = line.casefold()
    return any(word in low for word in ADDRESSES_READER)


def speaks_to_model(line: str) -> bool:
    """Return whether the line speaks of a model's instructions, as only text that is to work on one does."""
    low = line.casefold()
    return any(word in low for word in ADDRESSES_MODEL)


def _error_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        stripped = _WHEN.sub("", line[:_LONGEST_LINE].strip())
        low = stripped.casefold()
        if _FAILURE.search(low) is None or low.startswith(_NOISE) or speaks_to_reader(low):
            continue
        if _NO_FAILURE.search(low) is None and not _is_code(stripped):
            yield stripped.removeprefix("E ").strip()


def _is_code(line: str) -> bool:
    """Whether the line is source that mentions an error, as a file that is read or searched does."""
    return line.startswith(
        (
            "raise ",
            "except ",
            "catch",
            "throw ",
            "#",
            "//",
            "*",
            "def ",
            "class ",
            "import ",
            "from ",
            "return ",
            "+",
            "-",
            '"""',
        )
    ) or line.endswith(("{", "(", ";", "):", ","))


def _telling_line(text: str) -> str:
    lines = [line.strip() for line in text[-4_000:].splitlines() if line.strip()][-25:]
    lines = [line for line in lines if not speaks_to_reader(line) and _EXIT.search(line.casefold()) is None]
    telling = [line for line in lines if _RESULT.search(line.casefold()) or _STRONG.search(line.casefold())]
    shown = [_WHEN.sub("", line) for line in (telling or lines)[-1:]]
    if not telling and sum(map(len, lines[-2:])) < _LONGEST_OUTCOME:
        shown = lines[-2:]  # nothing tells which one says how it ended
    return one_line(" / ".join(line.strip("= #>-*") for line in shown), _LONGEST_OUTCOME)
