"""Recovery: how long turns stand still when the worker that had them is killed, in seconds and in leases.

CHAOS_KILLS says how many workers are killed, CHAOS_LEASE_SECONDS how long a lease is; `make chaos` kills 12.
"""

import os
import time
from functools import partial

import pytest

from tests.chaos.orders import Order
from tests.chaos.provider import Provider
from tests.chaos.report import percentile, recoveries, told_recoveries
from tests.chaos.staff import Death
from tests.fixtures.house import House, Process
from tests.fixtures.polling import create, until

KILLS = int(os.environ.get("CHAOS_KILLS", "1"))
LEASE_SECONDS = float(os.environ.get("CHAOS_LEASE_SECONDS", "2"))
WITHIN_SECONDS = LEASE_SECONDS + 5
TURNS = 16


@pytest.mark.timeout(120 + KILLS * 30)
def test_turns_of_a_killed_worker_go_on_within_a_lease_and_five_seconds(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    # The model never answers: each turn is in the middle of its work for as long as it is wanted.
    orders = [Order(f"k{n}x", trouble="hang", troubled_calls=100) for n in range(KILLS * TURNS)]
    provider = Provider(orders)
    deaths = []
    with provider.upstream as upstream:
        house.settings |= {"UPSTREAM_BASE_URL": upstream.base_url, "LEASE_SECONDS": str(LEASE_SECONDS)}
        client = house.client(house.start_api())
        spare = _hire(house, 0)
        for number in range(KILLS):
            doomed, spare = spare, _hire(house, number + 1)
            wanted = orders[number * TURNS :][:TURNS]
            ids = [create(client, model="model", input=order.input).id for order in wanted]
            until(partial(_asked, provider, wanted, 1), timeout_seconds=20)
            lost = [order for order in wanted if _worker_of(provider, order) == _name(number)]
            assert lost
            deaths.append(Death(_name(number), time.monotonic()))
            doomed.kill()
            until(partial(_asked, provider, lost, 2), timeout_seconds=LEASE_SECONDS + 30)
            for response_id in ids:
                client.responses.cancel(response_id)
        seconds = recoveries(deaths, provider.calls)
    with capsys.disabled():
        told = told_recoveries(seconds, lease_seconds=LEASE_SECONDS)
        print(f"\nrecovery: {KILLS} workers killed, lease {LEASE_SECONDS:g} s: {told}")
    assert percentile(seconds, 0.95) <= WITHIN_SECONDS


def _hire(house: House, number: int) -> Process:
    house.settings["UPSTREAM_API_KEY"] = _name(number)
    return house.start_worker("generation")


def _name(number: int) -> str:
    return f"worker-{number}"


def _asked(provider: Provider, orders: list[Order], times: int) -> bool:
    calls = provider.calls
    return all(len(calls[order.marker]) >= times for order in orders)


def _worker_of(provider: Provider, order: Order) -> str:
    return provider.calls[order.marker][-1].worker
