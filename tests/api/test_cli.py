"""The command line says in one sentence what is wrong, and leaves nothing behind."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.crew import worker_command
from api.ownership import owned
from tests.commands import hitherto, hitherto_process


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.parametrize("arguments", [["version"], ["--version"]], ids=["command", "option"])
def test_prints_its_version(tmp_path: Path, arguments: list[str]) -> None:
    done = hitherto_process(*arguments, directory=tmp_path)
    assert (done.returncode, done.stdout.split()[0]) == (0, "hitherto")


def test_lists_its_commands_when_it_is_given_none(tmp_path: Path) -> None:
    said = hitherto("--help", directory=tmp_path).stdout
    assert all(command in said for command in ("up", "api", "worker", "demo", "version"))


@pytest.mark.parametrize("command", ["up", "api"])
def test_a_taken_port_is_said_and_nothing_is_started(tmp_path: Path, command: str, taken_port: int) -> None:
    done = hitherto_process(command, "--port", str(taken_port), directory=tmp_path)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{taken_port}: Address already in use" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_option_beats_its_variable(tmp_path: Path, taken_port: int) -> None:
    done = hitherto("api", "--port", str(taken_port), directory=tmp_path, HITHERTO_PORT="1")
    assert f"127.0.0.1:{taken_port}" in done.stderr


@pytest.mark.parametrize("command", ["up", "api"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_without_keys_it_listens_to_this_machine_alone(tmp_path: Path, command: str, host: str) -> None:
    done = hitherto(command, "--host", host, directory=tmp_path)
    assert (done.returncode, "HITHERTO_API_KEYS is not set" in done.stderr) == (1, True)


def test_with_keys_it_may_listen_to_others(tmp_path: Path, taken_port: int) -> None:
    done = hitherto(
        "api", "--host", "0.0.0.0", "--port", str(taken_port), directory=tmp_path, HITHERTO_API_KEYS="sk-1"
    )
    assert f"Cannot listen on 0.0.0.0:{taken_port}" in done.stderr


def test_a_wrong_setting_is_named_and_its_value_is_not(tmp_path: Path) -> None:
    done = hitherto("up", directory=tmp_path, HITHERTO_MAX_ATTEMPTS="hunter2")
    assert (done.returncode, "max_attempts" in done.stderr, "hunter2" in done.stderr) == (1, True, False)


@pytest.mark.parametrize("command", ["up", "api"])
def test_a_wrong_upstreams_file_is_named_with_its_fault(tmp_path: Path, command: str) -> None:
    path = tmp_path / "upstreams.toml"
    path.write_text(
        '[[upstream]]\nname = "gpu"\nbase_url = "http://gpu/v1"\nmodels = []\napi_key = "hunter2"\n'
    )
    done = hitherto(command, directory=tmp_path, HITHERTO_UPSTREAMS_FILE=str(path))
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
    assert str(path) in done.stderr
    assert "upstream[0].models: " in done.stderr
    assert "upstream[0].api_key: " in done.stderr
    assert "hunter2" not in done.stderr


def test_up_is_refused_where_another_one_runs(tmp_path: Path) -> None:
    with owned(tmp_path / "data" / "redis"):
        done = hitherto_process(
            "up", "--port", "0", directory=tmp_path, HITHERTO_DATA_DIR=str(tmp_path / "data")
        )
    assert done.returncode == 1
    assert f"in use by process {os.getpid()}" in done.stderr


def test_a_worker_refuses_a_queue_that_does_not_exist(tmp_path: Path) -> None:
    done = hitherto("worker", "--queues", "generation,typo", directory=tmp_path)
    assert (done.returncode, "no such queue: typo" in done.stderr) == (2, True)


def test_a_worker_is_another_program() -> None:
    command = worker_command("generation", 64)
    assert command[-5:] == ["workers", "--queues", "generation", "--concurrency", "64"]
