"""Agent sessions: calls of several agents' tools, with long outputs, and what must be known of them later."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.wire.items import CustomToolCall, CustomToolCallOutput, FunctionCall, FunctionCallOutput, Item
from tests.benchmarks.quality.chats import Session
from tests.benchmarks.quality.planted import Probe, fresh_values
from tests.benchmarks.quality.small_talk import say

_AREAS = ("ledger", "ingest", "webhook", "session", "quota", "mailer", "search", "billing", "export", "theme")
_FILES = (
    ("{area}/service_{n}.py", "py"), ("web/src/{area}/Panel{n}.tsx", "ts"), ("internal/{area}/handler{n}.go", "go"),
    ("crates/{area}/src/lib{n}.rs", "rs"), ("app/models/{area}_{n}.rb", "rb"), ("deploy/{area}-{n}.yaml", "yaml"),
)  # fmt: skip


@dataclass(slots=True)
class Trail:
    """A session in the making: its items so far, and what must be known of them."""

    rng: random.Random
    items: list[Item] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)

    def expect(self, kind: str, *needles: str) -> None:
        """Have the needles be looked for."""
        self.probes.append(Probe(kind, needles))

    def call(self, name: str, arguments: object, output: str) -> None:
        """Add a call of a function and its output."""
        call_id = f"call_{len(self.items)}_{self.rng.randrange(10**6)}"
        call: Item = FunctionCall(call_id=call_id, name=name, arguments=json.dumps(arguments))
        self.items += [call, FunctionCallOutput(call_id=call_id, output=output)]

    def custom(self, name: str, text: str, output: str) -> None:
        """Add a call of a free-form tool and its output."""
        call_id = f"call_{len(self.items)}_{self.rng.randrange(10**6)}"
        call: Item = CustomToolCall(call_id=call_id, name=name, input=text)
        self.items += [call, CustomToolCallOutput(call_id=call_id, output=output)]


def agent(rng: random.Random, steps: int) -> Session:
    """Return a coding session: a task with identifiers, then rounds of reading, editing and running."""
    trail, values = Trail(rng), fresh_values(rng)
    _open(trail, values)
    for number in range(steps):
        path, language = _file(rng, number)
        _look(trail, path, language)
        if number % 2:
            _edit(trail, path)
        _run(trail, number, path)
        if number % 5 == 3:
            trail.items.append(say("assistant", rng.choice(_REMARKS).format(path=path)))
    _close(trail, values)
    return Session(trail.items, trail.probes)


def _open(trail: Trail, values: dict[str, str]) -> None:
    trail.items.append(say("developer", "You are a careful coding agent working in a terminal."))
    asked = (
        f"{values['code']}: since {values['version']} went out, {values['host']} answers with a 502 now and then. "
        f"It started with {values['hash']}. Work on hotfix/{values['code'].lower()} and read {values['path']} first. "
        f"{values['name']} reviews it."
    )
    trail.items.append(say("user", asked))
    for name in ("code", "version", "host", "hash", "path", "name"):
        trail.expect("identifier", values[name])


def _look(trail: Trail, path: str, language: str) -> None:
    rng, source = trail.rng, _source(trail.rng, language)
    match rng.randrange(4):
        case 0:
            trail.call("read_file", {"path": path}, source)
        case 1:
            trail.call("view", {"path": path, "view_range": [1, 80]}, source)
        case 2:
            trail.call("shell", {"command": ["bash", "-lc", f"sed -n '1,120p' {path}"]}, source)
        case _:
            found = "\n".join(
                f"{path}:{rng.randrange(300)}: {line.strip()}" for line in source.splitlines()[:25]
            )
            trail.call("grep", {"pattern": rng.choice(_AREAS), "path": path}, found)


def _edit(trail: Trail, path: str) -> None:
    rng = trail.rng
    old, new = f"limit = {rng.randrange(99)}", f"limit = {rng.randrange(100, 999)}"
    match rng.randrange(6):
        case 0:
            trail.custom(
                "apply_patch",
                f"*** Begin Patch\n*** Update File: {path}\n@@\n-{old}\n+{new}\n*** End Patch",
                "Success.",
            )
        case 1:
            trail.call(
                "str_replace_based_edit_tool",
                {"command": "str_replace", "path": path, "old_str": old, "new_str": new},
                "The file was edited.",
            )
        case 2:
            trail.call("write_file", {"file_path": path, "content": _source(rng, "py")}, "ok")
        case 3:
            trail.call(
                "Edit", {"file_path": path, "old_string": old, "new_string": new}, "Replaced 1 occurrence."
            )
        case 4:
            trail.call("exec_command", {"cmd": f"sed -i 's/{old}/{new}/' {path}"}, "")
        case _:
            trail.call(
                "shell", {"command": ["bash", "-lc", f"cat > {path} <<'EOF'\n{_source(rng, 'py')}\nEOF"]}, ""
            )
    trail.expect("file edited", path)  # fmt: skip


def _run(trail: Trail, number: int, path: str) -> None:
    rng = trail.rng
    command, output, error = rng.choice(_RUNS)
    fill = {
        "area": rng.choice(_AREAS),
        "n": number,
        "k": rng.randrange(100, 999),
        "path": path,
        "word": rng.choice(_WORDS),
    }
    command, error = command.format(**fill), error.format(**fill)
    is_bad = number % 3 == 0
    noise = "\n".join(
        output.format(**fill, i=index, ms=rng.randrange(900)) for index in range(rng.randrange(25, 60))
    )
    text = f"{noise}\n{error}\n" if is_bad else f"{noise}\nall good\n"
    if rng.random() < 0.5:
        trail.call("shell", {"command": ["bash", "-lc", command]}, f"{text}exit code: {int(is_bad)}")
    else:
        trail.call(
            "exec_command",
            {"cmd": command, "timeout_ms": 60_000},
            json.dumps({"output": text, "metadata": {"exit_code": int(is_bad), "duration_seconds": 2.1}}),
        )
    trail.expect("command", command)
    if is_bad:
        trail.expect("error", " ".join(error.splitlines()[-1].split()))


def _close(trail: Trail, values: dict[str, str]) -> None:
    state = f"The 502s came from the pool that {values['host']} shares; {values['m']} of {values['port']} requests pass, and the changelog is still to be written."
    trail.items.append(say("assistant", state))
    trail.expect(
        "last state", f"{values['m']} of {values['port']} requests pass", "changelog is still to be written"
    )


def _file(rng: random.Random, number: int) -> tuple[str, str]:
    path, language = rng.choice(_FILES)
    return path.format(area=rng.choice(_AREAS), n=number), language


def _source(rng: random.Random, language: str) -> str:
    lines: Sequence[str] = _SOURCE.get(language, _SOURCE["py"])
    return "\n".join(
        rng.choice(lines).format(a=rng.choice(_WORDS), b=rng.choice(_WORDS), n=rng.randrange(400))
        for _ in range(rng.randrange(40, 90))
    )


_WORDS = ("cursor", "bucket", "tenant", "retry", "window", "lease", "shard", "quorum", "digest", "offset")
_SOURCE = {
    "py": (
        "    {a} = self.{b}.get(key, {n})", "    if {a} is None: raise KeyError({b!r})", "def {a}_{b}(self, {b}: int) -> int:",
        "    return {a} * {n}", "    # {a} is refreshed before {b}", "    logger.error('no %s', {a})",
    ),
    "ts": (
        "  const {a} = use{b}({n});", "  if (!{a}) throw new Error('{b} missing');", "  return <{a} size={{{n}}} />;",
        "export function {a}({b}: number) {{", "  // TODO: {a} before {b}",
    ),
    "go": (
        "\t{a}, err := s.{b}(ctx, {n})", '\tif err != nil {{ return fmt.Errorf("{a}: %w", err) }}', "\treturn {a}, nil",
        "func (s *Server) {a}({b} int) error {{",
    ),
    "rs": ("    let {a} = {b}.get({n})?;", '    {a}.expect("{b} to be set");', "pub fn {a}({b}: u32) -> Result<u32> {{"),
}  # fmt: skip
_RUNS = (
    ("pytest -q {area}/tests/test_case_{n}.py", "{area}/tests/test_case_{n}.py::test_{i} PASSED [{ms}ms]", "E   AssertionError: {word} {k} was not released\n1 failed in 3.1s"),
    ("go test ./internal/{area}/... -run Test{n}", "ok  \tinternal/{area}/p{i}\t0.{ms}s", "--- FAIL: Test{n} (0.02s)\n    handler_test.go:{k}: unexpected {word}: got 0, want {k}"),
    ("cargo build -p {area} --features f{n}", "   Compiling dep{i} v0.{ms}.1", "error[E0{k}]: cannot borrow `{word}` as mutable in step {n}"),
    ("npm run build -- --scope {area}-{n}", "  modules/{area}/m{i}.js  {ms} kB", "src/{area}/index.ts({k},9): error TS2345: Argument of type '{word}{n}' is not assignable"),
    ("kubectl rollout status deploy/{area}-{n}", "Waiting for rollout: {i} of 60 updated", 'error: deployment "{area}-{n}" exceeded its progress deadline {k}'),
    ("bundle exec rspec spec/{area}_{n}_spec.rb", "  {area} example {i} ({ms} ms)", "NoMethodError: undefined method '{word}_{k}' for nil"),
    ("curl -sS https://{area}-{n}.example.org/healthz", "* step {i} took {ms} ms", "curl: (28) Failed to connect to {area}-{n}.example.org after {k} ms"),
    ("psql -f migrations/{n}_{area}.sql", "INSERT 0 {ms}", 'ERROR: relation "{word}_{k}" does not exist'),
)  # fmt: skip
_REMARKS = (
    "I have looked at {path}; the pool is created twice, I'll change that next.",
    "{path} is not the cause. On to the next candidate.",
    "That explains the timeouts. I am going to make the limit in {path} configurable.",
)
