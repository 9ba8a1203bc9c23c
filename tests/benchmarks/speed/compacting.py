"""The speed of what needs no server: counting tokens, and compacting without a model."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from shared.compaction.ledger import collect
from shared.compaction.policy import automatic_policy
from shared.compactions import CompactionJob
from shared.compactor import Compactor
from shared.window.counting import count_item
from shared.window.payload import SizedItem
from shared.wire.items import Item
from tests.benchmarks.counting import COUNTER, size_of
from tests.benchmarks.quality.agents import agent
from tests.benchmarks.quality.bank_one import BANK_ONE
from tests.benchmarks.quality.chats import Session, chat
from tests.benchmarks.quality.workdays import WORKDAYS
from tests.benchmarks.speed.figures import Figure, quantile

_MOST_SECONDS = 2.0
_CHAT_TOKENS, _AGENT_STEPS = 100_000, 75
_TARGET_SHARE = 10
_SESSIONS = 3


def figures_of_compacting() -> Iterator[Figure]:
    """Yield what counting and compacting cost, in processor seconds of one core."""
    COUNTER.count("The vocabulary is loaded by the first count.")
    yield from _figures("chat", lambda rng: chat(rng, BANK_ONE, WORKDAYS, _CHAT_TOKENS))
    yield from _figures("agent", lambda rng: agent(rng, _AGENT_STEPS))


def _figures(name: str, make: Callable[[random.Random], Session]) -> Iterator[Figure]:
    counting, collecting, compacting = [], [], []
    for seed in range(_SESSIONS):
        # A session of its own each: what was read once is remembered, and would be read faster again.
        items = make(random.Random(seed)).items
        size = size_of(items)
        counting.append(size / _seconds(partial(size_of, items)))
        compacting.append(_seconds(partial(_compact, items, size)) * 100_000 / size)
        items = make(random.Random(1_000 + seed)).items
        collecting.append(size_of(items) / _seconds(partial(collect, items)))
    yield Figure(f"{name}: counted", quantile(counting, 0.5), "tokens/s")
    yield Figure(f"{name}: collected into a ledger", quantile(collecting, 0.5), "tokens/s")
    label = f"{name}: compacted without a model, of 100,000 tokens"
    yield Figure(label, quantile(compacting, 0.5), "s", _MOST_SECONDS)
    # Independent of the machine: what compacting costs beside counting, which every server does.
    ratio = quantile(compacting, 0.5) * quantile(counting, 0.5) / 100_000
    yield Figure(f"{name}: compacted without a model, to counted", ratio, "times")


def _compact(items: Sequence[Item], size: int) -> None:
    policy = automatic_policy(threshold=size // 2, target=size // _TARGET_SHARE, model=None)
    history = [SizedItem(item=item, tokens=count_item(item, COUNTER.count)) for item in items]
    job = CompactionJob("cmp_speed", "bench", policy, history, size)
    asyncio.run(Compactor(COUNTER, None).compact(job))


def _seconds(work: Callable[[], object]) -> float:
    """Return the processor time that `work` takes, of all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began
