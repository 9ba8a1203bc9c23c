"""Conversations in Redis: what they hold, in which order, for whom, and from where a turn reads them."""

from collections.abc import Awaitable, Callable

import pytest

from shared.adapters.redis import keys
from shared.adapters.redis.conversations import RedisConversations
from shared.adapters.redis.encoding import answer
from shared.adapters.redis.responses import RedisResponses
from shared.errors import InvalidRequest, LeaseLost, NotFound
from shared.turns import Place
from shared.wire.conversations import Conversation
from shared.wire.items import Compaction, Message
from shared.wire.text import text_of
from tests.shared.adapters.redis.conversing import CONV, begin, result, run, said, sized, texts, turn
from tests.shared.adapters.redis.desk import SETTINGS, Desk

TTL = SETTINGS.response_ttl_seconds


# What a conversation is


async def test_a_conversation_comes_back_as_it_was_made(conversations: RedisConversations) -> None:
    assert await conversations.load(CONV, "acme") == Conversation(
        id=CONV, created_at=7, metadata={"topic": "rain"}
    )
    assert await texts(conversations) == []


async def test_metadata_is_replaced(conversations: RedisConversations) -> None:
    updated = await conversations.update(CONV, "acme", {"mood": "good"})

    assert updated.metadata == {"mood": "good"}
    assert await conversations.load(CONV, "acme") == updated


async def test_items_keep_their_order_their_sizes_and_their_fields(conversations: RedisConversations) -> None:
    brought = sized(
        *(said(f"{n}") for n in range(25)), Message(id="msg_x", role="user", content="漢字 \U0001f600")
    )

    await conversations.add(CONV, "acme", brought[:20])
    await conversations.add(CONV, "acme", brought[20:])

    assert await conversations.window(CONV, "acme") == brought


async def test_more_items_than_one_call_carries_come_back(conversations: RedisConversations) -> None:
    brought = sized(*(said(f"{n}") for n in range(2100)))
    await conversations.add(CONV, "acme", brought)

    assert len(await conversations.window(CONV, "acme")) == 2100


@pytest.mark.parametrize("brought", [["One"], ["Two", "Two"]], ids=["there already", "twice in one call"])
async def test_an_item_is_in_a_conversation_once(
    conversations: RedisConversations, brought: list[str]
) -> None:
    await conversations.add(CONV, "acme", sized(said("One")))

    with pytest.raises(InvalidRequest, match=f"Duplicate item found with id msg_{brought[0]}"):
        await conversations.add(CONV, "acme", sized(said("New"), *map(said, brought)))

    assert await texts(conversations) == ["One"]


async def test_a_deleted_item_is_gone_and_the_others_stay(conversations: RedisConversations) -> None:
    await conversations.add(CONV, "acme", sized(said("One"), said("Two"), said("Three")))

    assert (await conversations.remove(CONV, "acme", "msg_Two")).id == CONV

    assert await texts(conversations) == ["One", "Three"]
    assert await conversations.find(CONV, "acme", ["msg_Two", "msg_Three"]) == [said("Three")]


async def test_a_deleted_conversation_leaves_nothing(conversations: RedisConversations, desk: Desk) -> None:
    await conversations.add(CONV, "acme", sized(said("One")))

    await conversations.delete(CONV, "acme")

    assert await desk.store.keys() == []
    with pytest.raises(NotFound, match="'conv_1' not found"):
        await conversations.delete(CONV, "acme")


CALLS: dict[str, Callable[[RedisConversations, str], Awaitable[object]]] = {
    "load": lambda found, name: found.load(name, "other"),
    "update": lambda found, name: found.update(name, "other", {}),
    "delete": lambda found, name: found.delete(name, "other"),
    "add": lambda found, name: found.add(name, "other", sized(said("One"))),
    "remove": lambda found, name: found.remove(name, "other", "msg_One"),
    "find": lambda found, name: found.find(name, "other", ["msg_One"]),
    "window": lambda found, name: found.window(name, "other"),
    "page": lambda found, name: found.page(name, "other", after=None, limit=5, ascending=True),
    "hold": lambda found, _name: found.hold(turn(tenant="other")),
}


@pytest.mark.parametrize("call", CALLS)
async def test_another_tenants_conversation_does_not_exist(
    conversations: RedisConversations, desk: Desk, call: str
) -> None:
    await conversations.add(CONV, "acme", sized(said("One")))
    before = await answer(desk.store.hgetall(keys.record(CONV)))

    with pytest.raises(NotFound, match=f"Conversation with id '{CONV}' not found."):
        await CALLS[call](conversations, CONV)

    assert await answer(desk.store.hgetall(keys.record(CONV))) == before


async def test_no_other_object_is_taken_for_a_conversation_nor_one_for_a_response(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    await run(responses, desk, turn())

    with pytest.raises(NotFound):
        await conversations.load("resp_1", "acme")
    with pytest.raises(NotFound):
        await responses.load(CONV, "acme")
    with pytest.raises(NotFound):
        await responses.load_turns([CONV], "acme")


async def test_all_of_it_lives_on_when_it_is_used(conversations: RedisConversations, desk: Desk) -> None:
    await conversations.add(CONV, "acme", sized(said("One")))
    names = keys.conversation(CONV)[:3]
    for name in names:
        await desk.store.expire(name, 5)

    await conversations.window(CONV, "acme")

    assert [await desk.ttl_seconds(name) for name in names] == [pytest.approx(TTL, abs=2)] * 3


# Pages


@pytest.mark.parametrize(
    ("after", "ascending", "shown", "more"),
    [
        (None, False, "43", True),
        ("msg_3", False, "21", True),
        ("msg_1", False, "0", False),
        (None, True, "01", True),
        ("msg_2", True, "34", False),
        ("msg_4", True, "", False),
    ],
)
async def test_a_page_begins_after_an_item_and_says_whether_there_are_more(
    conversations: RedisConversations, after: str | None, ascending: bool, shown: str, more: bool
) -> None:
    await conversations.add(CONV, "acme", sized(*(said(f"{n}") for n in range(5))))

    items, has_more = await conversations.page(CONV, "acme", after=after, limit=2, ascending=ascending)

    assert ("".join(map(text_of, items)), has_more) == (shown, more)


async def test_a_page_after_an_item_that_is_not_there_is_refused(conversations: RedisConversations) -> None:
    with pytest.raises(InvalidRequest, match="msg_x") as refused:
        await conversations.page(CONV, "acme", after="msg_x", limit=2, ascending=True)
    assert refused.value.param == "after"


# Windows


async def test_a_window_begins_at_the_newest_compaction_that_a_turn_put_out(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    first, second = (Compaction(id=f"cmp_{n}", encrypted_content="sealed") for n in (1, 2))
    await run(responses, desk, turn("1", asks="One"), first, said("A"))
    await run(responses, desk, turn("2", asks="Two"), second, said("B"))
    await run(responses, desk, turn("3", asks="Three"), said("C"))

    entries = await conversations.window(CONV, "acme")
    assert [entry.item.id for entry in entries] == ["cmp_2", "msg_B", "msg_Three", "msg_C"]

    await conversations.remove(CONV, "acme", "cmp_2")
    entries = await conversations.window(CONV, "acme")
    assert [entry.item.id for entry in entries][:4] == ["cmp_1", "msg_A", "msg_Two", "msg_B"]

    await conversations.remove(CONV, "acme", "cmp_1")
    assert await texts(conversations) == ["One", "A", "Two", "B", "Three", "C"]


async def test_a_window_before_a_position_is_what_was_there_then(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    compaction = Compaction(id="cmp_1", encrypted_content="sealed")
    await run(responses, desk, turn("1", asks="One"), said("A"))
    await run(responses, desk, turn("2", asks="Two"), compaction, said("B"))
    await run(responses, desk, turn("3", asks="Three"), said("C"))

    turns = await responses.load_turns(["resp_1", "resp_2", "resp_3"], "acme")
    assert [stored.place for stored in turns] == [Place(CONV, 0), Place(CONV, 2), Place(CONV, 5)]
    assert await texts(conversations, before=0) == []
    assert await texts(conversations, before=2) == ["One", "A"]
    entries = await conversations.window(CONV, "acme", before=5)
    assert [entry.item.id for entry in entries] == ["cmp_1", "msg_B"]


# Items by their ids alone


async def test_an_output_item_is_found_by_its_id_until_its_response_is_deleted(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    await run(responses, desk, turn())
    answered = said("to-One", role="assistant")

    assert await responses.find_items(["msg_to-One", "msg_x"], "acme") == [answered]
    assert await responses.find_items(["msg_to-One"], "other") == []
    assert await desk.ttl_seconds(keys.whereabouts("msg_to-One")) == pytest.approx(TTL, abs=2)

    await responses.delete("resp_1")
    assert await responses.find_items(["msg_to-One"], "acme") == []
    assert await desk.store.exists(keys.whereabouts("msg_to-One")) == 0


async def test_what_a_refused_end_would_have_put_out_is_nowhere(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    asked = turn()
    lease = await begin(responses, desk, asked)
    await desk.jobs.cancel(asked.id)

    with pytest.raises(LeaseLost):
        await responses.finish(lease, asked, result(asked))

    assert await desk.store.exists(keys.whereabouts("msg_to-One")) == 0


async def test_an_item_is_found_for_as_long_as_its_response_lives_on(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    await run(responses, desk, turn())
    await desk.store.expire(keys.whereabouts("msg_to-One"), 5)

    await responses.load_turns(["resp_1"], "acme")

    assert await desk.ttl_seconds(keys.whereabouts("msg_to-One")) == pytest.approx(TTL, abs=2)


class Unsearched(list[str]):
    """Names of which there may be hundreds of thousands: who searches them for each item takes minutes."""

    def __contains__(self, _name: object) -> bool:
        raise AssertionError("searched from end to end")


async def test_many_items_are_found_at_once(
    conversations: RedisConversations, responses: RedisResponses, desk: Desk
) -> None:
    await run(responses, desk, turn())
    await conversations.add(CONV, "acme", sized(*(said(f"{number}") for number in range(1200))))
    names = [f"msg_{number}" for number in range(1200)]

    answered = said("to-One", role="assistant")
    assert await responses.find_items(Unsearched([*names, "msg_to-One", "msg_to-One"]), "acme") == [answered]
    found = await conversations.find(CONV, "acme", ["msg_x", *names, *names])
    assert [item.id for item in found] == names
