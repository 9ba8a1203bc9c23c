"""What is killed is taken over: real worker processes, ended by SIGKILL in the middle of their work."""

from functools import partial

import redis
from openai import OpenAI

from shared.adapters.redis import keys
from tests.fixtures.conversations import long_conversation
from tests.fixtures.house import House
from tests.fixtures.polling import RUNNING, create, finished, until
from tests.scripted_replies import STALLED, WHOLE, in_turn
from tests.scripted_upstream import ScriptedUpstream

LEASE_SECONDS = 2


def test_a_turn_whose_worker_is_killed_is_finished_by_another(house: House) -> None:
    script = in_turn(STALLED, WHOLE)
    with ScriptedUpstream(script) as upstream, redis.Redis.from_url(house.redis_url) as store:
        client = _open(house, upstream, "generation")
        doomed = house.workers[-1]
        running = create(client, model="m", input="Tell me a story")
        until(lambda: client.responses.retrieve(running.id).output_text != "")
        spare = house.start_worker("generation")
        doomed.kill()

        response = finished(client, running.id)
        assert response.status == "completed"
        assert response.output_text == WHOLE.text
        assert [item.type for item in response.output] == ["message"]
        assert _field(store, running.id, "attempt") == "2"
        assert spare.child.poll() is None


def test_a_compaction_whose_worker_is_killed_is_made_by_another(house: House) -> None:
    house.settings |= {"SUMMARIZER": "model", "SUMMARIZER_MODEL": "slow:20"}
    with ScriptedUpstream() as upstream:
        client = _open(house, upstream, "generation", "compaction")
        doomed = house.workers[-1]
        waiting = create(client, model="say:Done.", input=long_conversation())
        assert upstream.saw_requests(1, timeout_seconds=30)
        doomed.kill()
        house.settings |= {"SUMMARIZER": "ledger"}
        house.start_worker("compaction")

        response = finished(client, waiting.id)
        assert [item.type for item in response.output] == ["compaction", "message"]


def test_a_job_that_kills_every_worker_is_given_up_after_its_attempts(house: House) -> None:
    house.settings |= {"MAX_ATTEMPTS": "2"}
    with ScriptedUpstream() as upstream:
        client = _open(house, upstream)
        poison = create(client, model="slow:30", input="Tell me a story")

        def was_asked_or_ended(times: int) -> bool:
            return len(upstream.requests) >= times or has_ended(client, poison.id)

        for times in (1, 2):
            worker = house.start_worker("generation")
            # One that is slow to start may lose its lease before it asks.
            until(partial(was_asked_or_ended, times), timeout_seconds=40)
            worker.kill()

        response = finished(client, poison.id)
        assert response.status == "failed"
        assert 1 <= len(upstream.requests) <= 2
        assert response.error is not None
        assert "given up" in response.error.message


def test_two_celery_workers_started_by_hand_each_do_part_of_fifty_jobs(house: House) -> None:
    with ScriptedUpstream() as upstream:
        client = _open(house, upstream, "compaction")
        workers = [house.start_celery("generation", concurrency=4) for _ in range(2)]
        jobs = [create(client, model="slow:0.1", input=f"Job {n}") for n in range(45)]
        jobs += [create(client, model="slow:0.1", input=long_conversation(30 + n)) for n in range(5)]

        ended = [finished(client, job.id) for job in jobs]
        assert [response.status for response in ended] == ["completed"] * 50
        assert [item.type for item in ended[-1].output] == ["compaction", "message"]
        shares = [worker.log.read_text().count('"response_ended"') for worker in workers]
        assert sum(shares) == 50
        assert min(shares) >= 5


def has_ended(client: OpenAI, response_id: str) -> bool:
    return client.responses.retrieve(response_id).status not in RUNNING


def _open(house: House, upstream: ScriptedUpstream, *workers: str) -> OpenAI:
    """Start an API, and a worker for each of these queues, side by side."""
    house.settings = {
        "UPSTREAM_BASE_URL": upstream.base_url,
        "SUMMARIZER": "ledger",
        "LEASE_SECONDS": str(LEASE_SECONDS),
        **house.settings,
    }
    started = [house.launch_worker(queues) for queues in workers]
    client = house.client(house.start_api())
    for worker in started:
        house.wait_until_ready(worker)
    return client


def _field(store: redis.Redis, job_id: str, name: str) -> str:
    value = store.hget(keys.record(job_id), name)
    assert isinstance(value, bytes)
    return value.decode()
