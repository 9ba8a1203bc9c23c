"""Conversations in Redis grow by whole turns, once each, and one turn at a time has them."""

import asyncio

import pytest
from redis.asyncio import Redis

from shared.adapters.redis import keys
from shared.adapters.redis.conversations import RedisConversations
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.responses import RedisResponses
from shared.errors import ConversationLocked, InvalidRequest, LeaseLost, NotFound, TooManyRequests
from shared.wire.conversations import Conversation
from shared.wire.responses import ResponseStatus
from tests.shared.adapters.redis.conversing import (
    CONV,
    begin,
    is_free,
    result,
    run,
    said,
    sized,
    texts,
    turn,
)
from tests.shared.adapters.redis.desk import SETTINGS, Desk
from tests.shared.adapters.redis.turns import accepted_turn

# Turns: input and output appear together, once, when the turn came to something


@pytest.mark.parametrize("status", ["completed", "incomplete"])
async def test_a_turn_that_came_to_something_appears_as_a_whole(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk, status: ResponseStatus
) -> None:
    asked = turn()
    lease = await begin(responses, desk, asked)
    assert await texts(conversations) == []

    await responses.finish(lease, asked, result(asked, status=status))

    assert await texts(conversations) == ["One", "to-One"]
    assert await conversations.window(CONV, "acme") == [*result(asked).input, *result(asked).output]


async def test_a_foreground_turn_appears_when_it_is_stored(
    conversations: RedisConversations, responses: RedisResponses
) -> None:
    asked = turn()
    await conversations.hold(asked)

    await responses.save(asked, result(asked))
    await responses.save(asked, result(asked))

    assert await texts(conversations) == ["One", "to-One"]
    assert await is_free(conversations)


async def test_a_turn_that_failed_or_was_cancelled_leaves_the_conversation_as_it_was(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    await run(responses, desk, turn("1"), status="failed")
    lost = turn("2")
    lease = await begin(responses, desk, lost)
    await desk.jobs.cancel(lost.id)
    with pytest.raises(LeaseLost):
        await responses.finish(lease, lost, result(lost))

    assert await texts(conversations) == []
    assert await is_free(conversations)


async def test_nobody_sees_a_response_that_has_ended_without_its_items(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    asked = turn()
    lease = await begin(responses, desk, asked)

    async def watch() -> set[tuple[bytes, int]]:
        seen = set()
        while (b"completed", 2) not in seen:
            async with desk.store.pipeline(transaction=True) as pipeline:
                pipeline.hget(keys.record(asked.id), "status")
                pipeline.zcard(keys.conversation(CONV)[1])
                seen.add(tuple(await pipeline.execute()))
        return seen

    watching = [asyncio.create_task(watch()) for _ in range(8)]
    await responses.finish(lease, asked, result(asked))

    assert set().union(*await asyncio.gather(*watching)) <= {(b"running", 0), (b"completed", 2)}


async def test_an_end_that_is_told_again_appends_nothing(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    asked = turn()
    lease = await run(responses, desk, asked)

    await responses.finish(lease, asked, result(asked))

    assert await texts(conversations) == ["One", "to-One"]


async def test_of_two_attempts_only_the_one_that_ends_the_turn_appends(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    asked = turn()
    late = await begin(responses, desk, asked)
    await desk.let_lease_run_out(asked.id)
    current = await desk.take("second", job_id=asked.id)

    with pytest.raises(LeaseLost):
        await responses.finish(late, asked, result(asked, said("late")))
    assert not await is_free(conversations)
    await responses.finish(current, asked, result(asked, said("current")))
    with pytest.raises(LeaseLost):
        await responses.finish(late, asked, result(asked, said("late")))

    assert await texts(conversations) == ["One", "current"]


async def test_a_turn_of_a_conversation_that_was_deleted_meanwhile_does_not_bring_it_back(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    asked = turn()
    lease = await begin(responses, desk, asked)
    await conversations.delete(CONV, "acme")

    await responses.finish(lease, asked, result(asked))

    assert (await responses.load(asked.id, "acme")).response.status == "completed"
    with pytest.raises(NotFound):
        await conversations.load(CONV, "acme")


async def test_items_outlive_the_response_that_brought_them(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    await run(responses, desk, turn())

    await responses.delete("resp_1")

    assert await texts(conversations) == ["One", "to-One"]


# Whose turn it is


async def test_of_many_turns_that_ask_at_once_one_is_queued_and_the_others_are_locked_out(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    asking = [responses.enqueue(turn(str(number))) for number in range(20)]
    outcomes = await asyncio.gather(*asking, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes].count(ConversationLocked) == 19
    assert len(await desk.doorbells()) == 1


@pytest.mark.parametrize("state", ["queued", "running", "waiting", "given back", "foreground"])
async def test_while_a_turn_lives_its_conversation_is_its_own(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk, state: str
) -> None:
    await conversations.add(CONV, "acme", sized(said("Zero")))
    await _bring_to(state, conversations, responses, desk)

    for attempt in (
        conversations.hold(turn("2")),
        responses.enqueue(turn("2")),
        conversations.add(CONV, "acme", sized(said("Two"))),
        conversations.remove(CONV, "acme", "msg_Zero"),
    ):
        with pytest.raises(ConversationLocked) as refused:
            await attempt
        assert (refused.value.status, refused.value.code) == (400, "conversation_locked")
    assert await texts(conversations) == ["Zero"]
    with pytest.raises(NotFound):
        await responses.load("resp_2", "acme")


async def _bring_to(
    state: str, conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    if state == "foreground":
        await conversations.hold(turn())
    elif state == "queued":
        await responses.enqueue(turn())
    else:
        lease = await begin(responses, desk, turn())
        if state == "waiting":
            await desk.jobs.park(lease, waits_for="cmp_1")
        if state == "given back":
            await desk.jobs.release(lease)


@pytest.mark.parametrize("end", ["finished", "failed", "cancelled", "given up", "late", "deleted"])
async def test_however_a_turn_ends_its_conversation_is_free(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk, end: str
) -> None:
    asked = turn()
    lease = await begin(responses, desk, asked)
    if end in ("finished", "failed"):
        status: ResponseStatus = "completed" if end == "finished" else "failed"
        await responses.finish(lease, asked, result(asked, status=status))
    elif end in ("cancelled", "deleted"):
        await desk.jobs.cancel(asked.id)
    elif end == "given up":
        await answer(desk.store.hset(keys.record(asked.id), "lost", "2"))
        await desk.let_lease_run_out(asked.id)
        await desk.jobs.look(asked.id, queue_depth=0)
    else:
        await desk.let_deadline_pass(asked.id)
        await desk.jobs.look(asked.id, queue_depth=0)
    if end == "deleted":
        await responses.delete(asked.id)

    assert await is_free(conversations)


async def test_a_turn_that_finds_the_queue_full_holds_nothing(
    conversations: RedisConversations, responses: RedisResponses
) -> None:
    for number in range(SETTINGS.max_queued):
        await responses.enqueue(accepted_turn(f"resp_{number}"))
    with pytest.raises(TooManyRequests, match="queue is full"):
        await responses.enqueue(turn("late"))

    assert await is_free(conversations)
    with pytest.raises(NotFound):
        await responses.load("resp_late", "acme")


async def test_a_turn_that_names_a_conversation_that_is_not_there_is_not_queued(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    await conversations.delete(CONV, "acme")

    with pytest.raises(NotFound, match="'conv_1' not found"):
        await responses.enqueue(turn())

    assert await desk.store.keys() == []


async def test_a_turn_that_brings_an_item_again_is_not_queued(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    await run(responses, desk, turn("1", asks="One"))

    with pytest.raises(InvalidRequest, match="Duplicate item found with id msg_One") as refused:
        await responses.enqueue(turn("2", asks="One"))

    assert refused.value.param == "input"
    assert await is_free(conversations)


async def test_a_foreground_turn_has_its_conversation_for_its_lease_and_for_as_long_as_it_renews(
    conversations: RedisConversations, desk: Desk
) -> None:
    asked = turn()
    await conversations.hold(asked)
    await _let_hold_run_out(desk)
    await conversations.renew(asked)
    assert not await is_free(conversations)

    await _let_hold_run_out(desk)
    assert await is_free(conversations)
    with pytest.raises(ConversationLocked):
        await conversations.renew(asked)
    await conversations.release(asked)
    assert not await is_free(conversations, asking="third")


async def test_a_foreground_turn_that_lost_its_conversation_writes_nothing_into_it(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    late, other = turn("late", asks="Late"), turn("other", asks="Other")
    await conversations.hold(late)
    await _let_hold_run_out(desk)
    await conversations.hold(other)

    # One is answered while the other has it, the second time when that is through.
    for _ in range(2):
        with pytest.raises(ConversationLocked):
            await responses.save(late, result(late))
        await responses.save(other, result(other))

    assert await texts(conversations) == ["Other", "to-Other"]
    with pytest.raises(NotFound):
        await responses.load(late.id, "acme")


async def test_a_foreground_turn_whose_conversation_was_deleted_is_stored_without_it(
    conversations: RedisConversations, responses: RedisResponses
) -> None:
    asked = turn()
    await conversations.hold(asked)
    await conversations.delete(CONV, "acme")

    await responses.save(asked, result(asked))

    assert (await responses.load(asked.id, "acme")).response.status == "completed"


async def test_a_foreground_turn_that_failed_is_stored_though_it_lost_its_conversation(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    asked = turn()
    await conversations.hold(asked)
    await _let_hold_run_out(desk)
    assert await is_free(conversations)

    await responses.save(asked, result(asked, status="failed"))

    assert (await responses.load(asked.id, "acme")).response.status == "failed"
    assert not await is_free(conversations, asking="third")


async def _let_hold_run_out(desk: Desk) -> None:
    await answer(desk.store.hset(keys.record(CONV), "busy_until", str(await desk.now())))


async def test_a_turn_that_lets_go_lets_the_next_one_have_it(conversations: RedisConversations) -> None:
    asked = turn()
    await conversations.hold(asked)

    await conversations.release(asked)

    assert await is_free(conversations)


# A client of Redis repeats a call whose answer was lost


async def test_a_call_that_is_applied_twice_changes_nothing_more(stuttering: Desk, server: Redis) -> None:
    conversations = RedisConversations(stuttering.store, SETTINGS)
    await conversations.create(Conversation(id=CONV, created_at=7), "acme", sized(said("Zero")))
    await conversations.add(CONV, "acme", sized(said("One")))
    asked = turn(asks="Two")
    await conversations.hold(asked)
    await conversations.renew(asked)
    await conversations.release(asked)
    await conversations.remove(CONV, "acme", "msg_Zero")

    assert await texts(RedisConversations(server, SETTINGS)) == ["One"]


async def test_a_turn_that_is_queued_twice_is_one_turn(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    asked = turn()
    await responses.enqueue(asked)
    await responses.enqueue(asked)
    lease = await desk.take("first", job_id=asked.id)
    await responses.finish(lease, asked, result(asked))
    await responses.enqueue(asked)

    assert await texts(conversations) == ["One", "to-One"]
    assert await is_free(conversations)
