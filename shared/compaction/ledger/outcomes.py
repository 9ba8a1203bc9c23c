"""Outcomes: how a tool call ended, in a few words."""

import re
from collections.abc import Iterator

from shared.compaction.ledger.entries import one_line
from shared.compaction.ledger.errors import (
    LONGEST_ERROR,
    errors_of,
    is_strong,
    is_total,
    last_words,
    mentions_failure,
    printed_lines,
    says_nothing,
    speaks_to_reader,
)
from shared.compaction.ledger.reading import Returned

_EXIT = re.compile(
    r"(?:exit(?:ed)?[ _](?:with )?(?:code|status)|exitcode|returncode|^\[exit)[^0-9\n-]{0,4}(-?\d{1,5})",
    re.MULTILINE,
)
_RESULT = re.compile(
    r"\d+ (?:passed|failed|error|warning|tests?\b|ok\b|skipped|files? changed)|success|complete|built|done\b"
)
# The answer of a server that refused, where its head is shown too.
_REFUSED = re.compile(r"^HTTP/[\d.]{1,4} [45]\d\d\b", re.MULTILINE)
_EDGE = 400
_LONGEST_OUTCOME = 90


def exit_code_of(returned: Returned) -> int | None:
    """Return the exit code that the output carries or mentions at its edges."""
    if returned.exit_code is not None:
        return returned.exit_code
    found = _EXIT.search(_edges(returned.text).casefold())
    return int(found[1]) if found else None


def outcome_of(returned: Returned) -> str:
    """Return in a few words how the call ended: its exit code and the line that tells the result."""
    code, line = exit_code_of(returned), _telling_line(returned.text)
    if code is None:
        return line or ("failed" if returned.is_error else "no output")
    return f"exit {code}: {line}" if line else f"exit {code}"


def failed(returned: Returned) -> bool:
    """Return whether the call went wrong, by its exit code and fields, else by the errors that it printed."""
    if went_wrong(returned):
        return True
    return exit_code_of(returned) is None and any(True for _ in errors_of(returned.text))


def went_wrong(returned: Returned) -> bool:
    """Return whether the output says that the call failed, whatever else it says."""
    if exit_code_of(returned) not in {None, 0} or returned.is_error:
        return True
    return _REFUSED.search(_edges(returned.text)) is not None


def errors_of_result(returned: Returned) -> Iterator[str]:
    """Yield the errors in an output; where nothing in it looks like one, its last line if that tells a failure.

    After a call that went wrong the last line does, whatever its words.
    """
    wrong = went_wrong(returned)
    found = list(errors_of(returned.text, wrong=wrong))
    if all(map(is_total, found)):
        last, telling = last_words(returned.text)
        if telling and (wrong or mentions_failure(last)) and not says_nothing(telling):
            found = [one_line(telling, LONGEST_ERROR)]
    yield from found


def _edges(text: str) -> str:
    return text if len(text) < 2 * _EDGE else f"{text[:_EDGE]}\n{text[-_EDGE:]}"


def _telling_line(text: str) -> str:
    lines = list(printed_lines(text[-4_000:]))[-25:]
    lines = [line for line in lines if not speaks_to_reader(line) and _EXIT.search(line.casefold()) is None]
    telling = [line for line in lines if _RESULT.search(line.casefold()) or is_strong(line)]
    shown = (telling or lines)[-1:]
    if not telling and sum(map(len, lines[-2:])) < _LONGEST_OUTCOME:
        shown = lines[-2:]  # nothing tells which one says how it ended
    return one_line(" / ".join(line.strip("= #>-*") for line in shown), _LONGEST_OUTCOME)
