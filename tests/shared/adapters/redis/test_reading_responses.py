"""A response can be read at any time: it shows what was told so far, and never what never was."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.redis.responses import RedisResponses
from shared.errors import NotFound
from shared.lifecycle import JobStatus
from shared.wire.items import Message, OutputText
from shared.wire.responses import Response, ResponseError
from tests.shared.adapters.redis.desk import ATTEMPTS, JOB, SETTINGS, Desk
from tests.shared.adapters.redis.turns import HALF, accepted_turn, answered


class InterruptedRedis(Redis):
    """A client after whose first HMGET something happens."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send the command, then let happen what is to happen."""
        found = await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        if args[0] == "HMGET" and self.meanwhile is not None:
            happening, self.meanwhile = self.meanwhile, None
            await happening()
        return found


@pytest.fixture
async def interrupted(redis_url: str) -> AsyncIterator[InterruptedRedis]:
    async with InterruptedRedis.from_url(redis_url) as client:
        assert isinstance(client, InterruptedRedis)
        yield client


def output_text(response: Response) -> list[tuple[str | None, str]]:
    """Return the status and the text of each message."""
    return [
        (item.status, "".join(part.text for part in item.content if isinstance(part, OutputText)))
        for item in response.output
        if isinstance(item, Message)
    ]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "polled"])
async def test_events_are_kept_only_for_who_asked_for_a_stream(
    responses: RedisResponses, desk: Desk, stream: bool
) -> None:
    asked = accepted_turn(stream=stream)
    await responses.enqueue(asked)
    lease = await desk.take("first")
    await responses.append(lease, 2, HALF)
    before = [event["sequence_number"] for event in await responses.read(JOB)]

    await responses.finish(lease, asked, answered(asked))

    after = [event["sequence_number"] for event in await responses.read(JOB)]
    assert before == [0, 1, 2, 3, 4, 5]
    assert after == (before if stream else [])


async def test_a_reader_goes_on_after_what_it_has_seen(responses: RedisResponses, desk: Desk) -> None:
    await responses.enqueue(accepted_turn(stream=True))
    await responses.append(await desk.take("first"), 2, HALF)

    assert await responses.read(JOB, after=3) == HALF[2:]
    assert await responses.read(JOB, after=5) == []


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("queued", "queued"),
        ("running", "in_progress"),
        ("waiting", "in_progress"),
        ("given back", "in_progress"),
        ("cancelled", "cancelled"),
    ],
)
async def test_a_client_sees_its_response_in_openais_words(
    responses: RedisResponses, desk: Desk, state: str, status: str
) -> None:
    await responses.enqueue(accepted_turn())
    if state == "cancelled":
        await desk.jobs.cancel(JOB)
    elif state != "queued":
        lease = await desk.take("first")
        if state != "running":
            await (
                desk.jobs.park(lease, waits_for="cmp_1") if state == "waiting" else desk.jobs.release(lease)
            )

    assert (await responses.load(JOB, "acme")).response.status == status


@pytest.mark.parametrize("ending", ["none yet", "cancelled", "given up"])
async def test_a_response_that_was_not_finished_has_its_output_so_far(
    responses: RedisResponses, desk: Desk, ending: str
) -> None:
    await responses.enqueue(accepted_turn())
    lease = await desk.take("first")
    await responses.append(lease, 2, HALF)
    if ending == "cancelled":
        await desk.jobs.cancel(JOB)
    elif ending == "given up":
        await desk.let_deadline_pass()
        await desk.jobs.look(JOB, queue_depth=0)

    response = (await responses.load(JOB, "acme")).response

    assert output_text(response) == [("incomplete", "Half of it")]


async def test_a_response_that_was_given_up_says_why(responses: RedisResponses, desk: Desk) -> None:
    await responses.enqueue(accepted_turn())
    for number in range(ATTEMPTS):
        await desk.take(f"worker {number}")
        await desk.let_lease_run_out()
        await desk.jobs.look(JOB, queue_depth=0)

    response = (await responses.load(JOB, "acme")).response

    assert response.status == "failed"
    assert response.error is not None
    assert response.error.code == "server_error"
    assert "lost 3 times" in response.error.message


async def test_a_turn_that_failed_keeps_its_own_error(responses: RedisResponses, desk: Desk) -> None:
    asked = accepted_turn()
    await responses.enqueue(asked)
    error = ResponseError(code="rate_limit_exceeded", message="Slow down.")
    failed = replace(answered(asked), response=asked.head.changed(status="failed", error=error), output=[])

    await responses.finish(await desk.take("first"), asked, failed)

    assert (await responses.load(JOB, "acme")).response.error == error


async def test_a_reader_that_meets_the_deletion_finds_nothing(interrupted: InterruptedRedis) -> None:
    """The record is there when the reader looks first, and gone when it reads on."""
    jobs = RedisJobs(interrupted, None, SETTINGS)
    responses = RedisResponses(interrupted, jobs, SETTINGS)
    await responses.enqueue(accepted_turn())
    await jobs.cancel(JOB)

    interrupted.meanwhile = lambda: responses.delete(JOB)

    with pytest.raises(NotFound):
        await responses.load(JOB, "acme")


async def test_a_reader_that_meets_the_end_sees_the_end(interrupted: InterruptedRedis) -> None:
    """The turn finishes, and drops its events, while a poll is between its two looks."""
    jobs = RedisJobs(interrupted, None, SETTINGS)
    responses = RedisResponses(interrupted, jobs, SETTINGS)
    asked = accepted_turn()
    await responses.enqueue(asked)
    lease = await Desk(interrupted, None, jobs).take("first")
    await responses.append(lease, 2, HALF)

    interrupted.meanwhile = lambda: responses.finish(lease, asked, answered(asked))

    assert (await responses.load(JOB, "acme")).response == answered(asked).response


async def test_where_a_response_stands_is_read_without_what_it_said(
    responses: RedisResponses, desk: Desk
) -> None:
    asked = accepted_turn()
    await responses.enqueue(asked)
    assert await responses.status(JOB, asked.tenant) is JobStatus.QUEUED
    await responses.finish(await desk.take("first"), asked, answered(asked))
    assert await responses.status(JOB, asked.tenant) is JobStatus.COMPLETED
    for name, tenant in ((JOB, "other"), ("resp_none", asked.tenant)):
        with pytest.raises(NotFound):
            await responses.status(name, tenant)


async def test_responses_are_stored_if_each_of_them_is(responses: RedisResponses) -> None:
    await responses.enqueue(accepted_turn())

    assert await responses.are_stored([JOB, JOB])
    assert not await responses.are_stored([JOB, "resp_none"])
