"""`python -m workers`: one worker process, for the queues that it is told."""

import argparse
import os
import sys
import warnings
from typing import NoReturn

from celery.platforms import SecurityWarning

from shared.jobs import Queue
from workers.app import app


def main(arguments: list[str] | None = None) -> None:
    """Run a worker until it is told to stop; the first SIGTERM drains it."""
    options = _parse(arguments)
    name = options.queues.split(",")[0]
    # Celery's banner and its advice to root say nothing that an operator of ours can use.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    app.worker_main(
        [
            "--quiet",
            "worker",
            "--pool=threads",
            f"--concurrency={options.concurrency}",
            f"--queues={options.queues}",
            f"--hostname={name}-{os.getpid()}@%h",
            "--loglevel=WARNING",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers")
    parser.add_argument(
        "--queues", type=_queues, default=",".join(Queue), help="comma-separated (default: all)"
    )
    parser.add_argument("--concurrency", type=int, default=64, help="jobs at a time (default: 64)")
    return parser.parse_args(arguments)


def _queues(text: str) -> str:
    unknown = [name for name in text.split(",") if name not in set(Queue)]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such queue: {', '.join(unknown)}")
    return text


def _leave(code: object) -> NoReturn:
    """End the process at once, as all is closed: taking the interpreter apart takes half a second of its grace."""
    if isinstance(code, str):
        print(code, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SystemExit as leaving:
        _leave(leaving.code)
    _leave(None)
