"""However doorbells, workers and tenants come and go, the lines hold what is queued, and no job is forgotten."""

import asyncio
from dataclasses import replace
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.adapters.redis.connection import connect
from shared.adapters.redis.jobs import RedisJobs
from shared.errors import TooManyRequests
from shared.lifecycle import Lease
from tests.shared.adapters.redis.desk import COMPLETED, NEW, SETTINGS, Desk

OWN, ALL = 3, 6
TENANTS = ("a", "b", "c")


class LinesMachine(RuleBasedStateMachine):
    """Jobs of three tenants on the real server; a job that was claimed is held by nobody else."""

    redis_url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.count = 0
        self.queued: dict[str, str] = {}
        self.deferred: set[str] = set()
        self.held: dict[str, Lease] = {}
        self.runner.run(self._open())

    async def _open(self) -> None:
        store = connect(self.redis_url)
        await store.flushdb()
        bounds = {"max_queued": ALL, "max_queued_per_tenant": OWN, "max_attempts": 100}
        self.desk = Desk(store, None, RedisJobs(store, None, SETTINGS.model_copy(update=bounds)))

    def teardown(self) -> None:
        try:
            self.runner.run(asyncio.wait_for(self._finish_all(), 10))
        finally:
            self.runner.run(self.desk.store.aclose())
            self.runner.close()

    async def _finish_all(self) -> None:
        """All workers die, all doorbells are lost: the reconciler alone must bring every job to an end."""
        await self.desk.lose_doorbells()
        left = set(self.queued) | {lease.job_id for lease in self.held.values()}
        while left:
            for job_id in sorted(left):
                await self.desk.let_lease_run_out(job_id)
                await self.desk.let_its_time_come(job_id)
                await self.desk.let_doorbell_be_silent(5 * 32, job_id)
                await self.desk.jobs.look(job_id, queue_depth=0)
            while isinstance(lease := await self.desk.answer_doorbell(f"last {self.count}"), Lease):
                self.count += 1
                await self.desk.jobs.finish(lease, COMPLETED)
                left.discard(lease.job_id)
        assert await self.desk.lines() == {}

    def ready(self) -> dict[str, str]:
        return {job_id: tenant for job_id, tenant in self.queued.items() if job_id not in self.deferred}

    @rule(tenant=st.sampled_from(TENANTS))
    def create(self, tenant: str) -> None:
        job_id = f"resp_{self.count}"
        self.count += 1
        full = len(self.queued) >= ALL or list(self.queued.values()).count(tenant) >= OWN
        assert self.runner.run(self._created(job_id, tenant)) != full
        if not full:
            self.queued[job_id] = tenant

    async def _created(self, job_id: str, tenant: str) -> bool:
        try:
            return await self.desk.jobs.create(replace(NEW, id=job_id, fields={"tenant": tenant.encode()}))
        except TooManyRequests:
            return False

    @rule()
    def answer_a_doorbell(self) -> None:
        self.count += 1
        lease = self.runner.run(self.desk.answer_doorbell(f"worker {self.count}"))
        if isinstance(lease, Lease):
            assert lease.job_id in self.ready()
            self.held[f"{lease.job_id}:{self.queued.pop(lease.job_id)}"] = lease
        else:
            assert lease is None or not self.ready()

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["finish", "release", "defer", "lose", "cancel"]))
    def a_worker_is_done(self, data: st.DataObject, how: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.held)))
        lease = self.held.pop(name)
        self.runner.run(self._done(lease, how))
        if how in ("release", "defer", "lose"):
            self.queued[lease.job_id] = name.partition(":")[2]
        if how == "defer":
            self.deferred.add(lease.job_id)

    async def _done(self, lease: Lease, how: str) -> None:
        jobs = self.desk.jobs
        match how:
            case "finish":
                await jobs.finish(lease, COMPLETED)
            case "release":
                await jobs.release(lease)
            case "defer":
                await jobs.defer(lease, seconds=60, fields={})
            case "lose":
                await self.desk.let_lease_run_out(lease.job_id)
                await jobs.look(lease.job_id, queue_depth=0)
            case _:
                await jobs.cancel(lease.job_id)

    @precondition(lambda self: self.deferred)
    @rule(data=st.data())
    def its_time_comes(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.deferred)))
        self.deferred.discard(job_id)
        self.runner.run(self.desk.let_its_time_come(job_id))
        self.runner.run(self.desk.jobs.look(job_id, queue_depth=0))

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.queued)))
        self.runner.run(self.desk.jobs.cancel(job_id))
        del self.queued[job_id]
        self.deferred.discard(job_id)

    @invariant()
    def the_lines_hold_what_is_queued(self) -> None:
        lines = self.runner.run(self.desk.lines())
        ready = self.ready()
        expected: dict[str, set[str]] = {
            "queued:generation": set(self.queued),
            "ring:generation": set(ready.values()),
        }
        for tenant in TENANTS:
            own = {job_id for job_id, of in self.queued.items() if of == tenant}
            expected[f"ready:generation:{tenant}"] = own - self.deferred
            expected[f"deferred:generation:{tenant}"] = own & self.deferred
        assert {name: set(line) for name, line in lines.items()} == {k: v for k, v in expected.items() if v}

    @invariant()
    def there_is_a_doorbell_for_each_that_is_ready(self) -> None:
        assert len(self.runner.run(self.desk.doorbells())) >= len(self.ready())


def test_no_job_is_forgotten_in_line(redis_url: str) -> None:
    class OnThisServer(LinesMachine):
        pass

    OnThisServer.redis_url = redis_url
    run_state_machine_as_test(
        OnThisServer, settings=settings(max_examples=12, stateful_step_count=40, deadline=None, database=None)
    )
