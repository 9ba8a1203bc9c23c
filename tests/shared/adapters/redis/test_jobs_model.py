"""However operations, lost workers and lost doorbells follow each other, the script does what a small model does."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.adapters.redis.connection import connect
from shared.adapters.redis.jobs import RedisJobs
from shared.errors import LeaseLost
from shared.lifecycle import Ending, Found, Lease, NotClaimed
from tests.shared.adapters.redis.desk import ATTEMPTS, COMPACTION, JOB, NEW, SETTINGS, Desk

UNENDED = ("queued", "running", "waiting")


@dataclass
class Model:
    """What a job ought to be like."""

    status: str = "queued"
    attempt: int = 0
    lost: int = 0
    owner: str = ""
    ended_by: str = ""
    lapsed: bool = False
    late: bool = False
    silent: bool = False
    woken: bool = False
    deferred: bool = False
    due: bool = False
    doorbells: int = 1
    log: list[str] = field(default_factory=lambda: list(NEW.events))

    def holds(self, lease: Lease) -> bool:
        return self.status == "running" and (self.attempt, self.owner) == (lease.attempt, lease.owner)

    def queue(self) -> None:
        self.status, self.owner, self.silent = "queued", "", False
        self.doorbells += 1

    def lose_attempt(self) -> bool:
        self.lost += 1
        if self.lost >= ATTEMPTS:
            self.status = "failed"
        return self.status == "failed"


class JobMachine(RuleBasedStateMachine):
    """One job on the real server, many workers, and no luck."""

    leases: Bundle[Lease] = Bundle("leases")
    redis_url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.owners = 0
        self.old_doorbells = 0
        self.model: Model | None = None
        self.runner.run(self._open())

    async def _open(self) -> None:
        store = connect(self.redis_url)
        await store.flushdb()
        self.desk = Desk(store, None, RedisJobs(store, None, SETTINGS))

    def teardown(self) -> None:
        self.runner.run(self.desk.store.aclose())
        self.runner.close()

    def accepted(self, work: Coroutine[Any, Any, None]) -> bool:
        try:
            self.runner.run(work)
        except LeaseLost:
            return False
        return True

    @property
    def job(self) -> Model:
        assert self.model is not None
        return self.model

    @rule()
    def create(self) -> None:
        assert self.runner.run(self.desk.jobs.create(NEW)) == (self.model is None)
        self.model = self.model or Model(doorbells=self.old_doorbells + 1)

    @rule(target=leases, again=st.booleans())
    def claim(self, again: bool) -> Lease:
        self.owners += not again
        owner = f"worker {self.owners}"
        found = self.runner.run(self.desk.jobs.claim(JOB, owner))
        expected = NotClaimed.GONE if self.model is None else self._expected_claim(self.model, owner)
        assert found == expected
        return found if isinstance(found, Lease) else Lease(JOB, self.owners, owner)

    def _expected_claim(self, model: Model, owner: str) -> Lease | NotClaimed:
        if model.status == "running":
            if model.owner == owner:
                return Lease(JOB, model.attempt, owner)
            if not model.lapsed:
                return NotClaimed.HELD
            model.lose_attempt()
        if model.status == "waiting":
            return NotClaimed.WAITING
        if model.status in UNENDED and model.late:
            model.status = "failed"
        if model.status not in UNENDED:
            return NotClaimed.ENDED
        if model.deferred:
            return NotClaimed.DEFERRED
        model.due = False
        model.status, model.owner, model.attempt = "running", owner, model.attempt + 1
        model.lapsed = model.woken = False
        return Lease(JOB, model.attempt, owner)

    @rule(lease=leases)
    def renew(self, lease: Lease) -> None:
        held = self.model is not None and self.model.holds(lease)
        if held and self.job.late:
            self.job.status, held = "failed", False
        ended_it = self.model is not None and self.model.ended_by == lease.owner
        assert self.runner.run(self.desk.jobs.renew(lease)) == (held or ended_it)
        if held:
            self.job.lapsed = False

    @rule(lease=leases, back=st.integers(-1, 2), count=st.integers(0, 3))
    def emit(self, lease: Lease, back: int, count: int) -> None:
        length = len(self.model.log) if self.model else 0
        first = max(length - back, 0)
        events = [f'{{"n":{first + index}}}' for index in range(count)]
        fits = self.model is not None and self.model.holds(lease) and first <= length
        assert self.accepted(self.desk.jobs.append_events(lease, first, events)) == fits
        if fits:
            self.job.log += events[length - first :]

    @rule(lease=leases, status=st.sampled_from(["completed", "failed"]))
    def finish(self, lease: Lease, status: str) -> None:
        held = self.model is not None and self.model.holds(lease)
        ending = Ending("completed" if status == "completed" else "failed", {})
        accepted = self.accepted(self.desk.jobs.finish(lease, ending))
        assert accepted or not held
        if held:
            self.job.status, self.job.ended_by = status, lease.owner

    @rule(lease=leases, parks=st.booleans())
    def release_or_park(self, lease: Lease, parks: bool) -> None:
        held = self.model is not None and self.model.holds(lease)
        jobs = self.desk.jobs
        self.accepted(jobs.park(lease, waits_for=COMPACTION) if parks else jobs.release(lease))
        if held and parks and not self.job.woken:
            self.job.status = "waiting"
        elif held:
            self.job.queue()

    @rule(lease=leases)
    def defer(self, lease: Lease) -> None:
        held = self.model is not None and self.model.holds(lease)
        accepted = self.accepted(self.desk.jobs.defer(lease, seconds=60, fields={}))
        assert accepted or not held
        if held:
            self.job.status, self.job.owner, self.job.silent, self.job.deferred = "queued", "", False, True

    @precondition(lambda self: self.model and self.model.deferred and self.model.status == "queued")
    @rule()
    def its_time_comes(self) -> None:
        self.runner.run(self.desk.let_its_time_come())
        self.job.deferred, self.job.due = False, True

    @rule()
    def wake(self) -> None:
        self.runner.run(self.desk.jobs.wake(JOB))
        if self.model and self.model.status == "waiting":
            self.model.queue()
        elif self.model and self.model.status == "running":
            self.model.woken = True

    @rule(luck=st.integers(0, 9))
    def cancel_or_delete(self, luck: int) -> None:
        if luck == 0:
            self.runner.run(self.desk.jobs.cancel(JOB))
            if self.model and self.model.status in UNENDED:
                self.model.status = "cancelled"
        else:
            self.runner.run(self.desk.jobs.delete(JOB))
            if self.model and self.model.status not in UNENDED:
                self.old_doorbells, self.model = self.model.doorbells, None

    @rule(queue_depth=st.sampled_from([0, 0, 1]))
    def look(self, queue_depth: int) -> None:
        found = self.runner.run(self.desk.jobs.look(JOB, queue_depth=queue_depth)).found
        assert found is self._expected_look(queue_depth)

    def _expected_look(self, queue_depth: int) -> Found:
        model = self.model
        if model is None or model.status not in UNENDED:
            return Found.GONE
        if model.late:
            model.status = "failed"
            return Found.ENDED
        if model.status == "running" and model.lapsed:
            if model.lose_attempt():
                return Found.ENDED
            model.queue()
            return Found.TAKEN
        silent = model.silent and queue_depth == 0
        if model.status == "queued" and not model.deferred and (silent or model.due):
            model.doorbells, model.silent, model.due = model.doorbells + 1, False, False
            return Found.RUNG
        return Found(model.status)

    @precondition(lambda self: self.model and self.model.status == "running")
    @rule()
    def the_worker_is_lost(self) -> None:
        self.runner.run(self.desk.let_lease_run_out())
        self.job.lapsed = True

    @precondition(
        lambda self: (
            self.model and self.model.status == "queued" and not (self.model.deferred or self.model.due)
        )
    )
    @rule()
    def the_doorbells_are_lost(self) -> None:
        self.runner.run(self.desk.lose_doorbells())
        # Longer than any silence in an empty queue; shorter than the first in a busy one is not checked here.
        rings = int(self.runner.run(self.desk.record())["rings"])
        self.runner.run(self.desk.let_doorbell_be_silent(5 * 2 ** (min(rings, 6) - 1)))
        self.job.doorbells, self.job.silent = 0, True

    @precondition(lambda self: self.model and self.model.status in UNENDED and self.model.attempt > 3)
    @rule()
    def the_deadline_passes(self) -> None:
        self.runner.run(self.desk.let_deadline_pass())
        self.job.late = True

    @invariant()
    def the_job_is_as_it_ought_to_be(self) -> None:
        record = self.runner.run(self.desk.record())
        if self.model is None:
            assert record == {}
            return
        found = (record["status"], int(record["attempt"]), int(record["lost"]), record.get("owner", ""))
        owner = self.model.owner if self.model.status == "running" else ""
        assert found == (self.model.status, self.model.attempt, self.model.lost, owner)

    @invariant()
    def the_job_stands_in_line_exactly_while_it_is_queued(self) -> None:
        expected: dict[str, set[str]] = {}
        if self.model and self.model.status == "queued":
            expected["queued:generation"] = {JOB}
            if self.model.deferred or self.model.due:
                expected["deferred:generation:acme"] = {JOB}
            else:
                expected |= {"ready:generation:acme": {JOB}, "ring:generation": {"acme"}}
        lines = self.runner.run(self.desk.lines())
        assert {name: set(members) for name, members in lines.items()} == expected

    @invariant()
    def every_event_stands_once_in_its_place(self) -> None:
        expected = self.model.log if self.model else []
        events = self.runner.run(self.desk.events())
        assert events == [(f"{place}-0", event) for place, event in enumerate(expected, start=1)]

    @invariant()
    def a_queued_job_was_rung_for_and_an_unended_one_is_watched(self) -> None:
        if self.model:
            assert len(self.runner.run(self.desk.doorbells())) == self.model.doorbells
            watched = self.runner.run(self.desk.seconds_until_look()) is not None
            assert watched == (self.model.status in UNENDED)


@pytest.mark.parametrize("steps", [25, 150], ids=["short lives", "long lives"])
def test_the_script_does_what_the_model_does(redis_url: str, steps: int) -> None:
    class OnThisServer(JobMachine):
        pass

    OnThisServer.redis_url = redis_url
    run_state_machine_as_test(
        OnThisServer,
        settings=settings(max_examples=300 // steps, stateful_step_count=steps, deadline=None, database=None),
    )
