"""A background response is followed from its log, and read no more than that takes."""

from dataclasses import replace

from api.streaming import logged_events
from shared.adapters.redis.responses import RedisResponses
from shared.lifecycle import Lease
from shared.services import open_services
from shared.settings import Settings
from shared.turns import StoredResponse
from tests.shared.adapters.redis.turns import accepted_turn, answered


class CountedResponses(RedisResponses):
    """Responses that count how often one was read whole."""

    loads = 0

    async def load(self, response_id: str, tenant: str) -> StoredResponse:
        """Return a response; one that was never finished comes with its output so far. Raises NotFound."""
        self.loads += 1
        return await super().load(response_id, tenant)


async def test_a_watcher_reads_a_response_whole_at_its_end_only(redis_url: str) -> None:
    """While it goes on, its events are all that it has said: to read them all at each was quadratic."""
    turn = accepted_turn(stream=True)
    async with open_services(Settings(redis_url=redis_url)) as opened:
        responses = CountedResponses(opened.store, opened.jobs, opened.settings)  # type: ignore[arg-type]  # it is Redis's
        services = replace(opened, responses=responses)
        await responses.enqueue(turn)
        lease = await services.jobs.claim(turn.id, "worker")
        assert isinstance(lease, Lease)
        stored = await responses.load(turn.id, turn.tenant)
        responses.loads = 0

        types = []
        async for event in logged_events(services, stored, turn.tenant):
            types.append(event["type"])
            number = event["sequence_number"] + 1
            if 2 <= number <= 5:
                told = {"type": f"told {number}", "sequence_number": number}
                await services.events.append(lease, number, [told])
            elif number == 6:
                await responses.finish(lease, turn, answered(turn))

    assert types[-5:] == ["told 2", "told 3", "told 4", "told 5", "response.completed"]
    assert responses.loads == 1
