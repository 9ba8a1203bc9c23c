"""The oracle of a chaos run: what must be so afterwards, whatever happened. Each function yields violations."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from shared.adapters.redis import keys
from shared.adapters.redis.encoding import answer
from shared.services import Services
from shared.wire.model import JsonObject
from tests.chaos.doors import Doors
from tests.chaos.load import TERMINAL_EVENTS, Story, told
from tests.chaos.provider import UNHEARD, ModelCall, Provider
from tests.chaos.windows import wrong_with_window
from tests.fixtures.polling import RUNNING
from tests.fuzz.keyspace import half_states
from tests.fuzz.tally import Tally


async def violations(
    stories: Sequence[Story], provider: Provider, doors: Doors, services: Services
) -> list[str]:
    """Return a sentence for each promise that was broken; ids and markers say where."""
    found = await _state(stories, services)
    calls = provider.calls
    for story in stories:
        if not story.id:
            found += [f"{story.order.marker}: it was never accepted", *story.broken]
            continue
        wrong = [
            *story.broken,
            *wrong_with_outcome(story, calls[story.order.marker]),
            *wrong_with_statuses(story),
            *await _calls(story, calls[story.order.marker], services),
            *[sentence async for sentence in _events(story, doors)],
        ]
        found += [f"{story.order.marker} {story.id}: {sentence}" for sentence in wrong]
    for conversation in {story.conversation for story in stories if story.conversation}:
        in_it = [story for story in stories if story.conversation == conversation]
        found += [f"{conversation}: {sentence}" for sentence in await _conversation(in_it, doors)]
    return found


async def compactions_ended(services: Services) -> dict[str, str]:
    """Return the status of each compaction whose end somebody is told of, by its id."""
    ended = {}
    async for key in services.store.scan_iter(match=keys.record("cmp_*"), count=1_000):
        status, is_kept_shortly = await answer(services.store.hmget(key, ["status", "ended_ttl_ms"]))
        if status in (b"completed", b"failed") and is_kept_shortly is None:
            ended[key.decode().partition("{")[2].removesuffix("}")] = status.decode()
    return ended


async def _state(stories: Sequence[Story], services: Services) -> list[str]:
    """Look at every key in Redis: nothing runs, nothing is kept for ever, nothing exists that nobody knows."""
    tally = Tally()
    tally.workers_died = True
    tally.stored = {name for story in stories for name in (story.id, story.conversation) if name}
    tally.failed = {story.id for story in stories if story.status == "failed"}
    return await half_states(services, tally)


def wrong_with_outcome(story: Story, calls: Sequence[ModelCall]) -> Iterator[str]:
    """Check that it ended, and as the provider's last word says."""
    last = calls[-1].fate if calls else None
    match story.status:
        case "completed":
            if story.answers not in [[call.answer] for call in calls if call.fate == "answered"]:
                yield f"its output is not what the provider said to any one call: {story.answers}"
            if last != "answered":
                yield f"it completed, and the provider's last word was {last}"
        case "failed":
            if last in (None, "answered"):
                yield f"it failed, and nothing was wrong with the provider: {story.ended}"
        case "cancelled":
            if story.order.cancelled_after_seconds is None:
                yield "it is cancelled, and nobody did that"
        case status:
            yield f"it ended as {status!r}"


def wrong_with_statuses(story: Story) -> Iterator[str]:
    """Check that its poller saw it go forward only, and that nobody was told of another end."""
    order = {status: rank for rank, status in enumerate(RUNNING)}
    ranks = [order.get(status, len(RUNNING)) for status in story.polled]
    if ranks != sorted(set(ranks)) or len(story.ends) > 1:
        yield f"its poller saw {story.polled}, and all together these ends: {sorted(story.ends)}"


async def _calls(story: Story, calls: Sequence[ModelCall], services: Services) -> list[str]:
    """Check that no attempt asked the model twice, and what each of them told it."""
    attempts = int(await answer(services.store.hget(keys.record(story.id), "attempt")) or 0)
    heard = [call for call in calls if call.fate not in UNHEARD]
    wrong = []
    if len(heard) > attempts:
        wrong.append(f"{attempts} attempts made {len(heard)} calls that were answered")
    if story.status == "completed" and calls:
        wrong += wrong_with_window(story, calls[-1].body)
    return wrong


async def _events(story: Story, doors: Doors) -> AsyncIterator[str]:
    """Check the log of a streamed response against itself, against its end, and against each who followed."""
    again: Any = await doors.ask(lambda door: door.responses.retrieve(story.id))
    if again.to_dict() != story.ended:
        yield "its end is shown otherwise now than when it was first seen"
    if not story.order.streamed:
        return
    log = await _log_of(story, doors)
    for sentence in wrong_with_log(log, story):
        yield sentence
    for number, events in enumerate(story.followed):
        if events != log:
            numbers = [event["sequence_number"] for event in events]
            yield f"follower {number} saw {len(events)} events and not the {len(log)} of the log: {numbers}"


async def _log_of(story: Story, doors: Doors) -> list[JsonObject]:
    log: list[JsonObject] = []
    while not log or log[-1]["type"] == "error":  # where the SDK stops
        after = log[-1]["sequence_number"] if log else -1
        # Below 0 there is no number to start after.
        resumed: dict[str, Any] = {"starting_after": after} if log else {}
        stream = await doors.any().responses.retrieve(story.id, stream=True, **resumed)
        async with stream:
            log += [event async for event in told(stream, after=after)]
    return log


def wrong_with_log(log: Sequence[JsonObject], story: Story) -> Iterator[str]:
    if [event["sequence_number"] for event in log] != list(range(len(log))):
        yield "its events have gaps"
    ends = [place for place, event in enumerate(log) if event["type"] in TERMINAL_EVENTS]
    if ends != [len(log) - 1]:
        yield f"it has terminal events at {ends} of {len(log)}"
    elif log[-1]["response"] != story.ended:
        yield "its terminal event is not what it is"
    opened = Counter(event["output_index"] for event in log if event["type"] == "response.output_item.added")
    closed = Counter(event["output_index"] for event in log if event["type"] == "response.output_item.done")
    if max(opened.values(), default=1) > 1 or max(closed.values(), default=1) > 1 or closed - opened:
        yield f"its items were opened {opened} and closed {closed}"
    done = [event["item"] for event in log if event["type"] == "response.output_item.done"]
    kept = [item for item in done if item.get("status") != "incomplete"]
    output = story.ended["output"] if story.ended else []
    if story.status == "completed" and kept != output:
        yield f"the {len(kept)} items that its events told of are not its output"
    if story.status == "completed" and [_told_text(log)] != story.answers:
        yield "its deltas do not add up to its output"


def _told_text(log: Sequence[JsonObject]) -> str:
    """Return the deltas of the last message: those before it were broken off."""
    deltas = [event for event in log if event["type"] == "response.output_text.delta"]
    last = deltas[-1]["output_index"] if deltas else None
    return "".join(event["delta"] for event in deltas if event["output_index"] == last)


async def _conversation(stories: Sequence[Story], doors: Doors) -> list[str]:
    """Check that a conversation holds what its completed turns said, once each and in order."""
    conversation = stories[0].conversation or ""
    page = await doors.any().conversations.items.list(conversation, order="asc", limit=100)
    kept = [item.to_dict() async for item in page]
    said = [(item["role"], item["content"][0]["text"]) for item in kept if item["type"] == "message"]  # type: ignore[index]  # an `object` to mypy
    turns = [story for story in stories if story.status == "completed"]
    expected = [
        part
        for turn in turns
        for part in (("user", turn.order.text), *(("assistant", answer) for answer in turn.answers))
    ]
    return [] if said == expected else [f"{len(turns)} turns left {said}"]
