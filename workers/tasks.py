"""The tasks: thin, one for each kind of job. A doorbell names a job, and is answered with the next of its queue."""

from celery.exceptions import Reject

from shared.jobs import COMPACT, DELIVER, GENERATE, SUMMARIZE
from workers.app import app
from workers.compacting import compact, summarize
from workers.delivering import deliver
from workers.generating import generate
from workers.runtime import Runtime, Work


@app.task(name=GENERATE.task)
def generate_response(job_id: str) -> None:
    """Run the turn behind a background response."""
    _work(job_id)


@app.task(name=COMPACT.task)
def compact_history(job_id: str) -> None:
    """Make the compaction that turns wait for."""
    _work(job_id)


@app.task(name=DELIVER.task)
def deliver_event(job_id: str) -> None:
    """Tell a webhook endpoint that a job ended."""
    _work(job_id)


@app.task(name=SUMMARIZE.task)
def summarize_portion(job_id: str) -> None:
    """Summarise one portion of a large compaction."""
    _work(job_id)


_WORKS: dict[str, Work] = {"resp": generate, "cmp": compact, "part": summarize, "wh": deliver}


def _work_on(job_id: str) -> Work:
    return _WORKS[job_id.partition("_")[0]]


def _work(job_id: str) -> None:
    runtime = Runtime.current()
    if runtime.draining:
        raise Reject(reason="This worker is shutting down.", requeue=True)
    runtime.work(job_id, _work_on)
