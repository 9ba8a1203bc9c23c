"""Whoever ends a job notes that in the same step, and each end becomes one delivery for each who wants to know."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.deliveries import RedisDeliveries
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.jobs import RedisJobs
from shared.adapters.redis.webhook_endpoints import RedisWebhookEndpoints
from shared.adapters.sealer import AesGcmSealer, new_key
from shared.adapters.webhooks.signing import new_secret
from shared.announcing import Announcer
from shared.errors import LeaseLost
from shared.happenings import WebhookEventType
from shared.jobs import Queue
from shared.lifecycle import Ending, NewJob
from shared.settings import Settings
from tests.shared.adapters.redis.desk import (
    COMPACTION,
    COMPLETED,
    FAILED,
    JOB,
    NEW,
    NEW_COMPACTION,
    SETTINGS,
    Desk,
)

THEIRS = replace(NEW_COMPACTION, fields=NEW_COMPACTION.fields | {"tenant": b"acme"})
HOUR = 3600


@pytest.fixture
def endpoints(desk: Desk) -> RedisWebhookEndpoints:
    return RedisWebhookEndpoints(desk.store, AesGcmSealer([new_key()]), SETTINGS)


@pytest.fixture
def deliveries(desk: Desk) -> RedisDeliveries:
    return RedisDeliveries(desk.store, desk.jobs)


@pytest.fixture
def announcer(endpoints: RedisWebhookEndpoints, deliveries: RedisDeliveries) -> Announcer:
    return Announcer(endpoints, deliveries, keep_alive_seconds=HOUR)


async def listen(
    endpoints: RedisWebhookEndpoints, *types: WebhookEventType, tenant: str = "acme", name: str = "one"
) -> str:
    wanted = types or ("response.completed", "response.failed", "compaction.failed")
    endpoint, _ = await endpoints.create(tenant, name=name, url="https://example.com/", event_types=wanted)
    return endpoint.id


async def finish(desk: Desk, *, job: NewJob = NEW, ending: Ending = COMPLETED) -> None:
    await desk.jobs.finish(await desk.start(job=job), ending)


async def untold(desk: Desk) -> list[tuple[str, str, str]]:
    facts = await answer(desk.store.zrange(keys.OUTBOX, 0, -1))
    return [tuple(fact.decode().split("\n")[:3]) for fact in facts]


async def cancelled(desk: Desk) -> None:
    await desk.start()
    await desk.jobs.cancel(JOB)


async def past_its_deadline(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    await desk.let_deadline_pass()
    await desk.jobs.look(JOB, queue_depth=0)


async def past_its_deadline_for_a_claim(desk: Desk) -> None:
    await desk.jobs.create(NEW)
    await desk.let_deadline_pass()
    await desk.jobs.claim(JOB, "late")


async def lost_for_the_last_time(desk: Desk) -> None:
    await desk.bring_to("lapsed for the last time")
    await desk.jobs.look(JOB, queue_depth=0)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (finish, "completed"),
        (lambda desk: finish(desk, ending=Ending("incomplete", {})), "incomplete"),
        (lambda desk: finish(desk, ending=FAILED), "failed"),
        (cancelled, "cancelled"),
        (past_its_deadline, "failed"),
        (past_its_deadline_for_a_claim, "failed"),
        (lost_for_the_last_time, "failed"),
    ],
    ids=["completed", "incomplete", "failed", "cancelled", "deadline", "deadline at a claim", "given up"],
)
async def test_however_a_job_ends_its_end_is_noted_in_the_same_step(
    desk: Desk, endpoints: RedisWebhookEndpoints, end: Callable[[Desk], Awaitable[None]], status: str
) -> None:
    await listen(endpoints)

    await end(desk)

    assert await untold(desk) == [("acme", JOB, status)]
    assert 0 < await desk.ttl_seconds(keys.OUTBOX) <= SETTINGS.response_ttl_seconds


async def test_nothing_is_noted_where_nobody_is_to_be_told(
    desk: Desk, endpoints: RedisWebhookEndpoints
) -> None:
    await listen(endpoints, tenant="other")
    await desk.jobs.store("resp_2", "completed", {"tenant": b"other"})  # in the foreground: its client has it
    await finish(desk)
    await finish(desk, job=replace(THEIRS, fields={"tenant": b"other", "ended_ttl_ms": b"60000"}))

    assert await untold(desk) == []


async def test_the_operator_is_told_of_every_tenants(desk: Desk) -> None:
    settings = Settings.model_validate(
        {
            "webhook_url": "https://example.com/",
            "webhook_secret": new_secret(),
            "webhook_event_types": "response.failed",
        }
    )
    jobs = RedisJobs(desk.store, None, settings)
    endpoints = RedisWebhookEndpoints(desk.store, AesGcmSealer([new_key()]), settings)
    theirs = await listen(endpoints)

    await finish(replace(desk, jobs=jobs))

    assert await untold(desk) == [("acme", JOB, "completed")]
    assert await endpoints.listeners("acme", "response.failed") == ["settings", theirs]
    assert await endpoints.listeners("acme", "response.completed") == [theirs]
    assert await endpoints.listeners("other", "response.failed") == ["settings"]


async def test_an_end_becomes_one_delivery_for_each_endpoint_that_wants_to_know(
    desk: Desk, endpoints: RedisWebhookEndpoints, deliveries: RedisDeliveries, announcer: Announcer
) -> None:
    told = [await listen(endpoints), await listen(endpoints, "response.completed", name="two")]
    await listen(endpoints, "response.failed", name="deaf")
    await listen(endpoints, tenant="other")
    await finish(desk)

    await announcer.sweep()

    rung = await desk.doorbells(Queue.HOUSEKEEPING)
    found = [await deliveries.load(await desk.take("worker", job_id=job_id)) for job_id in rung]
    assert [each.endpoint_id for each in found] == told
    assert len({each.id for each in found}) == 2
    assert {each.body for each in found} == {found[0].body}
    assert all(each.is_wanted and each.failures == 0 and each.tenant == "acme" for each in found)
    assert await untold(desk) == []


async def test_to_announce_an_end_again_changes_nothing(
    desk: Desk, endpoints: RedisWebhookEndpoints, deliveries: RedisDeliveries, announcer: Announcer
) -> None:
    await listen(endpoints)
    await finish(desk)
    # Its process dies before the outbox forgets; in between, the delivery was made.
    [end] = await deliveries.untold()
    await deliveries.enqueue(end, (await endpoints.all("acme"))[0].id, end.event("response.completed"))
    [delivery] = await desk.doorbells(Queue.HOUSEKEEPING)
    lease = await desk.take("worker", job_id=delivery)
    await deliveries.finish(lease, "completed")
    await desk.store.zadd(
        keys.OUTBOX, {"\n".join(["acme", JOB, "completed", str(end.created_at), str(end.ended_at)]): 0}
    )

    await announcer.sweep()

    assert await desk.doorbells(Queue.HOUSEKEEPING) == []
    assert await untold(desk) == []


async def test_an_end_that_is_being_announced_is_left_alone_for_some_seconds(
    desk: Desk, endpoints: RedisWebhookEndpoints, deliveries: RedisDeliveries
) -> None:
    await listen(endpoints)
    await finish(desk)

    assert len(await deliveries.untold()) == 1
    assert await deliveries.untold() == []
    assert len(await untold(desk)) == 1


async def test_while_the_queue_is_full_ends_wait_in_the_outbox(
    desk: Desk, endpoints: RedisWebhookEndpoints, announcer: Announcer
) -> None:
    for number in range(SETTINGS.max_queued + 1):
        await listen(endpoints, name=str(number))
    await finish(desk)

    await announcer.sweep()

    assert len(await desk.doorbells(Queue.HOUSEKEEPING)) == SETTINGS.max_queued
    assert await untold(desk) == [("acme", JOB, "completed")]


async def test_a_delivery_that_ended_says_nothing_any_more_and_goes_after_an_hour(
    desk: Desk, endpoints: RedisWebhookEndpoints, deliveries: RedisDeliveries, announcer: Announcer
) -> None:
    await listen(endpoints)
    await finish(desk)
    await announcer.sweep()
    [delivery] = await desk.doorbells(Queue.HOUSEKEEPING)
    lease = await desk.take("worker", job_id=delivery)

    await deliveries.finish(lease, "completed")

    record = await desk.record(delivery)
    assert JOB not in str(record)
    assert "acme" not in str(record)
    assert await desk.ttl_seconds(keys.record(delivery)) == pytest.approx(HOUR, abs=2)
    assert await untold(desk) == []
    with pytest.raises(LeaseLost):
        await deliveries.load(lease)


async def test_a_delivery_is_deferred_with_its_failures_and_given_up_after_72_hours(
    desk: Desk, endpoints: RedisWebhookEndpoints, deliveries: RedisDeliveries, announcer: Announcer
) -> None:
    await listen(endpoints)
    await finish(desk)
    await announcer.sweep()
    [delivery] = await desk.doorbells(Queue.HOUSEKEEPING)
    lease = await desk.take("first", job_id=delivery)

    await deliveries.defer(lease, failures=3, seconds=HOUR)

    assert await desk.seconds_until_look(delivery) == pytest.approx(HOUR, abs=2)
    assert int((await desk.record(delivery))["deadline"]) - await desk.now() == pytest.approx(
        72 * HOUR * 1000, abs=5000
    )
    await desk.let_its_time_come(delivery)
    assert (await deliveries.load(await desk.take("second", job_id=delivery))).failures == 3
    await desk.let_deadline_pass(delivery)
    await desk.jobs.look(delivery, queue_depth=0)
    assert await desk.status(delivery) == "failed"
    assert await answer(desk.store.hget(keys.COUNTERS, "wh:deferred")) == b"1"


async def test_lost_workers_do_not_end_a_delivery_soon(
    desk: Desk, endpoints: RedisWebhookEndpoints, announcer: Announcer
) -> None:
    await listen(endpoints)
    await finish(desk)
    await announcer.sweep()
    [delivery] = await desk.doorbells(Queue.HOUSEKEEPING)

    for number in range(10):
        await desk.take(f"worker {number}", job_id=delivery)
        await desk.let_lease_run_out(delivery)

    assert await desk.status(delivery) == "running"


async def test_a_delivery_of_a_deleted_response_is_wanted_no_more_but_that_of_a_failed_compaction_is(
    desk: Desk, endpoints: RedisWebhookEndpoints, deliveries: RedisDeliveries, announcer: Announcer
) -> None:
    await listen(endpoints)
    await finish(desk)
    await finish(desk, job=THEIRS, ending=FAILED)
    await announcer.sweep()
    await desk.jobs.delete(JOB)
    await desk.jobs.delete(COMPACTION)

    rung = await desk.doorbells(Queue.HOUSEKEEPING)
    found = [await deliveries.load(await desk.take("worker", job_id=job_id)) for job_id in rung]

    assert {"resp" if JOB in each.body else "cmp": each.is_wanted for each in found} == {
        "resp": False,
        "cmp": True,
    }


async def test_an_end_that_cannot_be_told_keeps_no_other_from_it(
    desk: Desk, endpoints: RedisWebhookEndpoints, announcer: Announcer
) -> None:
    await listen(endpoints)
    await answer(desk.store.hset(keys.webhooks_of("broken"), "we_1", "no JSON"))
    await finish(desk, job=replace(NEW, id="resp_0", fields={"tenant": b"broken"}))
    await finish(desk)

    await announcer.sweep()

    assert await untold(desk) == [("broken", "resp_0", "completed")]
    assert len(await desk.doorbells(Queue.HOUSEKEEPING)) == 1


async def test_an_end_that_has_no_name_is_forgotten(
    desk: Desk, endpoints: RedisWebhookEndpoints, announcer: Announcer
) -> None:
    await listen(endpoints)
    await desk.jobs.create(THEIRS)
    await desk.jobs.cancel(COMPACTION)

    await announcer.sweep()

    assert await untold(desk) == []
    assert await desk.doorbells(Queue.HOUSEKEEPING) == []


async def test_an_end_that_a_newer_server_wrote_keeps_no_other_from_being_told(
    desk: Desk, endpoints: RedisWebhookEndpoints, deliveries: RedisDeliveries, announcer: Announcer
) -> None:
    await listen(endpoints)
    await finish(desk)
    strange = ["acme\nresp_9\ncompleted\n1\n2\nmore", "acme\nresp_9\ncompleted\nsoon\n2"]
    await desk.store.zadd(keys.OUTBOX, dict.fromkeys(strange, 0))

    await announcer.sweep()

    left = await answer(desk.store.zrange(keys.OUTBOX, 0, -1))
    assert sorted(fact.decode() for fact in left) == sorted(strange)
    assert await deliveries.untold() == []
