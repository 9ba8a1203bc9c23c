"""What the processes of a chaos run logged: an error that no outage of Redis explains is a bug."""

import json
from collections import Counter
from collections.abc import Sequence

from tests.fixtures.house import Process

_OF_OUTAGE = (
    ("answer_broken_off", "redis.exceptions."),
    ("worker_not_started", '"error": "ConnectionError"'),
    ("worker_not_started", '"error": "TimeoutError"'),
    ("worker_not_started", '"error": "BusyLoadingError"'),
)


def errors_logged(processes: Sequence[Process]) -> list[str]:
    """Return each kind of error that was logged, how often, and the first one."""
    lines = [line for process in processes for line in process.log.read_text().splitlines()]
    errors = [line for line in lines if '"level": "error"' in line and not _is_of_outage(line)]
    kinds = Counter((told["event"], told.get("error")) for told in map(json.loads, errors))
    samples = {(told["event"], told.get("error")): line for line in errors for told in [json.loads(line)]}
    unheard = sum("was never retrieved" in line for line in lines)
    found = [f"logged {count} times: {samples[kind]}" for kind, count in kinds.items()]
    return [*found, f"{unheard} tasks failed, and nobody heard of it"] if unheard else found


def _is_of_outage(line: str) -> bool:
    """Whether the line tells of Redis being out: streams are cut then, and no worker starts."""
    return any(f'"event": "{event}"' in line and sign in line for event, sign in _OF_OUTAGE)
