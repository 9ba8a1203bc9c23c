"""A worker that is told to end leaves in time, and another one goes on with all that it had in hand."""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import redis
from openai import OpenAI

from shared.adapters.redis import keys
from tests.fixtures.house import House
from tests.fixtures.polling import create, finished
from tests.scripted_replies import last_user_text
from tests.scripted_upstream import ScriptedUpstream

TURNS = 100
GRACE_SECONDS = 1.0
# Other tests on the same cores take their time from it: `make chaos` runs this one alone.
IS_ALONE = "PYTEST_XDIST_WORKER" not in os.environ
LEAVES_WITHIN_SECONDS = GRACE_SECONDS + (2.0 if IS_ALONE else 6.0)


def test_a_worker_with_a_hundred_turns_gives_each_to_another_and_leaves_in_time(house: House) -> None:
    house.settings |= {"DRAIN_GRACE_SECONDS": str(GRACE_SECONDS), "SUMMARIZER": "ledger"}
    # None that ran out may have given a turn to the other worker: neither on a busy machine, nor in its place.
    house.settings |= {"LEASE_SECONDS": "60"}
    with ScriptedUpstream() as upstream, ThreadPoolExecutor(8) as clients:
        house.settings |= {"UPSTREAM_BASE_URL": upstream.base_url}
        leaving = house.launch_worker("generation", concurrency=TURNS)
        client = house.client(house.start_api())
        house.wait_until_ready(leaving)
        ids = list(clients.map(lambda number: _submit(client, number), range(TURNS)))
        assert upstream.saw_requests(TURNS, timeout_seconds=30)
        house.start_worker("generation", concurrency=TURNS)

        told_at = time.monotonic()
        assert leaving.terminate(timeout_seconds=30) == 0
        assert time.monotonic() - told_at <= LEAVES_WITHIN_SECONDS
        # None has answered yet: each is asked for again, by the other worker, and once.
        assert upstream.saw_requests(2 * TURNS, timeout_seconds=30)
        upstream.released.set()

        ended = list(clients.map(lambda response_id: finished(client, response_id), ids))
        assert Counter(response.status for response in ended) == {"completed": TURNS}
        assert [response.output_text for response in ended] == [f"You said: Turn {n}" for n in range(TURNS)]
        asked = Counter(last_user_text(body) for body in upstream.requests)
        assert asked == {f"Turn {number}": 2 for number in range(TURNS)}
        assert list(clients.map(lambda response_id: _ends(client, response_id), ids)) == [1] * TURNS
    with redis.Redis.from_url(house.redis_url) as store:
        assert {store.hget(keys.record(response_id), "lost") for response_id in ids} == {b"0"}


def _submit(client: OpenAI, number: int) -> str:
    """Submit a streamed turn that the model holds back, and hang up."""
    with create(client, model="held", input=f"Turn {number}", stream=True) as stream:
        return str(next(iter(stream)).response.id)


def _ends(client: OpenAI, response_id: str) -> int:
    """Read all events of a response, which must have no gap; how many of them end it."""
    with client.responses.retrieve(response_id, stream=True) as stream:
        events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    return [event.type for event in events].count("response.completed")
