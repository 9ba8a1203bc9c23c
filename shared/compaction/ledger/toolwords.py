"""Tool words: what tools and their fields are called, and how what they print tells a failure or an instruction."""

from shared.compaction.ledger.cues import word_set

TESTS_AND_BUILDS = word_set(
    """pytest tox nox unittest jest vitest mocha npm pnpm yarn npx cargo go make cmake gradle gradlew mvn dotnet ruff
    mypy eslint tsc black flake8 git gh docker docker-compose kubectl helm terraform alembic pip uv poetry python
    python3 node deno bun psql redis-cli curl systemctl ansible rspec bundle rails php composer swift bazel"""
)
GLANCES = word_set(
    "ls cat head tail less sed awk grep rg find fd wc pwd cd echo tree which stat du df ps nl sort env"
)

EDITING = word_set(
    """write create edit update replace insert append modify patch apply delete remove rename move save put overwrite
    str_replace multiedit change add copy"""
)
READING = word_set("read view open cat show get load fetch list search grep find glob look inspect stat")
# What a tool's name says of calls that change nothing, and of those that change something, beyond files.
LOOKING = READING | word_set(
    "lookup query describe snapshot check status browse peek retrieve preview head count"
)
CHANGING = EDITING | word_set(
    """send deploy submit post publish book schedule cancel approve reject assign link merge close reopen refund pay
    charge invite upload import start stop restart enable disable set issue order transfer log comment"""
)
# Of these programs the ones that only show something, by what is asked of them.
LOOKS = {
    "git": word_set("log status diff show blame branch remote reflog ls-files rev-parse describe grep"),
    "kubectl": word_set("get describe logs top explain events"),
    "docker": word_set("ps logs inspect images stats top version info"),
    "npm": word_set("ls list view outdated"),
    "pnpm": word_set("ls list view outdated why"),
    "pip": word_set("list show freeze"),
    "helm": word_set("list ls status get history show"),
    "terraform": word_set("show state output version providers"),
    "gh": word_set("view list status"),
    "systemctl": word_set("status list-units show"),
}
# What these show is text that was written before: an error in it did not happen.
SHOWS_TEXT = {"git": word_set("log show diff blame grep")}
# What follows these options of programs with several orders is no order.
OPTIONS_WITH_VALUE = word_set(
    """-n -C -c -f -p -H --namespace --context --project --profile --file --kubeconfig --prefix --filter --chdir
    --region"""
)
PATH_FIELDS = word_set(
    """path file_path filepath file filename file_name target_file notebook_path relative_path absolute_path
    relative_workspace_path source destination old_path new_path src dst target paths files uri"""
)
# What a call hands on: its arguments in one field, or the calls that it carries.
WRAPPERS = ("arguments", "args", "input", "params", "parameters", "kwargs", "tool_input")
NESTING = word_set("tool_uses tool_calls function_calls invocations calls uses batch")
CALL_NAMES = ("recipient_name", "tool_name", "function_name", "tool", "name", "function")
# What a shell printed is a field of what it returned; other fields say what the run was like.
STREAMS = word_set("output outputs stdout stderr text content result results")
METADATA = word_set(
    """metadata meta duration duration_seconds duration_ms elapsed elapsed_ms wall_time took_ms exit_code exitCode
    returncode return_code pid tool tool_name recipient_name tool_call_id chunk_id truncated workdir cwd"""
)
COMMAND_FIELDS = word_set(
    "command cmd commands command_line CommandLine cmdline shell_command script argv bash"
)

FAILURES = (
    "error", "exception", "fail", "fatal", "panic", "denied", "not found", "no such", "traceback", "errno", "abort",
    "refused", "timed out", "timeout", "cannot", "could not", "unable", "segfault", "segmentation", "undefined", "unresolved",
    "invalid", "unexpected", "does not exist", "mismatch", "overflow", "sanitizer", "killed", "core dumped", "out of memory",
    "no space left", "violat", "exceeded", "did not", "not recognized", "warning message", "data race",
    "not ok ", "✗", "✕", "✘", "expected ", "rejected", "expired", "deadlock", "backoff", "conflict", "unhandled", "unknown", "unsupported",
    "fehler", "abgelehnt", "fehlgeschlagen", "erreur", "échec", "falló", "erro:", "ошибка", "не удалось", "отказано",
    "错误", "失败", "エラー", "失敗", "오류", "실패", "خطأ", "त्रुटि",
)  # fmt: skip
# So begin the lines that an agent's tool puts around what a program printed; brackets before them do not count.
FRAMES = (
    "the command completed", "current working directory", "python interpreter", "wall time", "command finished",
    "process exited", "process finished", "chunk id", "original token count", "total output lines",
    "duration_seconds", "shell cwd was reset", "error: (none)", "signal: (none)", "background pids", "process group pgid",
    "directory: (", "open file:", "current directory:", "bash-$",
)  # fmt: skip
LABELS = frozenset({"output:", "stdout:", "stderr:"})
# So begin lines that speak of failure and say nothing.
NOISE = ("traceback (most recent", "exit code", "exited with code", "npm err! a complete log")
# So begins source code.
CODE = (
    "raise ", "except ", "catch", "throw ", "#", "//", "*", "def ", "class ", "import ", "from ", "return ", "+", "-",
    '"""',
)  # fmt: skip
# An error that speaks to its reader is not an error: it is somebody's instruction.
ADDRESSES_MODEL = (
    "instruction", "summar", "system prompt", "assistant", "your rules", "ignore ", "disregard",
)  # fmt: skip
ADDRESSES_READER = (
    *ADDRESSES_MODEL, "compact", "the user", "you must", "you should", "you are", "new rule", "following rule", "the rule", "from now on", "remember", "always ", "never ",
    "user wants", "user prefers", "user said", "user has", "do not tell", "don't tell", "tell the user", "important:",
    "rule:", "constraint:", "preference:",
)  # fmt: skip
