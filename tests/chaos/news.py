"""What webhooks told during a chaos run: after dedupe, one for each job that ended, and never a second end."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from openai import OpenAI

from shared.adapters.webhooks.signing import new_secret
from tests.chaos.load import Story
from tests.fixtures.webhook_receiver import Received

WEBHOOK_PATH = "/webhook"
WEBHOOK_SECRET = new_secret()


def wrong_with_webhooks(
    received: Sequence[Received], stories: Sequence[Story], compactions: Mapping[str, str]
) -> Iterator[str]:
    """Yield what is wrong with what was received. The SDK checks each signature.

    `compactions` are the statuses of those that are still known, by id; some may be forgotten already.
    """
    told: defaultdict[str, Counter[str]] = defaultdict(Counter)
    once = {request.webhook_id: request for request in received}
    with OpenAI(api_key="unused") as judge:
        for request in once.values():
            judge.webhooks.unwrap(request.body, request.headers, secret=WEBHOOK_SECRET)
            event = json.loads(request.body)
            told[event["data"]["id"]][event["type"]] += 1
    for story in stories:
        expected = {f"response.{story.status}": 1}
        events = told.pop(story.id, None)
        if events != expected:
            yield f"{story.order.marker} {story.id}: webhooks told {events}, not {expected}"
    for job_id, status in compactions.items():
        expected = {f"compaction.{status}": 1}
        events = told.pop(job_id, None)
        if events != expected:
            yield f"{job_id}: webhooks told {events}, not {expected}"
    for job_id, events in told.items():
        if not job_id.startswith("cmp_") or events.total() > 1:
            yield f"{job_id}: webhooks told {events}"
