"""Calls: the files, commands, errors and plans that tool calls and their outputs leave behind."""

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from shared.compaction.ledger.entries import QUOTE, Entry, Section, Trust, one_line
from shared.compaction.ledger.files import files_of_call
from shared.compaction.ledger.outcomes import errors_of_result, exit_code_of, failed, outcome_of
from shared.compaction.ledger.reading import Called, Returned, Trace
from shared.compaction.ledger.runs import score_of_run, shows_text
from shared.compaction.ledger.toolwords import COMMAND_FIELDS

_LONGEST_COMMAND, _LONGEST_PATH = 160, 200
_EDITED, _READ = 70, 22
_ERROR = 50
_PLAN = 80
_SHORT_ANSWER = 300
_DIGITS = re.compile(r"0x[0-9a-fA-F]+|\d+")
_VERBS = frozenset({"create", "view", "str_replace", "insert", "undo_edit"})


def entries_of_calls(traces: Iterable[Trace]) -> Iterator[Entry]:
    """Yield files, commands, errors and the plan, in order; an output is paired with its call by call id."""
    calls: dict[str, Called] = {}
    for trace in traces:
        if isinstance(trace, Called):
            calls[trace.call_id] = trace
            yield from _of_call(trace)
        elif isinstance(trace, Returned):
            yield from _of_output(trace, calls.get(trace.call_id))


def error_entry(line: str, trust: Trust, source: str, score: int = _ERROR) -> Entry:
    """Return an error as an entry; errors that differ only in numbers are one."""
    return Entry(Section.ERROR, line, trust, source, f"e:{_DIGITS.sub('0', line).casefold()[:120]}", score)


def command_of(call: Called) -> str:
    """Return the shell command that a call runs, or nothing."""
    for name, value in call.arguments.items():
        if name in COMMAND_FIELDS and not (isinstance(value, str) and value in _VERBS):
            words = call.arguments.get("args")
            line = [value, *words] if isinstance(value, str) and isinstance(words, list) else value
            return _command_text(line, several=name == "commands")
    if call.text and any(
        word in call.name.casefold() for word in ("shell", "bash", "exec", "terminal", "command")
    ):
        return call.text
    return ""


def _command_text(value: Any, *, several: bool) -> str:
    """Return the lines of what is run: a list holds `several` commands, or the words of one."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        return ""
    if len(value) >= 3 and value[1].startswith("-") and value[1].endswith("c"):
        return str(value[2])
    return "\n".join(value) if several or any(" " in word for word in value[:1]) else shlex.join(value)


def _of_call(call: Called) -> Iterator[Entry]:
    command = command_of(call)
    for path, done in files_of_call(call, command):
        name = one_line(path, _LONGEST_PATH)
        score = _READ if done == "read" else _EDITED
        yield Entry(Section.FILE, name, Trust.ASSISTANT, call.source, f"f:{name}", score, done)
    plan = _plan_of(call)
    if plan:
        yield Entry(Section.STATE, f"Plan: {plan}", Trust.ASSISTANT, call.source, f"{QUOTE}plan", _PLAN)
    elif _is_worth_listing(call, command):
        yield _command_entry(call, command)


def _of_output(returned: Returned, call: Called | None) -> Iterator[Entry]:
    command = command_of(call) if call else ""
    errors = [] if call and _shows_text(call, command, returned) else list(errors_of_result(returned))
    if call and _is_worth_listing(call, command):
        yield _command_entry(call, command, returned, told=bool(errors))
    for error in errors:
        yield error_entry(error, Trust.TOOL, returned.source)


def _command_entry(
    call: Called, command: str, returned: Returned | None = None, *, told: bool = False
) -> Entry:
    text = one_line(command or _as_text(call), _LONGEST_COMMAND)
    note = outcome_of(returned) if returned else ""
    wrong = returned is not None and not shows_text(command) and failed(returned)
    score = score_of_run(call.name, command, wrong=wrong, told=told)
    return Entry(Section.COMMAND, text, Trust.ASSISTANT, call.source, f"c:{text}", score, note)


def _shows_text(call: Called, command: str, returned: Returned) -> bool:
    """Whether the output is the text of files, in which an error is something that somebody wrote."""
    if exit_code_of(returned) not in {None, 0}:
        return False
    if command:
        return shows_text(command)
    is_read = any(done == "read" for _, done in files_of_call(call, command))
    return is_read and len(returned.text) > _SHORT_ANSWER


def _is_worth_listing(call: Called, command: str) -> bool:
    """Whether a call is something that ran: reading and editing files is told by the list of files."""
    if command:
        return "*** Begin Patch" not in command
    return not any(True for _ in files_of_call(call, command))


def _as_text(call: Called) -> str:
    if call.text:
        return f"{call.name}: {call.text}"
    shown = (f"{name}={_shown(value)}" for name, value in call.arguments.items())
    return f"{call.name}({', '.join(shown)})"


def _shown(value: Any) -> str:
    return one_line(str(value), 60)


def _plan_of(call: Called) -> str:
    """Return the steps of a plan or a to-do list with their states, for the tools that agents keep them with."""
    for name in ("plan", "todos", "tasks", "steps"):
        steps = call.arguments.get(name)
        if isinstance(steps, list) and steps and all(isinstance(step, dict) for step in steps):
            return one_line("; ".join(_step(step) for step in steps), 600)
    return ""


def _step(step: dict[str, Any]) -> str:
    words = next(
        (str(step[name]) for name in ("step", "content", "title", "text", "description") if name in step), ""
    )
    return f"[{step.get('status', 'pending')}] {words}"
