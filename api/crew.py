"""The crew of `hitherto up`: how many processes of each kind, and the commands that start them."""

import sys
from dataclasses import dataclass

GENERATION_CONCURRENCY = 64
COMPACTION_CONCURRENCY = 64


@dataclass(frozen=True, slots=True)
class Crew:
    """How many worker processes of each kind."""

    generation: int = 1
    compaction: int = 1


def worker_command(queues: str, concurrency: int) -> list[str]:
    """Return the command of a worker process. That door is started, never imported."""
    return module_command("workers", "--queues", queues, "--concurrency", str(concurrency))


def module_command(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours, whatever stands in the working directory."""
    return [sys.executable, "-P", "-m", name, *arguments]
