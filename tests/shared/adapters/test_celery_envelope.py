"""Our doorbell is, byte for byte where it matters, the message that Celery itself would have sent."""

import json
import os
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import Celery
from kombu import Connection

from shared.adapters.celery import LOW, NORMAL, envelope, queue_key
from shared.jobs import COMPACT, DELIVER, GENERATE, SUMMARIZE, JobType, Queue
from shared.wire.model import JsonObject
from workers.app import celery_settings

JOB_TYPES = pytest.mark.parametrize("job", [GENERATE, COMPACT, SUMMARIZE, DELIVER], ids=lambda job: job.task)
PRIORITIES = pytest.mark.parametrize("priority", [NORMAL, LOW], ids=["normal", "low"])


@pytest.fixture
def app(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """The workers' application, whose broker is the test's server."""
    for name in [name for name in os.environ if name.startswith("HITHERTO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HITHERTO_REDIS_URL", redis_url)
    with Celery("contract", set_as_current=False) as app:
        app.conf.update(celery_settings())
        yield app


@pytest.fixture
def broker(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def celerys_own(app: Celery, broker: redis.Redis, job: JobType, priority: int) -> JsonObject:
    """Return the message that Celery leaves in Redis; our tasks' results are nobody's."""
    options = {"queue": str(job.queue), "priority": priority, "ignore_result": True}
    app.send_task(job.task, kwargs={"job_id": "resp_1"}, **options)
    message = broker.rpop(queue_key(job.queue, priority=priority))
    assert isinstance(message, bytes)
    return opened(message)


def opened(message: bytes | str) -> JsonObject:
    """Return a message with its body decoded, and what differs between any two messages named by its kind."""
    document: JsonObject = json.loads(message)
    document["body"] = json.loads(b64decode(document["body"]))
    headers, properties = document["headers"], document["properties"]
    for name in ("id", "root_id"):
        assert headers[name] == properties["correlation_id"]
        headers[name] = "the task's id"
    properties["correlation_id"] = "the task's id"
    for name in ("delivery_tag", "reply_to"):
        properties[name] = type(properties[name])
    headers["origin"] = type(headers["origin"])
    return document


@PRIORITIES
@JOB_TYPES
def test_a_doorbell_is_what_celery_would_have_sent(
    app: Celery, broker: redis.Redis, job: JobType, priority: int
) -> None:
    assert opened(envelope(job, "resp_1", priority=priority)) == celerys_own(app, broker, job, priority)


@PRIORITIES
@JOB_TYPES
def test_celery_reads_the_task_and_the_jobs_id_from_a_doorbell(
    app: Celery, broker: redis.Redis, job: JobType, priority: int
) -> None:
    broker.lpush(queue_key(job.queue, priority=priority), envelope(job, "resp_1", priority=priority))

    message = receive(app, job.queue)

    arguments, keywords, _ = message.decode()
    assert (message.headers["task"], arguments, keywords) == (job.task, [], {"job_id": "resp_1"})
    assert message.headers["id"] == message.properties["correlation_id"]


def receive(app: Celery, queue: Queue) -> Any:
    """Return the next message as a worker's consumer gets it."""
    connection: Connection
    with app.connection_for_read() as connection, connection.SimpleQueue(app.amqp.queues[str(queue)]) as line:
        message = line.get(timeout=5)
        message.ack()
        return message


def test_no_two_doorbells_share_an_id() -> None:
    first, second = (json.loads(envelope(GENERATE, "resp_1")) for _ in range(2))

    for place, name in (("headers", "id"), ("properties", "delivery_tag")):
        assert first[place][name] != second[place][name]


def test_a_doorbell_holds_nothing_but_the_jobs_id() -> None:
    arguments, keywords, options = json.loads(b64decode(json.loads(envelope(GENERATE, "resp_1"))["body"]))

    assert (arguments, keywords) == ([], {"job_id": "resp_1"})
    assert not any(options.values())


def test_celerys_keys_and_ours_are_kept_apart() -> None:
    assert queue_key(Queue.GENERATION) == "hitherto:broker:generation"
