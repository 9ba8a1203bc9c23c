"""Logs are one JSON line an event, on standard error."""

import json
import subprocess
import sys

_PROGRAM = """
import logging, pydantic, structlog
class Model(pydantic.BaseModel):
    number: int
from shared.logs import configure_logs
configure_logs()
log = structlog.get_logger()
log.debug("too_much")
with structlog.contextvars.bound_contextvars(job_id="resp_1"):
    log.info("response_ended", attempt=2)
try:
    try:
        Model.model_validate({"number": "CANARY"})
    except ValueError as error:
        raise ExceptionGroup("CANARY", [KeyError("CANARY")]) from error
except Exception:
    log.exception("response_failed")
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("careful")
"""


def test_an_event_is_a_line_of_json_without_the_words_of_an_exception_and_libraries_are_heard() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)

    *events, warning = done.stderr.splitlines()
    ended, failed = (json.loads(line) for line in events)
    assert done.stdout == ""
    assert ended.pop("timestamp").endswith("Z")
    assert ended == {"event": "response_ended", "level": "info", "job_id": "resp_1", "attempt": 2}
    assert (failed["event"], failed["level"]) == ("response_failed", "error")
    assert "line 13, in <module>" in failed["exception"]
    assert [line for line in failed["exception"].splitlines() if not line.startswith(" ")] == [
        "pydantic_core._pydantic_core.ValidationError",
        "builtins.ExceptionGroup",
        "builtins.KeyError",
    ]
    assert "CANARY" not in done.stderr
    assert warning == "WARNING library careful"
