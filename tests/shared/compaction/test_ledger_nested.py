"""Calls that carry other calls, outputs that are JSON, and files that are named deep in the arguments."""

import pytest

from shared.compaction.ledger import Section
from tests.shared.compaction.ledger_calls import called, entries_of, errors_in, outcome_in, returned

_PARALLEL = called(
    "multi_tool_use.parallel",
    {
        "tool_uses": [
            {"recipient_name": "functions.exec", "parameters": {"cmd": "go vet ./..."}},
            {"recipient_name": "functions.exec", "parameters": {"cmd": "git status --short"}},
        ]
    },
)
_BATCH = called(
    "batch",
    {
        "tool_calls": [
            {"tool": "bash", "parameters": {"command": "make a"}},
            {"tool": "bash", "parameters": {"command": "make b"}},
        ]
    },
)

_FUNCTIONS = called(
    "batch",
    {
        "calls": [
            {"type": "function", "function": {"name": "bash", "arguments": '{"command": "make a"}'}},
            {"type": "function", "function": {"name": "bash", "arguments": '{"command": "make b"}'}},
        ]
    },
)


def test_lists_each_call_that_a_call_carries_with_its_own_outcome() -> None:
    outputs = [
        {"tool": "functions.exec", "ok": False, "result": "a.go:3:9: assignment copies lock value"},
        {"tool": "functions.exec", "ok": True, "result": ""},
    ]
    items = [_PARALLEL, returned(outputs)]

    assert [entry.line for entry in entries_of(Section.COMMAND, items)] == [
        "go vet ./... → a.go:3:9: assignment copies lock value",
        "git status --short → no output",
    ]
    assert [entry.text for entry in entries_of(Section.ERROR, items)] == [
        "a.go:3:9: assignment copies lock value"
    ]


@pytest.mark.parametrize("call", [_BATCH, _FUNCTIONS], ids=["tools", "functions"])
@pytest.mark.parametrize(
    "output", [["1 passed", "2 passed"], {"results": ["1 passed", "2 passed"]}], ids=["a list", "a field"]
)
def test_parts_an_output_among_the_calls_that_it_answers(call: dict[str, object], output: object) -> None:
    assert [entry.line for entry in entries_of(Section.COMMAND, [call, returned(output)])] == [
        "make a → 1 passed",
        "make b → 2 passed",
    ]


def test_an_output_that_cannot_be_parted_is_the_outcome_of_none() -> None:
    items = [_BATCH, returned("Error: no route to box")]

    assert [entry.line for entry in entries_of(Section.COMMAND, items)] == ["make a", "make b"]
    assert [entry.text for entry in entries_of(Section.ERROR, items)] == ["Error: no route to box"]


def test_tools_that_are_described_are_not_called() -> None:
    described = [{"name": "bash", "parameters": {"command": "rm -rf /"}}]

    [entry] = entries_of(Section.COMMAND, [called("create_assistant", {"tools": described})])

    assert entry.text.startswith("create_assistant(")


@pytest.mark.parametrize(
    ("name", "arguments", "file"),
    [
        ("fs.patch", {"edits": [{"target": {"path": "a/b.go"}, "ops": [{"op": "replace"}]}]}, ("a/b.go", "edited")),
        ("fs.write", {"files": [{"path": "a/c.go", "content": "x"}]}, ("a/c.go", "edited")),
        ("fs.stat", {"path": "a/d.go"}, ("a/d.go", "read")),
    ],
    ids=["a target of an edit", "files with their content", "a look at a file"],
)  # fmt: skip
def test_finds_files_deep_in_the_arguments(
    name: str, arguments: dict[str, object], file: tuple[str, str]
) -> None:
    items = [called(name, arguments)]

    assert [(entry.text, entry.note) for entry in entries_of(Section.FILE, items)] == [file]
    assert entries_of(Section.COMMAND, items) == []


def test_what_a_run_took_is_not_what_it_printed() -> None:
    output = {
        "output": "Error: duplicate column name: key",
        "metadata": {"exit_code": 1, "duration_seconds": 0.1},
    }
    silent = {"output": "", "metadata": {"exit_code": 0, "duration_seconds": 34.0}}

    assert errors_in(output) == ["Error: duplicate column name: key"]
    assert (outcome_in(output), outcome_in(silent)) == ("exit 1: Error: duplicate column name: key", "exit 0")


@pytest.mark.parametrize(
    "output",
    [
        {"status": 403, "body": "approval of a partner required"},
        {"ok": False, "body": "approval of a partner required"},
        {"isError": True, "content": [{"type": "text", "text": "approval of a partner required"}]},
    ],
    ids=["a status", "a flag", "mcp"],
)
def test_a_field_that_tells_a_failure_makes_the_last_line_an_error(output: object) -> None:
    [error] = errors_in(output)

    assert "approval of a partner required" in error
