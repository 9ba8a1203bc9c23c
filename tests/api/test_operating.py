"""The operator looks at compactions, and takes one back, from the command line."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from api.address_file import publish_address
from api.embedded import EmbeddedServer
from api.ownership import owned
from shared.services import open_services
from shared.settings import Settings
from tests.commands import hitherto
from tests.fixtures.conversations import RULE, long_conversation
from tests.shared.adapters.redis.compacted import ASKED, RESULT

NAME = ASKED.id


@pytest.fixture
def made(redis_url: str) -> str:
    """The address of a server that knows one compaction, of the tenant `acme`."""

    async def make() -> None:
        # Ids are the client's to choose: this one would take the operator's clipboard.
        hostile = replace(RESULT.items[0], id="msg_\x1b]52;c;QQ==\x07\x9b")
        result = replace(RESULT, items=[hostile, *RESULT.items[1:]])
        async with open_services(Settings(redis_url=redis_url)) as services:
            await services.compactions.enqueue(ASKED)
            lease = await services.jobs.claim(NAME, "worker")
            await services.compactions.finish(lease, ASKED, result)  # type: ignore[arg-type]  # it is one

    asyncio.run(make())
    return redis_url


def compactions(*arguments: str, directory: Path, redis_url: str) -> tuple[int, str, str]:
    """Run the command line on that server and return its exit code and what it said."""
    done = hitherto("compactions", *arguments, directory=directory, HITHERTO_REDIS_URL=redis_url)
    return done.returncode, done.stdout, done.stderr


def test_compactions_are_listed_by_tenant(made: str, tmp_path: Path) -> None:
    code, said, _ = compactions("list", directory=tmp_path, redis_url=made)
    assert code == 0
    assert said.startswith("acme")
    assert all(word in said for word in (NAME, "completed", "model", "3 → 2", "0.5"))
    assert "There are no" in compactions("list", "--tenant", "x", directory=tmp_path, redis_url=made)[1]


def test_a_compaction_is_shown_with_its_cost_its_items_its_ledger_and_its_summary(
    made: str, tmp_path: Path
) -> None:
    code, said, _ = compactions("show", NAME, directory=tmp_path, redis_url=made)
    assert code == 0
    assert "2 (30 tokens in, 5 out)" in said
    assert "warnings    - One chunk was left out." in said
    assert "in_summary" in said
    assert r"user msg_\x1b]52;c;QQ==\x07\x9b" in said
    assert not {"\x1b", "\x07", "\x9b"} & set(said)
    assert "- Never deploy on Fridays." in said
    assert "Point 1 was made." in said


def test_a_compaction_is_undone(made: str, tmp_path: Path) -> None:
    code, said, _ = compactions("undo", NAME, directory=tmp_path, redis_url=made)
    assert (code, f"{NAME} is undone" in said) == (0, True)
    assert "completed, undone" in compactions("show", NAME, directory=tmp_path, redis_url=made)[1]


@pytest.mark.parametrize("arguments", [["show", "cmp_0"], ["undo", "cmp_0"], ["show", NAME, "--tenant", "x"]])
def test_what_there_is_not_is_said(made: str, tmp_path: Path, arguments: list[str]) -> None:
    code, _, said = compactions(*arguments, directory=tmp_path, redis_url=made)
    assert (code, said.strip()) == (1, f"✗ Compaction with id '{arguments[1]}' not found.")


def test_a_redis_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    code, _, said = compactions("list", directory=tmp_path, redis_url="redis://:hunter2@127.0.0.1:1/0")
    assert (code, "HITHERTO_REDIS_URL does not answer" in said, "hunter2" in said) == (1, True, False)


def test_without_an_address_it_asks_the_server_of_this_machine(
    redis_server: EmbeddedServer, made: str, tmp_path: Path
) -> None:
    # As `hitherto up` with this data directory would have it.
    (tmp_path / "redis").symlink_to(redis_server.directory)
    done = hitherto("compactions", "list", directory=tmp_path, HITHERTO_DATA_DIR=str(tmp_path))
    assert (done.returncode, NAME in done.stdout) == (0, True)


def test_without_any_server_it_says_what_to_do(tmp_path: Path) -> None:
    done = hitherto("compactions", "list", directory=tmp_path)
    assert (done.returncode, "HITHERTO_REDIS_URL is not set" in done.stderr) == (1, True)


def test_a_server_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    with owned(tmp_path / "redis"):
        publish_address(tmp_path / "redis", "redis://:hunter2@127.0.0.1:1/0")
        done = hitherto("compactions", "list", directory=tmp_path, HITHERTO_DATA_DIR=str(tmp_path))
    assert (done.returncode, "does not answer" in done.stderr, "hunter2" in done.stderr) == (1, True, False)


def test_tables_are_whole_where_nobody_looks(made: str, tmp_path: Path) -> None:
    done = hitherto("compactions", "list", directory=tmp_path, COLUMNS="40", HITHERTO_REDIS_URL=made)
    [row] = [line for line in done.stdout.splitlines() if NAME in line]
    assert row.split()[:6] == [NAME, "completed", "model", "3", "→", "2"]
    assert "…" not in done.stdout


def test_a_program_reads_the_same_as_json(made: str, tmp_path: Path) -> None:
    [listed] = json.loads(compactions("list", "--json", directory=tmp_path, redis_url=made)[1])
    shown = json.loads(compactions("show", NAME, "--json", directory=tmp_path, redis_url=made)[1])
    assert (listed["id"], listed["tenant"], listed["calls"]) == (NAME, "acme", 2)
    assert {name: shown[name] for name in listed} == listed
    assert shown["warnings"] == ["One chunk was left out."]


# Previews

SAID = [*long_conversation(), {"role": "user", "content": "And now?"}]


@pytest.mark.parametrize(
    "content",
    [SAID, {"input": SAID, "model": "m", "stream": True}],
    ids=["items", "request"],
)
def test_a_file_is_previewed(redis_url: str, tmp_path: Path, content: object) -> None:
    (tmp_path / "items.json").write_text(json.dumps(content))
    asked = ["preview", "items.json", "--model", "m", "--threshold", "1000"]
    code, said, _ = compactions(*asked, "--target", "500", directory=tmp_path, redis_url=redis_url)
    assert code == 0
    assert {"due        yes", "threshold  1000", "method     ledger", "calls      none"} <= set(
        said.splitlines()
    )
    assert len([line for line in said.splitlines() if " msg_" in line]) == len(SAID)
    assert f"- {RULE}" in said
    told = compactions(*asked, "--json", directory=tmp_path, redis_url=redis_url)[1]
    assert (json.loads(told)["due"], json.loads(told)["threshold"]) == (True, 1000)


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        ("nothing.json", "cannot read nothing.json"),
        ("words.txt", "words.txt holds no JSON"),
        ("items.json", "Say for which model, with --model."),
        ("conv_0", "Conversation with id 'conv_0' not found."),
        ("resp_0", "Response with id 'resp_0' not found."),
    ],
)
def test_what_cannot_be_previewed_is_said(redis_url: str, tmp_path: Path, window: str, reason: str) -> None:
    (tmp_path / "words.txt").write_text("Always ship on Monday.")
    (tmp_path / "items.json").write_text(json.dumps(SAID))
    code, _, said = compactions("preview", window, directory=tmp_path, redis_url=redis_url)
    assert code in (1, 2)
    assert reason in said
