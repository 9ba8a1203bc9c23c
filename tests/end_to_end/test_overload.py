"""Too much at once, and what hangs: refusals, priorities and ends on real processes; the worker does one job at a time."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis
from openai import InternalServerError, OpenAI, RateLimitError

from shared.adapters.celery import LOW, NORMAL, queue_key
from shared.adapters.redis import keys
from shared.jobs import Queue
from tests.fixtures.conversations import long_conversation
from tests.fixtures.house import House
from tests.fixtures.leaving import leave
from tests.fixtures.polling import answer, finished, until
from tests.scripted_upstream import ScriptedUpstream

OWN = 4
MANAGEMENT = [{"type": "compaction", "compact_threshold": 4000}]
# Over four fifths of the threshold, but not over it.
NEARLY = long_conversation(36)
_ENDS = ("compaction_ready", "response_ended")


@dataclass
class Site:
    """Two API processes, the second with short deadlines, and one worker that is started when it is asked for."""

    house: House
    here: OpenAI
    there: OpenAI
    bob: OpenAI
    store: redis.Redis
    log: Path | None = None

    def start_worker(self) -> Path:
        self.log = self.log or self.house.start_worker(concurrency=1).log
        return self.log

    def queued(self, queue: Queue, priority: int = NORMAL) -> int:
        count = self.store.zcard(keys.queued_in(queue_key(queue, priority=priority)))
        assert isinstance(count, int)
        return count


@pytest.fixture(scope="module")
def site(module_house: House, provider: ScriptedUpstream) -> Iterator[Site]:
    module_house.settings |= {
        "UPSTREAM_BASE_URL": provider.base_url,
        "SUMMARIZER": "ledger",
        "API_KEYS": "alice,bob",
        "MAX_QUEUED_PER_TENANT": str(OWN),
    }
    first = module_house.start_api()
    module_house.settings |= {"RESPONSE_DEADLINE_SECONDS": "2", "FOREGROUND_DEADLINE_SECONDS": "1"}
    second = module_house.start_api()
    here = module_house.client(first, api_key="alice")
    there = module_house.client(second, api_key="alice")
    bob = module_house.client(first, api_key="bob")
    with redis.Redis.from_url(module_house.redis_url) as store:
        yield Site(module_house, here, there, bob, store)


def submit(client: OpenAI, model: str, **headers: str) -> str:
    return client.responses.create(model=model, input="Hi", background=True, extra_headers=headers).id


def test_what_is_refused_leaves_nothing_behind_and_others_are_none_the_worse(site: Site) -> None:
    waiting = [submit(site.here, "say:Hi.") for _ in range(OWN)]
    before = sorted(site.store.keys())

    with pytest.raises(RateLimitError) as refused:
        submit(site.here, "say:Hi.", **{"Idempotency-Key": "once"})

    assert f"You have {OWN} jobs waiting" in refused.value.message
    assert refused.value.code == "rate_limit_exceeded"
    assert 1 <= int(refused.value.response.headers["retry-after"]) <= 60
    assert sorted(site.store.keys()) == before
    others = submit(site.bob, "say:Hi.")
    site.here.responses.cancel(waiting.pop())
    waiting.append(submit(site.here, "say:Hi.", **{"Idempotency-Key": "once"}))

    for response_id in waiting:
        site.here.responses.cancel(response_id)
    site.bob.responses.cancel(others)
    assert site.queued(Queue.GENERATION) == 0


def test_a_worker_for_all_queues_does_first_what_somebody_waits_for_and_last_what_can_wait(
    site: Site,
) -> None:
    answer(site.here, model="say:Hi.", input=NEARLY, context_management=MANAGEMENT)
    until(lambda: site.queued(Queue.COMPACTION, LOW) == 1)
    turns = [submit(client, "say:Hi.") for client in (site.here, site.here, site.bob)]
    compacting = threading.Thread(
        target=lambda: site.here.responses.compact(model="m", input=long_conversation(10))  # type: ignore[arg-type]  # plain JSON
    )
    compacting.start()
    until(lambda: site.queued(Queue.COMPACTION) == 1)

    log = site.start_worker()
    until(lambda: len(ends(log)) == 5, timeout_seconds=30)
    compacting.join()

    kinds = [job_id.partition("_")[0] for job_id in ends(log)]
    assert kinds == ["cmp", "resp", "resp", "resp", "cmp"]
    assert ends(log)[1:4] == [turns[0], turns[2], turns[1]]


def ends(log: Path) -> list[str]:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line["job_id"] for line in lines if line["event"] in _ENDS]


def test_a_cancel_at_any_api_ends_the_upstream_call_within_a_second_though_no_word_comes(
    site: Site, upstream: ScriptedUpstream
) -> None:
    site.start_worker()
    hanging = submit(site.here, "hang")
    assert upstream.saw_requests(1, timeout_seconds=10)

    site.there.responses.cancel(hanging)

    assert upstream.saw_disconnects(1, timeout_seconds=1.0)


def test_a_client_that_hangs_up_ends_the_upstream_call_within_a_second_though_no_word_comes(
    site: Site, upstream: ScriptedUpstream
) -> None:
    leave(site.here, upstream, {"model": "hang", "input": "Hi"})

    assert upstream.saw_disconnects(1, timeout_seconds=1.0)


def test_a_deadline_ends_the_upstream_call_wherever_it_runs(site: Site, upstream: ScriptedUpstream) -> None:
    site.start_worker()
    hanging = submit(site.there, "hang")
    assert upstream.saw_requests(1)
    assert upstream.saw_disconnects(1, timeout_seconds=2 + 1.5)
    failed = finished(site.here, hanging)
    assert failed.error is not None
    assert "deadline" in failed.error.message


def test_a_foreground_turn_has_a_deadline(site: Site, upstream: ScriptedUpstream) -> None:
    with pytest.raises(InternalServerError, match="deadline") as failed:
        site.there.responses.create(model="hang", input="Hi")
    assert failed.value.status_code == 502
    assert upstream.saw_disconnects(1, timeout_seconds=1.0)


def test_while_the_provider_wants_to_be_left_alone_clients_are_told_and_background_turns_wait(
    site: Site, upstream: ScriptedUpstream
) -> None:
    site.start_worker()
    gate, _ = keys.gate("default")
    site.store.hset(gate, "paused_until", str(int((time.time() + 100) * 1000)))

    with pytest.raises(RateLimitError) as refused:
        site.here.responses.create(model="say:Hi.", input="Hi")
    assert 90 <= int(refused.value.response.headers["retry-after"]) <= 100
    waiting = submit(site.here, "say:Hi.")
    until(lambda: site.store.hexists(keys.record(waiting), "not_before") is True)
    assert site.store.hget(keys.record(waiting), "status") == b"queued"
    assert upstream.requests == []

    site.store.hdel(gate, "paused_until")
    site.store.hset(keys.record(waiting), "not_before", "1")
    site.store.zadd(keys.WATCH, {waiting: 1})
    assert finished(site.here, waiting).output_text == "Hi."


def test_the_gates_of_upstreams_are_shown(site: Site) -> None:
    text = httpx.get(f"{str(site.here.base_url).removesuffix('/v1/')}/metrics").text
    assert 'hitherto_upstream_gate{state="open",upstream="default"} 1.0' in text
    assert 'hitherto_upstream_calls{upstream="default"} 0.0' in text
    assert 'hitherto_queued_jobs{queue="generation"} 0.0' in text
