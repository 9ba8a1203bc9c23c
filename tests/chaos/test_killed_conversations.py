"""A conversation outlives what is killed: it grows by each turn once, and no lock on it sticks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from openai import APIConnectionError, BadRequestError, OpenAI

from shared.adapters.redis import keys
from tests.fixtures.house import House
from tests.fixtures.polling import answer, create, finished, until
from tests.scripted_replies import STALLED, WHOLE, in_turn
from tests.scripted_upstream import ScriptedUpstream

LEASE_SECONDS = 2


def test_a_turn_whose_worker_is_killed_is_appended_once_by_another(house: House) -> None:
    with ScriptedUpstream(in_turn(STALLED, WHOLE)) as upstream:
        [address] = _start(house, upstream)
        client, doomed = house.client(address), house.workers[-1]
        conversation = client.conversations.create().id
        running = create(client, model="m", input="Tell me a story", conversation=conversation)
        until(lambda: client.responses.retrieve(running.id).output_text != "")
        assert _texts(client, conversation) == []
        house.start_worker("generation")
        doomed.kill()
        with pytest.raises(BadRequestError, match="retry"):
            create(client, model="say:No.", input="Me first", conversation=conversation)

        response = finished(client, running.id)
        assert response.status == "completed"
        assert _texts(client, conversation) == ["Tell me a story", response.output_text]
        create(client, model="say:Yes.", input="And now?", conversation=conversation)


def test_a_turn_that_kills_every_worker_frees_its_conversation(house: House) -> None:
    house.settings |= {"MAX_ATTEMPTS": "1"}
    with ScriptedUpstream() as upstream:
        [address] = _start(house, upstream)
        client, doomed = house.client(address), house.workers[-1]
        conversation = client.conversations.create().id
        running = create(client, model="slow:30", input="Tell me a story", conversation=conversation)
        assert upstream.saw_requests(1, timeout_seconds=30)
        doomed.kill()

        assert finished(client, running.id).status == "failed"
        create(client, model="say:Yes.", input="And now?", conversation=conversation)
        assert _texts(client, conversation) == []


def test_a_foreground_turn_whose_api_is_killed_frees_its_conversation_within_its_lease(house: House) -> None:
    with ScriptedUpstream() as upstream:
        doomed, spare = map(house.client, _start(house, upstream, apis=2, workers=0))
        conversation = spare.conversations.create().id
        with _asking(doomed, conversation):
            assert upstream.saw_requests(1, timeout_seconds=30)
            house.processes[0].kill()

        assert _held_for_seconds(house, conversation) <= LEASE_SECONDS
        until(lambda: _says(spare, conversation) == "Yes.")
        assert _texts(spare, conversation) == ["And now?", "Yes."]


def test_a_long_foreground_turn_keeps_its_conversation_beyond_a_lease(house: House) -> None:
    with ScriptedUpstream() as upstream:
        client = house.client(*_start(house, upstream, workers=0))
        conversation = client.conversations.create().id
        events = client.responses.create(
            model=f"slow:{2 * LEASE_SECONDS}", input="One", conversation=conversation, stream=True
        )
        words = (event for event in events if event.type == "response.output_text.delta")
        refused = [_says(client, conversation) for _ in zip(range(18), words, strict=False)]
        assert refused == ["conversation_locked"] * 18
        assert not list(events)[-1].type.endswith("failed")
        assert len(_texts(client, conversation)) == 2


@contextmanager
def _asking(client: OpenAI, conversation: str) -> Iterator[None]:
    """Have a foreground turn run meanwhile, whose server is killed before it answers."""

    def ask() -> None:
        with pytest.raises(APIConnectionError):
            answer(client, model="slow:30", input="One", conversation=conversation)

    thread = threading.Thread(target=ask)
    thread.start()
    yield
    thread.join()


def _says(client: OpenAI, conversation: str) -> str:
    """What a turn answers, or why there was none."""
    try:
        return answer(client, model="say:Yes.", input="And now?", conversation=conversation).output_text
    except BadRequestError as error:
        return str(error.code)


def _held_for_seconds(house: House, conversation: str) -> float:
    """How long the lease on a conversation runs on if nobody renews it, by Redis's own clock."""
    with redis.from_url(house.redis_url) as store:
        until_ms = store.hget(keys.record(conversation), "busy_until")
        seconds, microseconds = store.time()
    assert isinstance(until_ms, bytes)
    return float(int(until_ms) / 1000 - (seconds + microseconds / 1e6))


def _texts(client: OpenAI, conversation: str) -> list[str]:
    items = client.conversations.items.list(conversation, order="asc")
    return [_text(item) for item in items]


def _text(message: Any) -> str:
    return str(message.content[0].text)


def _start(house: House, upstream: ScriptedUpstream, *, apis: int = 1, workers: int = 1) -> list[str]:
    house.settings = {
        "UPSTREAM_BASE_URL": upstream.base_url,
        "SUMMARIZER": "ledger",
        "LEASE_SECONDS": str(LEASE_SECONDS),
        **house.settings,
    }
    return house.start(apis=apis, workers=workers, queues="generation")
