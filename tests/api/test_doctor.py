"""The doctor says how it stands with everything a server needs, never hangs, and shows no secret."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from api.doctor.configuration import check_data_directory
from api.doctor.findings import Verdict
from api.doctor.main import examine
from api.doctor.redis_server import check_clock, check_version
from api.embedded import EmbeddedServer
from shared.adapters.celery import LOW, queue_key
from shared.adapters.redis import keys
from shared.adapters.sealer import new_key
from shared.jobs import Queue
from shared.services import open_services
from shared.settings import Settings
from tests.commands import hitherto, hitherto_process
from tests.scripted_upstream import ScriptedUpstream
from tests.shared.adapters.redis.compacted import ASKED


@pytest.fixture
def server(redis_url: str) -> Iterator["redis.Redis"]:
    """The Redis that is looked at; its settings are put back."""
    with redis.Redis.from_url(redis_url) as client:
        yield client
        client.config_set("appendonly", "yes")
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 0)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"port": 1, **given})


async def verdicts(**given: Any) -> dict[str, tuple[Verdict, str]]:
    """Return what the doctor finds, by subject."""
    return {each.subject: (each.verdict, each.says) for each in await examine(settings(**given))}


def test_a_healthy_server_is_told_in_80_columns_without_its_secrets(tmp_path: Path, redis_url: str) -> None:
    key, sealing = "sk-canary-0123456789abcdef", new_key()
    with ScriptedUpstream(models=("one", "two", "three", "four")) as upstream:
        done = hitherto(
            "doctor",
            directory=tmp_path,
            COLUMNS="80",
            HITHERTO_REDIS_URL=redis_url,
            HITHERTO_UPSTREAM_BASE_URL=upstream.base_url,
            HITHERTO_UPSTREAM_API_KEY=key,
            HITHERTO_API_KEYS=key,
            HITHERTO_ENCRYPTION_KEYS=sealing,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    for said in ("appendonly yes", "noeviction", "no limit", "one, two, three and 1 more", "nobody waits"):
        assert said in " ".join(done.stdout.split())
    password = redis_url.partition(":@")[2] or redis_url.split(":")[2].partition("@")[0]
    assert not [secret for secret in (key, sealing, password) if secret in done.stdout]


async def test_a_redis_that_forgets_is_a_problem(server: "redis.Redis", redis_url: str) -> None:
    server.config_set("appendonly", "no")
    server.config_set("maxmemory-policy", "allkeys-lru")
    server.config_set("maxmemory", int(server.info("memory")["used_memory"] / 0.95))
    found = await verdicts(redis_url=redis_url)
    for subject in ("store persistence", "store eviction", "store memory"):
        assert found[subject][0] is Verdict.PROBLEM


async def test_the_embedded_server_is_examined_as_any_other(
    redis_server: EmbeddedServer, tmp_path: Path
) -> None:
    assert "does not run now" in (await verdicts(data_dir=tmp_path))["store"][1]
    (tmp_path / "redis").symlink_to(redis_server.directory)
    found = await verdicts(data_dir=tmp_path)
    assert found["store persistence"] == (Verdict.OK, "appendonly yes")
    assert "data directory" in found


@pytest.mark.parametrize(
    ("version", "verdict"), [("7.0.0", Verdict.OK), ("8.2", Verdict.OK), ("6.2.14", Verdict.PROBLEM)]
)
def test_an_old_redis_is_a_problem(version: str, verdict: Verdict) -> None:
    found = check_version({"redis_version": version}, "store")
    assert (found.verdict, found.says) == (verdict, f"answers, redis {version}")


@pytest.mark.parametrize(
    ("skew", "verdict", "says"),
    [
        (-1.9, Verdict.OK, "agrees with this machine's"),
        (3.0, Verdict.WARNING, "3 s ahead of this machine's"),
        (-60.0, Verdict.WARNING, "60 s behind this machine's"),
    ],
)
def test_clocks_that_differ_are_told(skew: float, verdict: Verdict, says: str) -> None:
    found = check_clock(skew, "store")
    assert (found.verdict, found.says) == (verdict, says)


async def test_work_that_nobody_takes_or_looks_after_is_a_problem(
    server: "redis.Redis", redis_url: str
) -> None:
    async with open_services(Settings(redis_url=redis_url)) as services:
        await services.compactions.enqueue(ASKED)
    doorbells = queue_key(Queue.COMPACTION, priority=LOW)
    server.zincrby(keys.queued_in(doorbells), -100_000, ASKED.id)
    # Who shares the broker may leave there what is none of ours.
    server.rpush(doorbells, "{}", "foreign")
    server.zincrby("hitherto:watch", -100_000, ASKED.id)
    found = await verdicts(redis_url=redis_url)
    verdict, said = found["queue compaction"]
    assert (verdict, said.partition(" for ")[0]) == (Verdict.PROBLEM, "1 waiting, the oldest")
    assert found["queue generation"] == (Verdict.OK, "empty")
    assert found["jobs"][0] is Verdict.PROBLEM


async def test_it_never_hangs_and_writes_nothing(silent: int, redis_url: str, server: "redis.Redis") -> None:
    address = f"127.0.0.1:{silent}"
    found = await examine(
        settings(redis_url=f"redis://{address}", upstream_base_url=f"http://{address}/v1"), within_seconds=0.3
    )
    told = {each.subject: each.says for each in found if each.verdict is Verdict.PROBLEM}
    assert told == {"store": "no answer within 0.3 s", "upstream default": "no answer within 0.3 s"}
    await examine(settings(redis_url=redis_url))
    assert server.dbsize() == 0


def test_a_program_is_told_as_json_and_by_the_exit_code(tmp_path: Path) -> None:
    done = hitherto_process(
        "doctor",
        "--json",
        directory=tmp_path,
        HITHERTO_REDIS_URL="redis://:hunter2@127.0.0.1:1/0",
        HITHERTO_API_KEYS="short",
        HITHERTO_ENCRYPTION_KEYS="hunter2",
    )
    told = json.loads(done.stdout)
    found = {each["subject"]: each["verdict"] for each in told["findings"]}
    assert (done.returncode, told["healthy"], "hunter2" in done.stdout) == (1, False, False)
    assert (found["store"], found["encryption keys"], found["API keys"]) == ("problem", "problem", "warning")


def test_data_that_others_can_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir(mode=0o700)
    assert check_data_directory(tmp_path).verdict is Verdict.OK
    (tmp_path / "redis").chmod(0o755)
    assert check_data_directory(tmp_path).verdict is Verdict.PROBLEM
