"""A turn may go on from a conversation, and an item may stand for one that is stored."""

import pytest

from shared.errors import InvalidRequest, NotFound
from shared.history import ResolvedWindow
from shared.turns import Place
from shared.window.payload import SizedItem
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from shared.wire.text import text_of
from tests.pasts import given, sealed
from tests.talk import TENANT, Talk, assistant, types, user

CONV = "conv_1"


def conversing(*items: JsonObject) -> Talk:
    """A talk whose conversation CONV holds `items`, with the ids msg_0, msg_1 ..."""
    talk = Talk()
    named = [{"id": f"msg_{place}", **item} for place, item in enumerate(items)]
    talk.conversations.items[TENANT, CONV] = [SizedItem(item=item, tokens=7) for item in parse_items(named)]
    return talk


def reference(item_id: str) -> JsonObject:
    return {"type": "item_reference", "id": item_id}


async def resolved(talk: Talk, said: str | list[JsonObject], **past: str) -> ResolvedWindow:
    return await talk.history.resolve(talk.turn(said, **past))


def words(window: ResolvedWindow) -> list[str]:
    return [text_of(entry.item) for entry in window.entries]


async def test_a_turn_of_a_conversation_goes_on_from_its_items_with_the_sizes_they_have() -> None:
    window = await resolved(conversing(user("One"), assistant("Fine.")), "Two", conversation=CONV)

    assert words(window) == ["One", "Fine.", "Two"]
    assert [entry.tokens for entry in window.earlier] == [7, 7]
    assert window.path == []


async def test_a_compaction_in_a_conversation_stands_for_all_before_it() -> None:
    talk = Talk()
    item = sealed(talk)
    kept = parse_items([user("Old"), item, user("One")])
    talk.conversations.items[TENANT, CONV] = [SizedItem(item=each, tokens=7) for each in kept]

    window = await resolved(talk, "Two", conversation=CONV)

    assert [entry.item.type for entry in window.entries] == ["compaction", "message", "message"]


async def test_a_turn_of_a_conversation_is_compacted_when_it_is_due() -> None:
    talk = conversing(*(user(f"Line {number} " + "and so on " * 20) for number in range(60)))
    talk.conversations.items[TENANT, CONV] = await talk.history.size(
        [entry.item for entry in talk.conversations.items[TENANT, CONV]]
    )

    outcome = await talk.say("And now?", conversation=CONV, threshold=1000)

    assert types(outcome) == ["compaction", "message"]


@pytest.mark.parametrize("tenant", [TENANT, "other"], ids=["unknown", "another tenant's"])
async def test_a_conversation_that_is_not_there_is_refused(tenant: str) -> None:
    talk = conversing() if tenant != TENANT else Talk()
    turn = talk.turn("Hi", conversation=CONV, tenant=tenant)

    with pytest.raises(NotFound, match=f"Conversation with id '{CONV}' not found"):
        await talk.history.check_conversation(CONV, tenant)
    with pytest.raises(NotFound, match=f"Conversation with id '{CONV}' not found"):
        await talk.history.resolve(turn)


async def placed(talk: Talk, said: str, position: int) -> str:
    """Run a turn that stood in CONV at `position`, and return the response's id."""
    outcome = await talk.say(said, conversation=CONV)
    talk.responses.places[outcome.response.id] = Place(CONV, position)
    return outcome.response.id


async def test_a_chain_may_branch_off_a_conversation_at_any_of_its_turns() -> None:
    talk = conversing(user("One"), assistant("Fine."), user("later"))
    first = await placed(talk, "Two", 2)

    window = await resolved(talk, "Three", after=first)
    second = await talk.say("Three", after=first)
    further = await resolved(talk, "Four", after=second.response.id)

    assert words(window) == ["One", "Fine.", "Two", "Fine. ", "Three"]
    assert words(further)[:5] == words(window)
    assert further.path == [first, second.response.id]


async def test_what_was_in_a_conversation_before_a_response_was_given_to_it() -> None:
    talk = conversing(user("One"), assistant("Fine."), user("later"))
    response_id = await placed(talk, "Two", 2)

    assert await given(talk, response_id) == ["One", "Fine.", "Two"]


async def test_without_its_conversation_a_response_cannot_be_continued_but_shows_its_own_input() -> None:
    talk = conversing(user("One"))
    response_id = await placed(talk, "Two", 1)
    talk.conversations.items.clear()

    assert await given(talk, response_id) == ["Two"]
    with pytest.raises(InvalidRequest, match=f"Previous response with id '{response_id}' not found"):
        await resolved(talk, "Three", after=response_id)


# References


async def dereferenced(talk: Talk, *items: JsonObject, **past: str | None) -> list[str]:
    found = await talk.history.dereferenced(parse_items(list(items)), TENANT, **past)
    return [text_of(item) for item in found]


async def test_a_reference_is_replaced_by_the_item_that_any_stored_response_put_out() -> None:
    talk = Talk()
    stored = await talk.say("One")
    name = str(stored.response.output[0].id)

    assert await dereferenced(talk, user("Now"), reference(name), user("then")) == ["Now", "Fine. ", "then"]


async def test_what_the_past_holds_already_is_not_said_again() -> None:
    talk = conversing(user("Zero"))
    stored = await talk.say("One")
    name = str(stored.response.output[0].id)

    chained = await dereferenced(talk, reference(name), user("Two"), previous_response_id=stored.response.id)
    named = await dereferenced(talk, reference("msg_0"), user("Two"), conversation_id=CONV)

    assert (chained, named) == (["Two"], ["Two"])


async def test_what_a_compaction_in_the_conversation_hides_is_said_again_as_another_item() -> None:
    talk = Talk()
    kept = parse_items([user("Old") | {"id": "msg_0"}, sealed(talk)])
    talk.conversations.items[TENANT, CONV] = [SizedItem(item=each, tokens=7) for each in kept]

    [item] = await talk.history.dereferenced(parse_items([reference("msg_0")]), TENANT, conversation_id=CONV)

    assert (text_of(item), item.id) == ("Old", None)


@pytest.mark.parametrize("name", ["rs_x", "theirs"], ids=["unknown", "another tenant's"])
async def test_a_reference_to_what_is_not_stored_is_refused(name: str) -> None:
    talk = conversing(user("Zero"))
    if name == "theirs":
        name = str((await talk.say("Secret", tenant="other")).response.output[0].id)

    with pytest.raises(NotFound) as refused:
        await dereferenced(talk, reference(name), conversation_id=CONV)

    assert refused.value.message == (
        f"Item with id '{name}' not found. Items are not persisted when `store` is set to false."
    )
    assert (refused.value.code, refused.value.param) == (None, None)
