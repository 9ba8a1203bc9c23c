"""An end has one name for each endpoint, however often it is told, and failures are tried again ever more slowly."""

from dataclasses import replace

import pytest

from shared.happenings import event_type_of, is_secret
from shared.webhooks import JobEnd, pause_seconds

END = JobEnd("acme", "resp_1", "completed", created_at=1_000, ended_at=9_900)


@pytest.mark.parametrize(
    ("job_id", "status", "expected"),
    [
        ("resp_1", "completed", "response.completed"),
        ("resp_1", "failed", "response.failed"),
        ("resp_1", "cancelled", "response.cancelled"),
        ("resp_1", "incomplete", "response.incomplete"),
        ("cmp_1", "completed", "compaction.completed"),
        ("cmp_1", "failed", "compaction.failed"),
        ("cmp_1", "cancelled", None),
        ("wh_1", "completed", None),
    ],
)
def test_an_end_has_a_type_where_somebody_is_told_of_it(
    job_id: str, status: str, expected: str | None
) -> None:
    assert event_type_of(job_id, status) == expected


def test_an_event_says_what_ended_how_and_when_and_nothing_else() -> None:
    event = END.event("response.completed")

    assert event.pop("id").startswith("evt_")
    assert event == {
        "object": "event",
        "type": "response.completed",
        "created_at": 9,
        "data": {"id": "resp_1"},
    }


def test_the_same_end_told_again_has_the_same_names() -> None:
    later = replace(END, ended_at=99_000)

    assert later.delivery_id("we_1") == END.delivery_id("we_1")
    assert later.event("response.completed")["id"] == END.event("response.completed")["id"]


@pytest.mark.parametrize(
    "other",
    [replace(END, job_id="resp_2"), replace(END, status="failed"), replace(END, created_at=2_000)],
    ids=["another job", "another status", "a later job of the same id"],
)
def test_another_end_or_another_endpoint_has_another_name(other: JobEnd) -> None:
    assert other.delivery_id("we_1") != END.delivery_id("we_1")
    assert END.delivery_id("we_2") != END.delivery_id("we_1")


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 5), (2, 25), (3, 125), (4, 625), (5, 3125), (6, 3600), (5000, 3600)]
)
def test_pauses_grow_five_times_to_an_hour_a_fifth_more_or_less(failures: int, seconds: float) -> None:
    pauses = {pause_seconds(failures, first_seconds=5.0) for _ in range(50)}

    assert len(pauses) > 1
    assert all(0.8 * seconds <= pause <= 1.2 * seconds for pause in pauses)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("whsec_" + "QUJD" * 8, True),
        ("whsec_" + "QUJD" * 7, False),
        ("QUJD" * 8, False),
        ("whsec_" + "!" * 32, False),
        ("", False),
    ],
    ids=["24 bytes", "too short", "no prefix", "no base64", "empty"],
)
def test_a_secret_is_recognised(text: str, expected: bool) -> None:
    assert is_secret(text) == expected
