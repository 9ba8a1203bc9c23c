"""Agent sessions of other tools: patches as arguments, arrays of shell lines, JSON in JSON, browsers, more programs."""

import json
import random

from shared.wire.items import Item, parse_items
from tests.benchmarks.quality.agents import Trail
from tests.benchmarks.quality.chats import Session
from tests.benchmarks.quality.planted import Probe, fresh_values
from tests.benchmarks.quality.small_talk import say

_AREAS = ("physics", "intake", "invoicing", "seating", "alerts", "lighting", "dockets", "embeddings")
_FILES = ("src/{a}/Engine{n}.java", r"C:\work\{a}\Form{n}.cs", "modules/{a}{n}/main.tf", "notebooks/{a}_{n}.ipynb", "pkg/{a}/step_{n}.ex")  # fmt: skip


def other_agent(rng: random.Random, steps: int) -> Session:
    """Return a session of an agent with other tools than those of `agent`."""
    trail, values = Trail(rng), fresh_values(rng)
    _open(trail, values)
    for number in range(steps):
        path = rng.choice(_FILES).format(a=rng.choice(_AREAS), n=number)
        _look(trail, path, number)
        if number % 2:
            _edit(trail, path, number)
        _run(trail, number)
    _close(trail, values)
    return Session(trail.items, trail.probes)


def _open(trail: Trail, values: dict[str, str]) -> None:
    asked = (
        f"Please look into {values['ticket']}, trace {values['uuid']}. Box {values['ip']} runs {values['semver']}; "
        f"the report is at {values['url']} and the dump in {values['winpath']}. Do not restart {values['host']}."
    )
    trail.items.append(say("user", asked))
    for name in ("ticket", "uuid", "ip", "semver", "url", "winpath", "host"):
        trail.expect("identifier", values[name])


def _look(trail: Trail, path: str, number: int) -> None:
    rng = trail.rng
    page = "\n".join(
        f"{rng.choice(_AREAS)} {rng.choice(_NOISE)} {rng.randrange(999)}"
        for _ in range(rng.randrange(50, 90))
    )
    match rng.randrange(4):
        case 0:
            trail.call("browser_navigate", {"url": f"https://docs.example.com/p/{number}"}, page)
        case 1:
            trail.call("open_file", {"target_file": path, "should_read_entire_file": True}, page)
        case 2:
            trail.call("mcp__files__read", {"input": json.dumps({"path": path})}, page)
        case _:
            trail.call("view", {"uri": path}, page)


def _edit(trail: Trail, path: str, number: int) -> None:
    rng = trail.rng
    match rng.randrange(6):
        case 0:
            patch = f"*** Begin Patch\n*** Update File: {path}\n@@\n-a = {number}\n+a = {number + 1}\n*** End Patch\n"
            trail.call("shell", {"command": ["apply_patch", patch]}, "Done!")
        case 1:
            trail.call(
                "apply_patch", {"input": f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n"}, "applied"
            )
        case 2:
            trail.call(
                "str_replace_editor",
                {"command": "insert", "path": path, "insert_line": 4, "new_str": "x"},
                "ok",
            )
        case 3:
            trail.call(
                "edit_file", {"arguments": json.dumps({"target_file": path, "code_edit": "..."})}, "ok"
            )
        case 4:
            edits = [{"file_path": path, "old_string": "a", "new_string": "b"}]
            trail.call("MultiEdit", {"edits": edits}, "1 edit applied")
        case _:
            _patch_call(trail, path)
    trail.expect("file edited", path)


def _patch_call(trail: Trail, path: str) -> None:
    call_id = f"call_patch_{len(trail.items)}"
    operation = {"type": "update_file", "path": path, "diff": "@@\n-a\n+b\n"}
    _other(
        trail,
        {"type": "apply_patch_call", "call_id": call_id, "status": "completed", "operation": operation},
        {"type": "apply_patch_call_output", "call_id": call_id, "status": "completed", "output": "ok"},
    )


def _run(trail: Trail, number: int) -> None:
    rng = trail.rng
    command, error = rng.choice(_RUNS)
    fill = {"a": rng.choice(_AREAS), "n": number, "k": rng.randrange(100, 999)}
    command, error = command.format(**fill), error.format(**fill)
    is_bad = number % 3 == 0
    noise = "\n".join(
        f"{fill['a']} {rng.choice(_NOISE)} {rng.randrange(9_999)}" for _ in range(rng.randrange(25, 60))
    )
    text = f"{noise}\n{error}\n" if is_bad else f"{noise}\nfinished\n"
    match rng.randrange(4):
        case 0:
            trail.call(
                "run_terminal_cmd",
                {"command": command, "is_background": False},
                f"{text}Exit code: {int(is_bad)}",
            )
        case 1:
            trail.call("container.exec", {"cmd": ["sh", "-c", command]}, text)
        case 2:
            inner = json.dumps({"command": command})
            trail.call(
                "execute",
                {"arguments": inner},
                json.dumps({"result": {"stdout": text, "exitCode": int(is_bad)}}),
            )
        case _:
            _shell_call(trail, command, text, is_bad)
    trail.expect("command", command)
    if is_bad:
        trail.expect("error", " ".join(error.split()))


def _shell_call(trail: Trail, command: str, text: str, is_bad: bool) -> None:
    call_id = f"call_shell_{len(trail.items)}"
    outcome = {"type": "exit", "exit_code": int(is_bad)}
    parts = [
        {"stdout": "", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}},
        {"stdout": "" if is_bad else text, "stderr": text if is_bad else "", "outcome": outcome},
    ]
    _other(
        trail,
        {"type": "shell_call", "call_id": call_id, "status": "completed", "action": {"commands": ["cd /work", command], "timeout_ms": 9_000}},
        {"type": "shell_call_output", "call_id": call_id, "max_output_length": 9_000, "output": parts},
    )  # fmt: skip


def _other(trail: Trail, *items: dict[str, object]) -> None:
    parsed: list[Item] = list(parse_items(list(items)))
    trail.items += parsed


def _close(trail: Trail, values: dict[str, str]) -> None:
    trail.items.append(
        say("assistant", f"{values['few']} of the alerts are quiet; the one on {values['host']} still fires every {values['n']} minutes.")
    )  # fmt: skip
    trail.probes.append(Probe("last state", (f"still fires every {values['n']} minutes",)))


_NOISE = ("is consistent with", "was seen next to", "took", "row", "points at", "rendered in", "kept")
_RUNS = (
    ("terraform plan -out {a}-{n}.plan", '│ Error: Unsupported argument "{a}_{k}" on main.tf line {n}'),
    ("./gradlew :{a}:test --tests Case{n}", "Case{n} > holds() FAILED at Case{n}.java:{k}"),
    ("helm upgrade {a}-{n} charts/{a}", "Error: UPGRADE FAILED: release {a}-{n} has no revision {k}"),
    ("mix test test/{a}_{n}_test.exs", "** (MatchError) no match of right hand side value: {k}"),
    ("dotnet build {a}.{n}.csproj", "{a}/Form{n}.cs({k},17): error CS0246: The type or namespace name 'Grid{n}' could not be found"),
    ("npm ci --prefix {a}-{n}", "npm ERR! code E{k} {a}-{n} is not in this registry"),
    ("psql -h db{n} -c 'select count(*) from {a}_{k}'", 'ERROR:  column "{a}_{k}" does not exist'),
    ("ansible-playbook {a}.yml --limit box{n}", 'fatal: [box{n}]: UNREACHABLE! => {{"msg": "port {k} closed"}}'),
    ("cargo test -p {a} case_{n}", "thread 'case_{n}' panicked at crates/{a}/src/lib.rs:{k}:9"),
    ("kubectl apply -f {a}-{n}.yaml", 'The Deployment "{a}-{n}" is invalid: spec.replicas: Invalid value: {k}'),
    ("swift test --filter {a}{n}", "{a}{n}.swift:{k}: error: XCTAssertEqual failed"),
    ("go vet ./{a}/{n}/...", "{a}/{n}/pool.go:{k}:2: result of fmt.Sprintf call not used"),
)  # fmt: skip
