"""The embedded server keeps what it was given, belongs to one process, and leaves nothing behind."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import redis
from kombu.connection import Connection
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from api.address_file import ServerUnknown, find_address, publish_address
from api.embedded import EmbeddedServer
from api.ownership import DirectoryInUse, owned
from api.server_binary import ServerMissing, find_server

OWNER = """
import signal, sys
from pathlib import Path
from api.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.pid, server.url, flush=True)
    signal.pause()
"""

CELERY_OPTIONS = {
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 5,
    "global_keyprefix": "hitherto:",
}


@dataclass(frozen=True)
class Owner:
    """Another process that has an embedded server."""

    process: subprocess.Popen[str]
    server: psutil.Process
    url: str


@contextmanager
def another_owner(directory: Path) -> Iterator[Owner]:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(directory)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        pid, url = process.stdout.readline().split()
        yield Owner(process, psutil.Process(int(pid)), url)
        process.kill()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path / "data", max_memory_bytes=100_000_000) as server:
        yield server


def client_of(server: EmbeddedServer) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def process_of(server: EmbeddedServer) -> psutil.Process:
    assert server.pid
    return psutil.Process(server.pid)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("save", ""),
        ("maxmemory-policy", "noeviction"),
        ("bind", "127.0.0.1"),
    ],
)
def test_runs_as_a_durable_store_on_loopback(redis_server: EmbeddedServer, setting: str, value: str) -> None:
    with client_of(redis_server) as client:
        assert client.config_get(setting) == {setting: value}


def test_keeps_its_data_for_its_user_alone(server: EmbeddedServer) -> None:
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700


def test_asks_for_its_password(redis_server: EmbeddedServer) -> None:
    address = redis_server.url.rpartition("@")[2]
    with redis.Redis.from_url(f"redis://{address}") as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_shows_its_password_in_no_command_line_and_to_its_user_alone(server: EmbeddedServer) -> None:
    password = server.url.removeprefix("redis://:").partition("@")[0]
    files = [path for path in server.directory.rglob("*") if path.is_file()]
    told = [path for path in files if password.encode() in path.read_bytes()]
    assert password not in " ".join(process_of(server).cmdline())
    assert [(path.name, stat.S_IMODE(path.stat().st_mode)) for path in told] == [("address", 0o600)]
    assert find_address(server.directory) == server.url


def test_one_address_serves_celery_too(redis_url: str) -> None:
    with Connection(redis_url, transport_options=CELERY_OPTIONS) as connection:
        queue = connection.SimpleQueue("doorbell")
        queue.put({"job": "1"})
        assert queue.get(timeout=5).payload == {"job": "1"}
        queue.close()


def test_keeps_its_data_when_it_is_ended_and_started_again(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as first, client_of(first) as client:
        client.set("kept", "yes")
    with EmbeddedServer(tmp_path) as second, client_of(second) as client:
        assert client.get("kept") == "yes"


def test_loses_nothing_that_it_answered_when_it_is_killed(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as first, client_of(first) as client:
        client.mset({f"key-{number}": number for number in range(1000)})
        victim = process_of(first)
        victim.kill()
        psutil.wait_procs([victim], timeout=5)
        assert first.pid is None
    with EmbeddedServer(tmp_path) as second, client_of(second) as client:
        assert client.dbsize() == 1000


def test_comes_back_at_the_same_address_when_it_is_launched_again(server: EmbeddedServer) -> None:
    address = server.url
    with client_of(server) as client:
        client.set("kept", "yes")
        assert client.config_get("maxmemory") == {"maxmemory": "100000000"}
    victim = process_of(server)
    victim.kill()
    psutil.wait_procs([victim], timeout=5)
    server.launch()
    retry = Retry(ConstantBackoff(0.05), 100)
    with redis.Redis.from_url(address, retry=retry, decode_responses=True) as client:
        assert client.get("kept") == "yes"


def test_is_gone_when_it_was_left(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as server:
        process = process_of(server)
    assert not process.is_running()
    assert not (tmp_path / "address").exists()


def test_is_gone_when_its_owner_is_killed(tmp_path: Path) -> None:
    with another_owner(tmp_path) as owner:
        owner.process.kill()
        gone, _ = psutil.wait_procs([owner.server], timeout=5)
    assert gone == [owner.server]
    # What it told is still there, and nobody believes it.
    assert (tmp_path / "address").read_text() == owner.url
    with pytest.raises(ServerUnknown, match="no `hitherto up` has its own Redis in"):
        find_address(tmp_path)


def test_a_directory_is_free_again_when_its_owner_was_killed(tmp_path: Path) -> None:
    with another_owner(tmp_path) as owner:
        with redis.Redis.from_url(owner.url) as client:
            client.set("kept", "yes")
        owner.process.kill()
        owner.process.wait()
        with EmbeddedServer(tmp_path) as server, client_of(server) as client:
            assert client.get("kept") == "yes"


def test_a_second_owner_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    with another_owner(tmp_path) as owner:
        with pytest.raises(DirectoryInUse, match=f"in use by process {owner.process.pid}"):
            EmbeddedServer(tmp_path).__enter__()
        assert owner.server.is_running()


def test_a_directory_that_was_refused_is_not_held(tmp_path: Path) -> None:
    with owned(tmp_path):
        with pytest.raises(DirectoryInUse) as refusal, owned(tmp_path):
            pass
        assert refusal.value.pid == os.getpid()
    with owned(tmp_path):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_an_address_that_another_user_left_is_not_believed(tmp_path: Path) -> None:
    with owned(tmp_path):
        publish_address(tmp_path, "redis://:x@127.0.0.1:1/0")
        os.chown(tmp_path / "address", 65534, 65534)
        with pytest.raises(ServerUnknown, match="belongs to another user"):
            find_address(tmp_path)


def test_is_gone_even_when_it_does_not_listen_to_signals(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path, stop_seconds=0.1) as server:
        frozen = process_of(server)
        frozen.send_signal(signal.SIGSTOP)
    assert not frozen.is_running()


def program(directory: Path, name: str, says: str) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ("Redis server v=7.0.15 sha=0:0 malloc=libc", "Redis 7.0.15"),
        ("Valkey server v=8.1.4 sha=0:0 malloc=libc", "Valkey 8.1.4"),
    ],
    ids=["redis", "valkey"],
)
def test_prefers_the_server_that_the_machine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, found: str
) -> None:
    program(tmp_path, "redis-server", says)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_server().name == found


@pytest.mark.parametrize(
    "says", ["Redis server v=6.0.16 sha=0:0 malloc=libc", "what?"], ids=["too old", "not a server"]
)
def test_passes_over_a_server_that_will_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    program(tmp_path, "redis-server", says)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server().name.startswith("Valkey 9")


def test_a_missing_server_is_said_with_what_to_do_about_it() -> None:
    assert "HITHERTO_REDIS_URL" in ServerMissing().message
