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
READING = word_set("read view open cat show get load fetch list search grep find glob look inspect")
PATH_FIELDS = word_set(
    """path file_path filepath file filename file_name target_file notebook_path relative_path absolute_path
    relative_workspace_path source destination old_path new_path src dst target paths files uri"""
)
COMMAND_FIELDS = word_set("command cmd commands shell_command script argv bash")

FAILURES = (
    "error", "exception", "fail", "fatal", "panic", "denied", "not found", "no such", "traceback", "errno", "abort",
    "refused", "timed out", "timeout", "cannot", "could not", "unable", "segfault", "segmentation", "undefined", "unresolved",
    "invalid", "unexpected", "does not exist", "mismatch", "overflow", "sanitizer", "killed", "core dumped", "out of memory",
    "no space left", "violat", "rejected", "expired", "deadlock", "backoff", "conflict", "unhandled", "unknown", "unsupported",
    "fehler", "abgelehnt", "fehlgeschlagen", "erreur", "échec", "falló", "erro:", "ошибка", "не удалось", "отказано",
    "错误", "失败", "エラー", "失敗", "오류", "실패", "خطأ", "त्रुटि",
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
