"""Streams that are cut and resumed: whoever comes back sees each event exactly once, from any process."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from openai import OpenAI

from tests.fixtures.house import House
from tests.scripted_replies import STALLED, WHOLE, in_turn
from tests.scripted_upstream import ScriptedUpstream

CLIENTS = 20


@pytest.mark.parametrize("seed", [7])
def test_twenty_clients_cut_at_random_see_each_event_once_and_in_order(house: House, seed: int) -> None:
    with ScriptedUpstream() as upstream:
        house.settings |= {"UPSTREAM_BASE_URL": upstream.base_url}
        doors = [house.client(address) for address in house.start(apis=2, workers=2, queues="generation")]
        with ThreadPoolExecutor(CLIENTS) as clients:
            stories = list(
                clients.map(lambda n: read_with_cuts(doors, random.Random(seed * 1000 + n)), range(CLIENTS))
            )
    for events in stories:
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
        assert events[-1]["type"] == "response.completed"
        deltas = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
        assert "".join(deltas) == "".join(f"word{n} " for n in range(20))
    # To hang up is a client's right, and no error.
    assert not [process.name for process in house.processes if "error" in process.log.read_text()]


def test_a_watched_turn_whose_worker_is_killed_goes_on_in_the_same_stream(house: House) -> None:
    with ScriptedUpstream(in_turn(STALLED, WHOLE)) as upstream:
        house.settings |= {"UPSTREAM_BASE_URL": upstream.base_url, "LEASE_SECONDS": "2"}
        [address] = house.start(queues="generation")
        client, doomed = house.client(address), house.workers[-1]
        stream: Iterator[Any] = iter(
            client.responses.create(model="m", input="Hi", background=True, stream=True)
        )
        events = [next(stream)]
        while events[-1].type != "response.output_text.delta":
            events.append(next(stream))
        house.start_worker("generation")
        doomed.kill()
        events += stream
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events].count("response.completed") == 1
    assert events[-1].response.output_text == WHOLE.text
    broken_off = [event.item.status for event in events if event.type == "response.output_item.done"]
    assert broken_off == ["incomplete", "completed"]


def read_with_cuts(doors: list[OpenAI], chance: random.Random) -> list[Any]:
    """Submit a background stream, and read it with cuts after a few events each, now here and now there."""
    fields: dict[str, Any] = {"model": "slow:1", "input": "Hi", "background": True, "stream": True}
    stream = chance.choice(doors).responses.create(**fields)
    events: list[Any] = []
    read(stream, events, chance.randint(1, 5))
    while events[-1]["type"] != "response.completed":
        door = chance.choice(doors)
        last = events[-1]["sequence_number"]
        resumed = door.responses.retrieve(events[0]["response"]["id"], stream=True, starting_after=last)
        read(resumed, events, chance.randint(1, 12))
    return events


def read(stream: Any, events: list[Any], count: int) -> None:
    """Read so many events, and hang up."""
    with stream:
        for _, event in zip(range(count), stream, strict=False):
            events.append(event.to_dict())
