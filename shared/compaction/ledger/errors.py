"""Errors: the lines of what a tool printed that tell what went wrong."""

import re
from collections.abc import Iterator

from shared.compaction.ledger.entries import one_line
from shared.compaction.ledger.toolwords import (
    ADDRESSES_MODEL,
    ADDRESSES_READER,
    CODE,
    FAILURES,
    FRAMES,
    LABELS,
    NOISE,
)

_WORDS = "|".join(re.escape(word) for word in FAILURES)
_FAILURE = re.compile(_WORDS)
_IN_NAME = re.compile(f"-(?:{_WORDS})")  # "gateway-expired-7"
_NO_FAILURE = re.compile(
    r"\b(?:0|no|without) (?:errors?|failures?|failed|exceptions?)|errors?[:=] ?0\b|fail(?:ed|ures?)?[:=] ?0\b"
)
_STRONG = re.compile(
    r"^e  |^(?:\w+ ){0,2}error\b|errors?\"|[a-z]error\b|error [a-z]{1,4}-?\d|exception\b|error[:\[]|fatal:|panic|failed[: ]|failure:|traceback|ошибка|fehler:|erreur ?:|erro:|错误|エラー|오류|خطأ|त्रुटि|не удалось|err!|denied|no such|not found|does not exist|^\S+:\d+: "
    r"|overflow|sanitizer: |segmentation fault|core dumped|oomkilled|out of memory|no space left|refused\b|timed out|unable to"
    r"|could not|cannot|violates|undefined reference|unresolved|rejected|deadlock|backoff\b|\bkilled\b|mismatch"
    r"|did not|\binvalid |exceeded|^\d+:\d+ +error\b|^warning messages?:|is not recognized|data race"
    r"|^not ok \d|^[✗✕✘] |\bexpected .{1,200} (?:to be|to equal|but|got|received) "
    r"|(?:\b(?:has|have|is|was|are)|token|certificate|credentials?|session|licen[cs]e|password) expired\b|\bexpired (?:at|on|token|certificate|credentials?)\b"
)
# What compilers and linters report: a place in a file, then what is wrong with it.
_REPORT = re.compile(
    r"^(?:[a-z]:)?(?=[^\s:]{0,200}[./])[^\s:]{1,200}:\d+(?::\d+)?:? (?! *(?:note|info|in)\b)"
)
# Counts what went wrong, without saying what.
_TOTAL = re.compile(
    r"^\W*(?:found |generated |total:? )?\d+ (?:error|problem|issue|fail|warning|passed)|^\W*fail(?:ed|ures?)?\W*$"
    r"|^fail\s+\S+\s+[\d.]+s$|^test result:|^tests?:? +\d+ |^make(?:\[\d+\])?: \*\*\*|due to (?:\d+ )?previous errors?"
    r"|^\S{1,200}:\d+: \w{1,60}(?:error|exception)$|(?:^\W*|\bwith )exit(?:ed)? (?:with )?(?:code|status)|^done\b|^http/[\d.]+ [45]"
)
# When a line of a log was written says nothing of what it tells, nor does the exit code before it.
_AROUND = re.compile(
    r"^\[exit:? \d{1,5}\] ?|^\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:?\d{0,2}(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?[ |:-]+"
)
_LEVEL = re.compile(r"^[\[(]?(?:debug|info|trace|notice)\b")
# What says that something went wrong, but what only in the next line.
_HEADING = re.compile(r"(?:error|exception|fail|failed|failure|panicked|warning messages?|caused by)\b")
_HEADING_OF = re.compile(r"\berror in [^:]{1,200}$|^reason: +\w{1,40}$")
LONGEST_ERROR, _MOST, _LONGEST_LINE, _FEW_SPACES = 200, 4, 2_000, 2
# A longer line of several sentences is the message of an error only if it begins as one.
_LONGEST_MESSAGE = 160
_OPENING = re.compile(
    r"\W*(?:\S{1,80} ){0,3}\S{0,80}(?:error|exception|fatal|fail|denied|panic|warning|violat|refused)"
)
# Of compilers, not of people.
_NEVER_USED = re.compile(r"\bnever (?:used|read|called|assigned|awaited|constructed|reached|closed)\b")


def errors_of(text: str, *, wrong: bool = False) -> Iterator[str]:
    """Yield the distinct errors in what a tool printed, the most telling ones, in order.

    Where the call is known to be `wrong`, what a compiler or a linter reports is one too. What speaks to its reader is
    left out: it is an instruction, and a tool may not give one.
    """
    if not wrong and _FAILURE.search(text.casefold()) is None:
        return
    lines = _error_lines(text, wrong=wrong)
    found = list(dict.fromkeys(line for line in lines if is_strong(line) or (wrong and _is_report(line))))
    told = [line for line in found if not is_total(line)] or found
    if len(told) > _MOST:
        told = told[: _MOST - 1] + told[-1:]
    yield from (one_line(line, LONGEST_ERROR) for line in told)


def last_words(text: str) -> tuple[str, str]:
    """Return the last line that a tool printed, and the last that says more than how many things went wrong."""
    lines = [line for line in printed_lines(text[-_LONGEST_LINE:]) if not line.casefold().startswith(NOISE)]
    lines = lines or [""]
    last = lines[-1]
    telling = (line for line in reversed(lines) if not is_total(line) and line.count(" ") >= _FEW_SPACES)
    return last, next(telling, last)


def mentions_failure(line: str) -> bool:
    """Return whether the line has a word of failure, and neither denies it nor is a log's mere information."""
    low = line.casefold()
    if _FAILURE.search(low) is None or _FAILURE.search(_IN_NAME.sub("-", low)) is None:
        return False
    return not (_NO_FAILURE.search(low) or _LEVEL.match(low) or _is_code(line) or _is_prose(line))


def is_strong(line: str) -> bool:
    """Return whether the line looks like the message of an error."""
    return _STRONG.search(line.casefold()) is not None


def is_total(line: str) -> bool:
    """Return whether the line counts what went wrong, or says only that something did."""
    return _TOTAL.search(line.casefold()) is not None


def speaks_to_reader(line: str) -> bool:
    """Return whether the line looks like an instruction to whoever reads it."""
    low = _NEVER_USED.sub("", line.casefold())
    return any(word in low for word in ADDRESSES_READER)


def says_nothing(line: str) -> bool:
    """Return whether the line is to be left out: it only leads to others, or it speaks to its reader."""
    return line.casefold().startswith(NOISE) or speaks_to_reader(line)


def speaks_to_model(line: str) -> bool:
    """Return whether the line speaks of a model's instructions, as only text that is to work on one does."""
    low = line.casefold()
    return any(word in low for word in ADDRESSES_MODEL)


def printed_lines(text: str) -> Iterator[str]:
    """Yield what the program printed, line by line, without the frame that the agent's tool puts around it.

    What says only that something went wrong is one line with what says what.
    """
    yield from _joined(_unframed(text))


def _unframed(text: str) -> Iterator[str]:
    for line in text.splitlines():
        bare = _AROUND.sub("", line[:_LONGEST_LINE].strip())
        low = bare.casefold().lstrip("[<(")
        if bare and low not in LABELS and not low.startswith(FRAMES):
            yield bare


def _error_lines(text: str, *, wrong: bool) -> Iterator[str]:
    for line in printed_lines(text):
        if not says_nothing(line) and (mentions_failure(line) or (wrong and _is_report(line))):
            yield line.removeprefix("E ").strip()


def _is_report(line: str) -> bool:
    return _REPORT.match(line.casefold()) is not None


def _is_prose(line: str) -> bool:
    """Whether the line is a paragraph of a text that speaks of errors, as manuals do."""
    return (
        len(line) > _LONGEST_MESSAGE
        and ". " in line
        and not line.startswith(("{", "["))
        and not _OPENING.match(line.casefold())
    )


def _joined(lines: Iterator[str]) -> Iterator[str]:
    heading = ""
    for line in lines:
        whole = f"{heading} {line}" if heading else line
        low = whole[-LONGEST_ERROR:].casefold()
        opens = low.endswith(":") and _HEADING.search(low)
        opens = opens or (not heading and _HEADING_OF.search(low))
        heading = whole if opens and len(heading) < LONGEST_ERROR else ""
        if not heading:
            yield whole
    if heading:
        yield heading


def _is_code(line: str) -> bool:
    """Whether the line is source that mentions an error, as a file that is read or searched does."""
    return line.startswith(CODE) or line.endswith(("{", "(", ";", "):", ","))
