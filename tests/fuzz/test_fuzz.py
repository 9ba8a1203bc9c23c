"""Whatever is asked, in any number and order: an answer in the envelope, soon, and no half state behind it.

FUZZ_REQUESTS says how many requests, FUZZ_SEED which ones; `make fuzz` sends 20,000.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from shared.services import open_services
from shared.settings import Settings
from tests.fixtures.house import House
from tests.fixtures.webhook_receiver import WebhookReceiver
from tests.fuzz.calls import Call, calls
from tests.fuzz.described import DescribedDoor, described, new_session, operations_of, schema_of
from tests.fuzz.keyspace import half_states
from tests.fuzz.sending import Door, Senders, new_client
from tests.fuzz.tally import Tally
from tests.scripted_upstream import Json, Reply, ScriptedUpstream, reply_to_model

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "600"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
# The others are quicker to make, and further from what the document says.
BY_DOCUMENT = 0.1
# So many of one strategy's examples in a row: the more there are, the slower Hypothesis gets.
IN_A_ROW = 1_000
# So many requests make at least one of each operation that does what the operation is for.
REACHES_ALL = 5_000

UPSTREAMS = """
[[upstream]]
name = "responses"
base_url = "{url}"
api = "responses"
models = ["passed*"]
"""
HARMLESS = ("say", "call", "refuse", "think", "length")

pytestmark = pytest.mark.timeout(60 + REQUESTS // 10)
_Value = TypeVar("_Value")


def _reply(body: Json) -> Reply:
    """Answer at once and never fail: what fails is then the server's own."""
    kind = str(body.get("model")).partition(":")[0]
    return reply_to_model(Counter(), body if kind in HARMLESS else {**body, "model": "m"})


@pytest.fixture(scope="module")
def root(module_house: House, tmp_path_factory: pytest.TempPathFactory, tally: Tally) -> Iterator[str]:
    """The address of a server with a worker, over an upstream that answers at once."""
    with ScriptedUpstream(_reply) as upstream, WebhookReceiver() as receiver:
        tally.know("url", f"{receiver.address}/webhook")
        path = tmp_path_factory.mktemp("upstreams") / "upstreams.toml"
        path.write_text(UPSTREAMS.format(url=upstream.base_url))
        module_house.settings |= {
            "UPSTREAM_BASE_URL": upstream.base_url,
            "UPSTREAMS_FILE": str(path),
            "SUMMARIZER": "ledger",
            "MAX_BODY_BYTES": "300000",
            "CONTEXT_WINDOW_TOKENS": "50000",
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        }
        [address] = module_house.start()
        yield address.removesuffix("/v1")


@pytest.fixture(scope="module")
def tally() -> Tally:
    """What all tests of this module asked, and were answered: they leave their traces in one store."""
    return Tally()


def each(
    strategy: st.SearchStrategy[_Value], count: int, do: Callable[[_Value], None], *, start: int
) -> None:
    """Have `count` random values done, the same for the same `start`; none where the strategy has none."""
    run = seed(start)(given(strategy)(do))
    quiet = settings(
        max_examples=count, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    try:
        quiet(run)()
    except Unsatisfiable:
        return


def test_requests_made_from_the_document_are_answered_as_it_says(root: str, tally: Tally) -> None:
    endpoints = described(schema_of(root))
    unit = REQUESTS * BY_DOCUMENT / sum(endpoint.share for endpoint in endpoints)
    with new_session() as session, Senders() as senders:
        door = DescribedDoor(root, tally, session)
        for endpoint in endpoints:
            count = max(1, round(unit * endpoint.share))
            each(endpoint.cases, count, lambda case: senders.give(partial(door.send, case)), start=SEED)
    broken = tally.broken_promises()
    assert not broken, "\n".join(broken)


def test_requests_made_at_random_are_answered_in_the_envelope(root: str, tally: Tally) -> None:
    asked = calls(operations_of(schema_of(root)))
    with new_client() as client, Senders() as senders:
        door = Door(root, tally, client)

        def send(call: Call) -> None:
            for _ in range(call.times):
                senders.give(partial(door.send, call))

        wanted = max(1, REQUESTS - tally.total)
        for start in range(0, wanted, IN_A_ROW):
            each(asked, min(IN_A_ROW, wanted - start), send, start=SEED + start)
    broken = tally.broken_promises()
    assert not broken, "\n".join(broken)


def test_each_operation_was_asked(root: str, tally: Tally) -> None:
    operations = [f"{method} {path}" for method, path in operations_of(schema_of(root))]
    assert tally.total >= REQUESTS
    assert tally.unasked(operations) == []
    if REQUESTS >= REACHES_ALL:
        assert tally.unheard(operations) == []


async def test_nothing_is_left_half_done(
    root: str, tally: Tally, module_house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_services(Settings(redis_url=module_house.redis_url)) as services:
        wrong = await half_states(services, tally)
    with capsys.disabled():
        print("", *tally.report(), f"        FUZZ_REQUESTS={REQUESTS} FUZZ_SEED={SEED}", sep="\n")
    assert not wrong, "\n".join(wrong)


def test_no_error_was_logged(root: str, module_house: House) -> None:
    lines = [line for process in module_house.processes for line in process.log.read_text().splitlines()]
    errors = [line for line in lines if '"level": "error"' in line]
    assert not errors, "\n".join(errors)
