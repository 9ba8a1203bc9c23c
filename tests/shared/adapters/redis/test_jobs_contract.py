"""The table of docs/jobs.md, cell by cell: what each operation answers in each state, and where the job is then.

In each state the caller holds the lease of the job's first attempt, whether it is still good or not.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from shared.adapters.redis.jobs import RedisJobs
from shared.errors import LeaseLost
from shared.lifecycle import Lease
from tests.shared.adapters.redis.desk import COMPACTION, COMPLETED, JOB, NEW, SETTINGS, STATES, Desk

Operation = Callable[[Desk, Lease], Awaitable[str]]


async def create(desk: Desk, _lease: Lease) -> str:
    return "created" if await desk.jobs.create(NEW) else "exists"


async def claim(desk: Desk, _lease: Lease) -> str:
    found = await desk.jobs.claim(JOB, "newcomer")
    return f"attempt {found.attempt}" if isinstance(found, Lease) else found.value


async def claim_again(desk: Desk, lease: Lease) -> str:
    found = await desk.jobs.claim(JOB, lease.owner)
    return f"attempt {found.attempt}" if isinstance(found, Lease) else found.value


async def renew(desk: Desk, lease: Lease) -> str:
    return "ok" if await desk.jobs.renew(lease) else "lost"


async def emit(desk: Desk, lease: Lease) -> str:
    return await accepted(desk.jobs.append_events(lease, 2, ['{"n":2}']))


async def checkpoint(desk: Desk, lease: Lease) -> str:
    return await accepted(desk.jobs.checkpoint(lease, "chunk:0", b"a summary"))


async def park(desk: Desk, lease: Lease) -> str:
    return await accepted(desk.jobs.park(lease, waits_for=COMPACTION))


async def release(desk: Desk, lease: Lease) -> str:
    return await accepted(desk.jobs.release(lease))


async def defer(desk: Desk, lease: Lease) -> str:
    return await accepted(desk.jobs.defer(lease, seconds=60, fields={"failures": b"1"}))


async def finish(desk: Desk, lease: Lease) -> str:
    return await accepted(desk.jobs.finish(lease, COMPLETED))


async def store(desk: Desk, _lease: Lease) -> str:
    await desk.jobs.store(JOB, "completed", {"tenant": b"acme"})
    return "ok"


async def hurry(desk: Desk, _lease: Lease) -> str:
    await desk.jobs.hurry(JOB)
    return "ok"


async def wake(desk: Desk, _lease: Lease) -> str:
    await desk.jobs.wake(JOB)
    return "ok"


async def cancel(desk: Desk, _lease: Lease) -> str:
    return "cancelled" if await desk.jobs.cancel(JOB) else "no"


async def delete(desk: Desk, _lease: Lease) -> str:
    return await desk.jobs.delete(JOB)


async def look(desk: Desk, _lease: Lease) -> str:
    return (await desk.jobs.look(JOB, queue_depth=0)).found.value


async def accepted(call: Awaitable[None]) -> str:
    try:
        await call
    except LeaseLost:
        return "lost"
    return "ok"


STATUS = {
    "gone": "",
    "queued": "queued",
    "silent": "queued",
    "queued, late": "queued",
    "running": "running",
    "lapsed": "running",
    "lapsed for the last time": "running",
    "running, late": "running",
    "woken": "running",
    "overtaken": "running",
    "waiting": "waiting",
    "waiting, late": "waiting",
    "given back": "queued",
    "deferred": "queued",
    "deferred long ago": "queued",
    "deferred, late": "queued",
    "completed": "completed",
    "incomplete": "incomplete",
    "failed": "failed",
    "cancelled": "cancelled",
}
HELD = ("running", "lapsed", "lapsed for the last time", "running, late", "woken")
LIVING = [state for state, status in STATUS.items() if status in ("queued", "running", "waiting")]
DEFERRED = ("deferred", "deferred long ago", "deferred, late")
BY_ITSELF = ("completed", "incomplete", "failed")
ENDED = (*BY_ITSELF, "cancelled")

# What an operation answers, and where the job is then; what is not said here leaves the job as it is.
Cells = dict[str, tuple[str, str]]


def same(states: tuple[str, ...] | list[str], outcome: str, status: str | None = None) -> Cells:
    return {state: (outcome, STATUS[state] if status is None else status) for state in states}


EVERYWHERE = STATES
TABLE: dict[str, Cells] = {
    "create": same(EVERYWHERE, "exists") | {"gone": ("created", "queued")},
    "claim": same(EVERYWHERE, "held")
    | same(("queued", "silent"), "attempt 1", "running")
    | same(("lapsed", "given back", "deferred long ago"), "attempt 2", "running")
    | same(("deferred",), "deferred")
    | same(("queued, late", "deferred, late", "lapsed for the last time"), "ended", "failed")
    | same(("waiting", "waiting, late"), "waiting")
    | same(ENDED, "ended")
    | same(("gone",), "gone"),
    "claim_again": same(HELD, "attempt 1", "running") | {"overtaken": ("held", "running")},
    "renew": same(EVERYWHERE, "lost")
    | same(HELD, "ok")
    | {"running, late": ("lost", "failed")}
    | same(BY_ITSELF, "ok"),  # it has ended the job itself
    "emit": same(EVERYWHERE, "lost") | same(HELD, "ok"),
    "checkpoint": same(EVERYWHERE, "lost") | same(HELD, "ok"),
    "finish": same(EVERYWHERE, "lost")
    | same(HELD, "ok", "completed")
    | same(BY_ITSELF, "ok"),  # it has ended the job before: nothing changes
    "park": same(EVERYWHERE, "lost")
    | same(HELD, "ok", "waiting")
    | {"woken": ("ok", "queued")}
    | same(("waiting", "waiting, late", "given back", *DEFERRED), "ok"),
    "release": same(EVERYWHERE, "lost")
    | same(HELD, "ok", "queued")
    | same(("waiting", "waiting, late", "given back", *DEFERRED), "ok"),
    "defer": same(EVERYWHERE, "lost")
    | same(HELD, "ok", "queued")
    | same(("waiting", "waiting, late", "given back", *DEFERRED), "ok"),
    "store": same(EVERYWHERE, "ok") | {"gone": ("ok", "completed")},
    # What somebody waits for already; one that could wait: `test_lines`.
    "hurry": same(EVERYWHERE, "ok"),
    "wake": same(EVERYWHERE, "ok") | same(("waiting", "waiting, late"), "ok", "queued"),
    "cancel": same(EVERYWHERE, "no") | same([*LIVING, "cancelled"], "cancelled", "cancelled"),
    "delete": same(LIVING, "busy") | same(ENDED, "deleted", "") | {"gone": ("gone", "")},
    "look": same(("gone", *ENDED), "gone")
    | same(("queued", "given back", "deferred"), "queued")
    | same(("running", "woken", "overtaken"), "running")
    | same(("waiting",), "waiting")
    | same(("silent", "deferred long ago"), "rung")
    | same(("lapsed",), "taken", "queued")
    | same(("queued, late", "running, late", "waiting, late", "deferred, late"), "ended", "failed")
    | same(("lapsed for the last time",), "ended", "failed"),
}
OPERATIONS: dict[str, Operation] = {
    operation.__name__: operation
    for operation in (
        create, claim, claim_again, renew, emit, checkpoint, finish, park, release, defer, store, hurry, wake,
        cancel, delete, look,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    operation: str
    state: str
    outcome: str
    status: str

    @property
    def rings(self) -> bool:
        if self.operation == "defer":
            return False
        return self.outcome == "rung" or self.status == "queued" != STATUS[self.state]


def cells() -> Iterator[Cell]:
    for operation, row in TABLE.items():
        for state, (outcome, status) in row.items():
            yield Cell(operation, state, outcome, status)


@pytest.mark.parametrize("cell", list(cells()), ids=lambda cell: f"{cell.operation} when {cell.state}")
async def test_every_operation_does_what_the_table_says(desk: Desk, cell: Cell) -> None:
    lease = await desk.bring_to(cell.state)
    await desk.lose_doorbells()

    outcome = await OPERATIONS[cell.operation](desk, lease)

    assert (outcome, await desk.status()) == (cell.outcome, cell.status)
    # Whoever queues a job rings for it, and nobody else does; until it ends, the reconciler looks after it.
    assert await desk.doorbells() == [JOB] * cell.rings
    assert (await desk.seconds_until_look() is not None) == (cell.status in ("queued", "running", "waiting"))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", ENDED)
async def test_what_has_ended_never_changes(desk: Desk, state: str, operation: str) -> None:
    lease = await desk.bring_to(state)
    before = await desk.everything()

    await OPERATIONS[operation](desk, lease)

    assert await desk.everything() == (before if operation != "delete" else {})


@pytest.mark.parametrize("cell", list(cells()), ids=lambda cell: f"{cell.operation} when {cell.state}")
async def test_a_call_that_is_applied_twice_changes_nothing_more(
    stuttering: Desk, server: Redis, cell: Cell
) -> None:
    lease = await stuttering.bring_to(cell.state)
    await OPERATIONS[cell.operation](replace(stuttering, jobs=RedisJobs(server, None, SETTINGS)), lease)
    once = await stuttering.everything()
    await server.flushdb()

    lease = await stuttering.bring_to(cell.state)
    outcome = await OPERATIONS[cell.operation](stuttering, lease)

    assert await stuttering.everything() == once
    assert outcome == AGAIN.get((cell.operation, cell.outcome), cell.outcome)


# What was done already is not found to be done again; to everything else the second answer is the first.
AGAIN = {
    ("look", "taken"): "queued",
    ("look", "rung"): "queued",
    ("look", "ended"): "gone",
    ("delete", "deleted"): "gone",
}
