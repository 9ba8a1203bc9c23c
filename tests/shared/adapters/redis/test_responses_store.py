"""Responses in Redis: what was stored comes back, to its tenant alone, and so does what was told so far."""

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.redis.responses import RedisResponses
from shared.errors import LeaseLost, NotFound
from shared.jobs import Queue
from shared.lifecycle import JobStatus, Lease
from shared.turns import Turn, TurnResult
from shared.window.payload import SizedItem
from shared.wire.items import Item, Message, OutputText
from shared.wire.model import JsonObject
from shared.wire.requests import CreateResponse
from shared.wire.responses import Response, ResponseError
from tests.shared.adapters.redis.desk import ATTEMPTS, JOB, NO_LEASE, SETTINGS, Desk

HALF: list[JsonObject] = [
    {"type": "response.in_progress", "sequence_number": 2},
    {
        "type": "response.output_item.added",
        "sequence_number": 3,
        "output_index": 0,
        "item": {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        },
    },
    {
        "type": "response.content_part.added",
        "sequence_number": 4,
        "output_index": 0,
        "content_index": 0,
        "part": {"type": "output_text", "text": "", "annotations": []},
    },
    {
        "type": "response.output_text.delta",
        "sequence_number": 5,
        "output_index": 0,
        "content_index": 0,
        "delta": "Half of it",
    },
]


@pytest.fixture
def responses(store: Redis, desk: Desk) -> RedisResponses:
    assert isinstance(desk.jobs, RedisJobs)
    return RedisResponses(store, desk.jobs, SETTINGS)


def turn(response_id: str = JOB, *, tenant: str = "acme", stream: bool = False, text: str = "Hello") -> Turn:
    request = {"model": "m", "input": text, "background": True, "stream": stream, "instructions": "Be brief."}
    return Turn(
        tenant=tenant,
        request=CreateResponse.from_json(request),
        head=Response(id=response_id, created_at=1, status="queued", model="m", background=True),
        input=[Message(id="msg_0", role="user", content=text)],
    )


def answered(asked: Turn, *, path: list[str] | None = None) -> TurnResult:
    output: list[Item] = [Message(id="msg_1", role="assistant", content=[OutputText(text="All of it")])]
    return TurnResult(
        response=asked.head.changed(status="completed", output=output),
        base=[SizedItem(item=Message(role="user", content="Before"), tokens=2)],
        input=[SizedItem(item=item, tokens=3) for item in asked.input],
        output=[SizedItem(item=item, tokens=5) for item in output],
        path=path or [asked.id],
    )


def output_text(response: Response) -> list[tuple[str | None, str]]:
    messages = [item for item in response.output if isinstance(item, Message)]
    return [(message.status, "".join(part.text for part in message.content)) for message in messages]  # type: ignore[union-attr]


async def test_a_background_turn_comes_back_as_it_was_accepted(responses: RedisResponses, desk: Desk) -> None:
    asked = turn(text="Grüße, 漢字 and \U0001f600")
    await responses.enqueue(asked)
    lease = await desk.take("first")

    loaded = await responses.load_turn(lease)

    assert (loaded.tenant, loaded.head, loaded.input) == (asked.tenant, asked.head, asked.input)
    assert loaded.request == asked.request.changed(input="")


async def test_a_background_turn_is_rung_for_by_its_id_alone(responses: RedisResponses, desk: Desk) -> None:
    await responses.enqueue(turn(text="a secret"))

    assert await desk.doorbells(Queue.GENERATION) == [JOB]
    assert "secret" not in str(await desk.store.lrange("hitherto:broker:generation", 0, -1))  # type: ignore[misc]


async def test_a_turn_that_is_gone_is_a_lost_lease(responses: RedisResponses) -> None:
    with pytest.raises(LeaseLost):
        await responses.load_turn(NO_LEASE)


async def test_a_finished_response_comes_back_whole(responses: RedisResponses, desk: Desk) -> None:
    asked = turn()
    await responses.enqueue(asked)
    lease = await desk.take("first")
    await responses.append(lease, 2, HALF)

    await responses.finish(lease, asked, answered(asked))

    stored = await responses.load(JOB, "acme")
    assert stored.response == answered(asked).response
    assert (stored.streams, stored.event_count) == (False, 6)
    assert "request" not in await desk.record()


async def test_a_foreground_response_comes_back_whole(responses: RedisResponses) -> None:
    asked = turn()

    await responses.save(asked, answered(asked))

    assert (await responses.load(JOB, "acme")).response == answered(asked).response


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "polled"])
async def test_events_are_kept_only_for_who_asked_for_a_stream(
    responses: RedisResponses, desk: Desk, stream: bool
) -> None:
    asked = turn(stream=stream)
    await responses.enqueue(asked)
    lease = await desk.take("first")
    await responses.append(lease, 2, HALF)
    before = [event["sequence_number"] for event in await responses.read(JOB)]

    await responses.finish(lease, asked, answered(asked))

    after = [event["sequence_number"] for event in await responses.read(JOB)]
    assert before == [0, 1, 2, 3, 4, 5]
    assert after == (before if stream else [])


async def test_a_reader_goes_on_after_what_it_has_seen(responses: RedisResponses, desk: Desk) -> None:
    await responses.enqueue(turn(stream=True))
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
    await responses.enqueue(turn())
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
    await responses.enqueue(turn())
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
    await responses.enqueue(turn())
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
    asked = turn()
    await responses.enqueue(asked)
    error = ResponseError(code="rate_limit_exceeded", message="Slow down.")
    failed = replace(answered(asked), response=asked.head.changed(status="failed", error=error), output=[])

    await responses.finish(await desk.take("first"), asked, failed)

    assert (await responses.load(JOB, "acme")).response.error == error


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
async def test_a_turn_cannot_end_as_what_is_no_end_of_its_own(responses: RedisResponses, status: str) -> None:
    asked = turn()

    with pytest.raises(ValueError, match=status):
        await responses.finish(NO_LEASE, asked, TurnResult(response=asked.head.changed(status=status)))


@pytest.mark.parametrize("response_id", [JOB, "resp_unknown"], ids=["another tenant's", "unknown"])
async def test_what_is_another_tenants_does_not_exist(responses: RedisResponses, response_id: str) -> None:
    asked = turn()
    await responses.enqueue(asked)

    with pytest.raises(NotFound):
        await responses.load(response_id, "other")
    with pytest.raises(NotFound):
        await responses.load_turns([response_id], "other")


async def test_finished_output_is_not_shown_to_another_tenant(responses: RedisResponses) -> None:
    asked = turn()
    await responses.save(asked, answered(asked))

    with pytest.raises(NotFound):
        await responses.load(JOB, "other")


async def test_one_strange_turn_in_a_path_makes_all_of_it_unknown(responses: RedisResponses) -> None:
    await responses.save(turn("resp_1"), answered(turn("resp_1")))
    await responses.save(turn("resp_2", tenant="other"), answered(turn("resp_2")))

    with pytest.raises(NotFound, match="resp_2"):
        await responses.load_turns(["resp_1", "resp_2"], "acme")


async def test_a_path_is_loaded_in_order_with_sizes(responses: RedisResponses) -> None:
    for number in (1, 2, 3):
        asked = turn(f"resp_{number}", text=f"Question {number}")
        await responses.save(asked, answered(asked, path=[f"resp_{n}" for n in range(1, number + 1)]))

    turns = await responses.load_turns(["resp_3", "resp_1"], "acme")

    assert [stored.id for stored in turns] == ["resp_3", "resp_1"]
    assert [stored.status for stored in turns] == [JobStatus.COMPLETED] * 2
    assert turns[0].path == ["resp_1", "resp_2", "resp_3"]
    assert [entry.tokens for entry in turns[0].items] == [2, 3, 5]


async def test_a_turn_that_has_not_ended_has_no_way_on(responses: RedisResponses) -> None:
    await responses.enqueue(turn())

    [stored] = await responses.load_turns([JOB], "acme")

    assert (stored.status, stored.base, stored.output, stored.path) == (JobStatus.QUEUED, [], [], [])


async def test_turns_that_are_built_upon_live_on(responses: RedisResponses, desk: Desk) -> None:
    asked = turn()
    await responses.save(asked, answered(asked))
    await desk.store.pexpire(keys.record(JOB), 5000)

    await responses.load_turns([JOB], "acme")

    assert await desk.ttl_seconds(keys.record(JOB)) == pytest.approx(SETTINGS.response_ttl_seconds, abs=2)


async def test_only_what_has_ended_is_deleted_and_then_it_is_gone(
    responses: RedisResponses, desk: Desk
) -> None:
    await responses.enqueue(turn(stream=True))
    assert await responses.delete(JOB) is False
    await desk.jobs.cancel(JOB)

    assert await responses.delete(JOB) is True
    assert await responses.delete(JOB) is True

    with pytest.raises(NotFound):
        await responses.load(JOB, "acme")
    await desk.lose_doorbells()
    assert await desk.everything() == {}


async def test_a_reader_that_meets_the_deletion_finds_nothing(responses: RedisResponses, desk: Desk) -> None:
    """The record is there when the reader looks first, and gone when it reads on."""
    await responses.enqueue(turn())
    readers_store = DeletingRedis(desk.store, responses)

    with pytest.raises(NotFound):
        await RedisResponses(readers_store, RedisJobs(desk.store, None, SETTINGS), SETTINGS).load(JOB, "acme")


async def test_a_reader_that_meets_the_end_sees_the_end(responses: RedisResponses, desk: Desk) -> None:
    """The turn finishes, and drops its events, while a poll is between its two looks."""
    asked = turn()
    await responses.enqueue(asked)
    lease = await desk.take("first")
    await responses.append(lease, 2, HALF)
    readers_store = FinishingRedis(desk.store, responses, lease)

    stored = await RedisResponses(readers_store, RedisJobs(desk.store, None, SETTINGS), SETTINGS).load(
        JOB, "acme"
    )

    assert stored.response == answered(asked).response
