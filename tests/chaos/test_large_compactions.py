"""A history far larger than the summariser's window is compacted, whoever dies, and each portion is paid once."""

import re
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
import redis
from openai import OpenAI
from openai.types.responses import Response

from shared.adapters.tiktoken import TiktokenCounter
from shared.wire.model import JsonObject
from tests.fixtures.house import House, Process
from tests.fixtures.polling import create, finished
from tests.scripted_replies import SECTIONS, asks_for_a_summary
from tests.scripted_upstream import Json, Reply, ScriptedUpstream

WINDOW_TOKENS = 4_500
COUNT = TiktokenCounter().count
# One to a portion.
PAGE_TOKENS = 1_750
PAGE = "The figures look much the same as they did last week, and nothing in the graphs stands out. " * 86


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(summaries_and_answers) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def client(module_house: House, upstream: ScriptedUpstream) -> OpenAI:
    module_house.settings = {
        "UPSTREAM_BASE_URL": upstream.base_url,
        "SUMMARIZER_WINDOW_TOKENS": str(WINDOW_TOKENS),
        "LEASE_SECONDS": "2",
        "COMPACT_TARGET_TOKENS": "600",
    }
    return module_house.client(module_house.start_api())


def summaries_and_answers(body: Json) -> Reply:
    """Summarise in a few words what was heard from where to where, and answer turns shortly."""
    if not asks_for_a_summary(body):
        return Reply("Done.")
    pages = re.findall(r"page (\d+)", asked(body))
    heard = f"page {pages[0]} to page {pages[-1]}" if pages else "nothing"
    said = dict.fromkeys(SECTIONS, heard) | {"Constraints": "None."}
    return Reply("\n".join(f"## {section}\n- {line}" for section, line in said.items()))


def asked(body: Json) -> str:
    """What a request asks for, but for the random word in its fences."""
    return re.sub(r"-[0-9a-f]{16}>", ">", str(body["messages"][-1]["content"]))


def portions(upstream: ScriptedUpstream) -> Counter[str]:
    """How often each portion was asked for."""
    return Counter(asked(body) for body in upstream.requests if asks_for_a_summary(body))


def test_a_worker_that_is_killed_in_the_middle_leaves_what_was_paid_for_to_the_next(
    module_house: House, client: OpenAI, upstream: ScriptedUpstream
) -> None:
    """Ten times the window: ten portions are done and eight are being written when the worker dies."""
    doomed = module_house.start_worker()
    answered: set[str] = set()

    def ten_then_none(body: Json) -> Reply:
        if len(answered) >= 10:
            return Reply(hang_after=0)
        answered.add(asked(body))
        return summaries_and_answers(body)

    upstream.follow(ten_then_none)
    waiting = create(client, model="m", input=history_of(10 * WINDOW_TOKENS))
    # Eight at a time: the last of these began when the tenth was done and kept.
    assert upstream.saw_requests(18, timeout_seconds=30)
    module_house.start_worker()
    doomed.kill()
    before = portions(upstream)
    upstream.follow(summaries_and_answers)

    response = finished(client, waiting.id)
    after = portions(upstream)
    assert [item.type for item in response.output] == ["compaction", "message"]
    assert (len(before), len(answered)) == (18, 10)
    assert answered.isdisjoint(after)
    assert before.keys() - answered <= after.keys()
    assert set(after.values()) == {1}
    account = record_of(client, response)
    assert (account["method"], account["calls"]) == ("model", len(answered) + len(after))


def test_a_hundred_times_the_window_is_spread_over_two_workers(
    module_house: House, client: OpenAI, upstream: ScriptedUpstream
) -> None:
    workers = two_workers(module_house)
    upstream.follow(summaries_and_answers)

    response = finished(client, create(client, model="m", input=history_of(100 * WINDOW_TOKENS)).id)

    asked_for = portions(upstream)
    assert [item.type for item in response.output] == ["compaction", "message"]
    assert len(asked_for) > 200
    assert set(asked_for.values()) == {1}
    shares = [worker.log.read_text().count('"part_ready"') for worker in workers]
    assert min(shares) > len(asked_for) // 10
    account = record_of(client, response)
    assert (account["method"], account["calls"], account["warnings"]) == ("model", len(asked_for), [])
    assert "page 0 to page" in account["summary"]
    longest = max(upstream.requests, key=lambda body: len(str(body["messages"])))
    assert sum(COUNT(str(message["content"])) for message in longest["messages"]) <= WINDOW_TOKENS
    with redis.Redis.from_url(module_house.redis_url) as store:
        assert list(store.scan_iter("*part_*", count=1_000)) == []


def two_workers(house: House) -> list[Process]:
    """Return the two workers that the house has now."""
    house.start(apis=0, workers=2 - len(house.workers))
    return house.workers


def history_of(tokens: int) -> list[JsonObject]:
    """Return a question, and a tool's pages of about so many tokens together."""
    items: list[JsonObject] = [{"role": "user", "content": "Please read all the pages."}]
    for number in range(tokens // PAGE_TOKENS):
        call = {"call_id": f"call_{number}", "name": "read", "arguments": "{}"}
        items.append({"type": "function_call"} | call)
        output = f"This is page {number}. {PAGE}"
        items.append({"type": "function_call_output", "call_id": f"call_{number}", "output": output})
    return [*items, {"role": "user", "content": "What do they say?"}]


def record_of(client: OpenAI, response: Response) -> Json:
    """Return the account of the compaction that a response holds."""
    found: Json = httpx.get(f"{client.base_url}compactions/{response.output[0].id}").json()
    return found
