"""However a compaction, its parts and lost workers follow each other, it waits for what is left, and no longer."""

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.adapters.redis.connection import connect
from shared.adapters.redis.jobs import RedisJobs
from shared.errors import LeaseLost
from shared.jobs import SUMMARIZE, Queue
from shared.lifecycle import Ending, Lease, NewJob
from tests.shared.adapters.redis.desk import ATTEMPTS, COMPACTION, NEW_COMPACTION, SETTINGS, Desk

UNENDED = ("queued", "running", "waiting")
PARTS = [NewJob(f"part_{number}", SUMMARIZE, {"name": str(number).encode()}) for number in range(3)]
WHICH = st.sampled_from([part.id for part in PARTS])
ANY = st.sampled_from([COMPACTION, *(part.id for part in PARTS)])
DONE = Ending("completed", {"summary": b"It was so."})


class PartsMachine(RuleBasedStateMachine):
    """A compaction and three parts on the real server; what the model knows is each one's status and holder."""

    redis_url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.owners = 0
        self.statuses: dict[str, str] = {COMPACTION: "queued"}
        self.leases: dict[str, Lease] = {}
        self.lost: dict[str, int] = {}
        self.kept: set[str] = set()
        self.doorbells = 1

    @initialize(parts=st.integers(0, 3))
    def open(self, parts: int) -> None:
        self.runner.run(self._open())
        self.claim(COMPACTION)
        if parts:
            self.make_parts(parts)

    async def _open(self) -> None:
        store = connect(self.redis_url)
        await store.flushdb()
        self.desk = Desk(store, None, RedisJobs(store, None, SETTINGS))
        await self.desk.jobs.create(NEW_COMPACTION)

    def teardown(self) -> None:
        self.runner.run(self.desk.store.aclose())
        self.runner.close()

    def accepted(self, work: Coroutine[Any, Any, Any]) -> bool:
        try:
            self.runner.run(work)
        except LeaseLost:
            return False
        return True

    def left(self) -> int:
        return sum(status in UNENDED for name, status in self.statuses.items() if name != COMPACTION)

    def queue(self, name: str) -> None:
        self.statuses[name] = "queued"
        self.doorbells += name == COMPACTION

    def end(self, name: str, status: str) -> None:
        self.statuses[name] = status
        if name == COMPACTION:
            self.statuses, self.kept = {COMPACTION: status}, set()
        elif status == "completed":
            self.kept.add(name)
        if not self.left() and self.statuses[COMPACTION] == "waiting" and name != COMPACTION:
            self.queue(COMPACTION)

    def lease(self, name: str) -> Lease:
        return self.leases.get(name, Lease(name, 1, "nobody"))

    def holds(self, name: str) -> bool:
        return self.statuses.get(name) == "running"

    @precondition(lambda self: "queued" in self.statuses.values())
    @rule(name=ANY)
    def claim(self, name: str) -> None:
        self.owners += 1
        found = self.runner.run(self.desk.jobs.claim(name, f"worker {self.owners}"))
        assert isinstance(found, Lease)
        # Whichever is named, it is the turn of one that is queued.
        assert self.statuses[found.job_id] == "queued"
        self.leases[found.job_id], self.statuses[found.job_id] = found, "running"

    @rule(count=st.integers(1, 3))
    def make_parts(self, count: int) -> None:
        new = [part for part in PARTS[:count] if part.id not in self.statuses]
        held = self.holds(COMPACTION)
        accepted = self.accepted(self.desk.jobs.create_parts(PARTS[:count], self.lease(COMPACTION)))
        assert accepted == (held or not new)
        if held:
            self.statuses |= {part.id: "queued" for part in new}

    @rule()
    def park(self) -> None:
        held = self.holds(COMPACTION)
        self.accepted(self.desk.jobs.park(self.lease(COMPACTION), waits_for=COMPACTION))
        if held and self.left():
            self.statuses[COMPACTION] = "waiting"
        elif held:
            self.queue(COMPACTION)

    @rule(name=WHICH)
    def finish_a_part(self, name: str) -> None:
        held = self.holds(name)
        assert self.accepted(self.desk.jobs.finish(self.lease(name), DONE)) or not held
        if held:
            self.end(name, "completed")

    @rule(name=ANY, luck=st.integers(0, 9))
    def cancel(self, name: str, luck: int) -> None:
        if luck < 9:
            return
        self.runner.run(self.desk.jobs.cancel(name))
        if self.statuses.get(name) in UNENDED:
            self.end(name, "cancelled")

    @precondition(lambda self: self.left())
    @rule(data=st.data())
    def do_a_part(self, data: st.DataObject) -> None:
        left = [name for name, status in self.statuses.items() if status in UNENDED and name != COMPACTION]
        name = data.draw(st.sampled_from(left))
        while not self.holds(name):
            self.claim(name)
        self.finish_a_part(name)

    @precondition(lambda self: "running" in self.statuses.values())
    @rule(data=st.data())
    def lose_a_worker(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([name for name in self.statuses if self.holds(name)]))
        self.runner.run(self.desk.let_lease_run_out(name))
        self.runner.run(self.desk.jobs.look(name, queue_depth=0))
        self.lost[name] = self.lost.get(name, 0) + 1
        if self.lost[name] >= ATTEMPTS:
            self.end(name, "failed")
        else:
            self.queue(name)

    @invariant()
    def every_job_is_as_it_ought_to_be(self) -> None:
        names = [COMPACTION, *(part.id for part in PARTS)]
        found = {name: self.runner.run(self.desk.status(name)) for name in names}
        assert {name: status for name, status in found.items() if status} == self.statuses

    @invariant()
    def the_lines_hold_what_is_queued(self) -> None:
        expected = {name for name, status in self.statuses.items() if status == "queued"}
        lines = self.runner.run(self.desk.lines())
        assert set(lines.get("queued:compaction", {})) == expected
        assert set(lines.get("ready:compaction:", {})) == expected

    @invariant()
    def the_compaction_counts_what_is_left_and_keeps_what_was_made(self) -> None:
        record = self.runner.run(self.desk.record(COMPACTION))
        assert int(record.get("parts_left", 0)) == self.left()
        assert {f"part_{name[5:]}" for name in record if name.startswith("kept:")} == self.kept
        # What waits without a part would wait for ever.
        assert self.statuses[COMPACTION] != "waiting" or self.left()

    @invariant()
    def it_was_rung_for_once_each_time_that_it_was_queued(self) -> None:
        rung = self.runner.run(self.desk.doorbells(Queue.COMPACTION))
        assert rung.count(COMPACTION) == self.doorbells


def test_the_script_does_what_the_model_does(redis_url: str) -> None:
    class OnThisServer(PartsMachine):
        pass

    OnThisServer.redis_url = redis_url
    run_state_machine_as_test(
        OnThisServer,
        settings=settings(max_examples=25, stateful_step_count=25, deadline=None, database=None),
    )
