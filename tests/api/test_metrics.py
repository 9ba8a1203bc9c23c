"""What all processes together have done is told by the store's counters."""

from prometheus_client import CollectorRegistry

from api.metrics import metrics_of
from shared.lifecycle import Lease
from shared.services import open_services
from shared.settings import Settings
from tests.shared.adapters.redis.turns import accepted_turn


async def test_a_response_that_is_put_off_has_not_ended(redis_url: str) -> None:
    async with open_services(Settings(redis_url=redis_url)) as services:
        asked = accepted_turn()
        await services.responses.enqueue(asked)
        lease = await services.jobs.claim(asked.id, "worker")
        assert isinstance(lease, Lease)
        await services.jobs.defer(lease, seconds=60, fields={})

        text = bytes((await metrics_of(services, CollectorRegistry())).body).decode()

    assert 'hitherto_jobs_deferred_total{kind="resp"} 1.0' in text
    assert "hitherto_jobs_ended_total{" not in text
