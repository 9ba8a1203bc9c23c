"""The outbox in Redis, and deliveries: jobs that tell an endpoint of an end."""

import structlog
from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.due import DueSet
from shared.adapters.redis.encoding import answer, integer, present, text
from shared.adapters.redis.jobs import RedisJobs
from shared.errors import LeaseLost
from shared.jobs import DELIVER
from shared.lifecycle import EndedStatus, Ending, Lease, NewJob
from shared.webhooks import GIVE_UP_SECONDS, Delivery, JobEnd, as_body
from shared.wire.model import JsonObject

_log = structlog.get_logger()

# So long it is known that an end was told: who comes late with the same must not tell it again.
_ENDED_TTL_SECONDS = 3600
# Each loses a lease's time only, and the whole has an end.
_MOST_LOST = 50
_BATCH = 200

_FIELDS = ("tenant", "endpoint", "subject", "body", "failures")
# All that would say of whom and of what it was.
_DROPPED = (*_FIELDS, "most_lost")


class RedisDeliveries:
    """The port `Deliveries` on Redis."""

    def __init__(self, store: Redis, jobs: RedisJobs) -> None:
        self._store = store
        self._jobs = jobs
        self._outbox = DueSet(store, keys.OUTBOX, most=_BATCH)

    async def untold(self) -> list[JobEnd]:
        """Return ends that nobody was told of, and put each off so that two reconcilers rarely meet.

        One that a newer server wrote in another form is left to that: it stays put off.
        """
        facts = await self._outbox.take()
        ends = [_end(fact) for fact in facts]
        known = [end for end in ends if end is not None]
        if len(known) < len(ends):
            _log.warning("ends_not_understood", count=len(ends) - len(known))
        return known

    async def enqueue(self, end: JobEnd, endpoint_id: str, event: JsonObject) -> None:
        """Store a delivery as queued and ring for it; one that exists stays. Raises TooManyRequests."""
        fields = {
            "tenant": end.tenant,
            "endpoint": endpoint_id,
            "subject": end.job_id,
            "body": as_body(event),
            "ended_ttl_ms": str(_ENDED_TTL_SECONDS * 1000),
            "failed_ttl_ms": str(_ENDED_TTL_SECONDS * 1000),
            "most_lost": str(_MOST_LOST),
        }
        await self._jobs.create(
            NewJob(
                id=end.delivery_id(endpoint_id),
                type=DELIVER,
                fields={name: value.encode() for name, value in fields.items()},
                deadline_seconds=GIVE_UP_SECONDS,
            )
        )

    async def told(self, end: JobEnd) -> None:
        """Forget an end: all its deliveries are stored."""
        await self._store.zrem(keys.OUTBOX, _fact(end))

    async def load(self, lease: Lease) -> Delivery:
        """Return the delivery behind a lease. Raises LeaseLost when it is gone."""
        values = await answer(self._store.hmget(keys.record(lease.job_id), _FIELDS))
        fields = present(_FIELDS, values)
        if b"body" not in fields:
            raise LeaseLost(f"{lease.job_id} is gone.")
        return Delivery(
            id=lease.job_id,
            tenant=text(fields, "tenant"),
            endpoint_id=text(fields, "endpoint"),
            body=text(fields, "body"),
            failures=integer(fields, "failures"),
            is_wanted=await self._is_wanted(text(fields, "subject")),
        )

    async def defer(self, lease: Lease, *, failures: int, seconds: float) -> None:
        """Have it tried again in so many seconds. Raises LeaseLost."""
        await self._jobs.defer(lease, seconds=seconds, fields={"failures": str(failures).encode()})

    async def finish(self, lease: Lease, status: EndedStatus) -> None:
        """End it, and drop what it said. Raises LeaseLost."""
        await self._jobs.finish(lease, Ending(status, {}, drops=_DROPPED))

    async def _is_wanted(self, subject: str) -> bool:
        # A failed compaction is forgotten after a minute: that is no reason not to tell of it.
        is_response = subject.startswith("resp_")
        return not is_response or bool(await self._store.exists(keys.record(subject)))


def _end(fact: str) -> JobEnd | None:
    try:
        tenant, job_id, status, created_at, ended_at = fact.split("\n")
        return JobEnd(tenant, job_id, status, int(created_at), int(ended_at))
    except ValueError:
        return None


def _fact(end: JobEnd) -> str:
    # As the script writes it: it is the entry's name in the sorted set.
    return "\n".join([end.tenant, end.job_id, end.status, str(end.created_at), str(end.ended_at)])
