"""What a compaction's owner is told of it."""

import pytest

from api.records import summary_json
from shared.compactions import CompactionRecord
from shared.lifecycle import JobStatus
from tests.shared.adapters.redis.compacted import ASKED


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (JobStatus.QUEUED, "queued"),
        (JobStatus.RUNNING, "in_progress"),
        pytest.param(JobStatus.WAITING, "in_progress", id="waiting for its parts"),
        (JobStatus.COMPLETED, "completed"),
        (JobStatus.FAILED, "failed"),
    ],
)
def test_a_compaction_is_in_progress_as_long_as_anybody_works_on_it(status: JobStatus, told: str) -> None:
    record = CompactionRecord(
        id=ASKED.id,
        tenant=ASKED.tenant,
        status=status,
        policy=ASKED.policy,
        created_at_ms=1_000,
        ended_at_ms=None,
        tokens=3,
        threshold=8_000,
        ahead=False,
        undone=False,
        outcome=None,
        used_at_ms=None,
        tokens_in_vain=0,
        message=None,
        account=None,
        items=[],
        payload=None,
    )

    assert summary_json(record)["status"] == told
