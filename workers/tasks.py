"""The tasks: thin, one for each kind of job. A doorbell names a job; its record says what to do."""

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
    _work(job_id, generate)


@app.task(name=COMPACT.task)
def compact_history(job_id: str) -> None:
    """Make the compaction that turns wait for."""
    _work(job_id, compact)


@app.task(name=DELIVER.task)
def deliver_event(job_id: str) -> None:
    """Tell a webhook endpoint that a job ended."""
    _work(job_id, deliver)


@app.task(name=SUMMARIZE.task)
def summarize_portion(job_id: str) -> None:
    """Summarise one portion of a large compaction."""
    _work(job_id, summarize)


def _work(job_id: str, work: Work) -> None:
    runtime = Runtime.current()
    if runtime.draining:
        raise Reject(reason="This worker is shutting down.", requeue=True)
    runtime.work(job_id, work)
