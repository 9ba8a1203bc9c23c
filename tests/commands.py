"""The command line, run as a user would or in this process."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from api.cli import app
from tests.fixtures.house import bare_environment

ROOT = Path(__file__).parents[1]


# The command line hands them on to what it starts: each run begins without.
SET_BY_OPTIONS = ("HITHERTO_HOST", "HITHERTO_PORT")


def hitherto(*arguments: str, directory: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line in this process, in `directory` and with no other settings."""
    unset = dict.fromkeys((*(os.environ.keys() - bare_environment().keys()), *SET_BY_OPTIONS))
    runner = CliRunner(env={**unset, "COLUMNS": "120", "NO_COLOR": "1", **variables})
    with contextlib.chdir(directory):
        done = runner.invoke(app, arguments, catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def hitherto_process(
    *arguments: str, directory: Path, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command line as a user would, in `directory` and with no other settings."""
    return subprocess.run(
        [sys.executable, "-m", "api", *arguments],
        cwd=directory,
        env={**bare_environment(), "PYTHONPATH": str(ROOT), "COLUMNS": "120", "NO_COLOR": "1", **variables},
        capture_output=True,
        text=True,
        timeout=60,  # a start takes seconds of work, on machines that are busy
        check=False,
    )
