"""The window of a turn is found again, whatever way the client names its past."""

import secrets
import threading

import pytest

from shared.adapters.sealer import AesGcmSealer, new_key
from shared.errors import InvalidRequest, NotFound
from shared.history import History
from shared.turns import TurnResult
from shared.window.counting import count_item
from shared.window.payload import SizedItem
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from shared.wire.responses import ResponseStatus
from tests.fakes import WordCounter
from tests.pasts import documents, given, resolved, sealed
from tests.talk import TENANT, Talk, assistant, exchanges, user


async def test_a_turn_without_a_past_starts_from_what_it_says() -> None:
    window = await resolved(Talk(), "Hi there")

    assert documents(window) == [user("Hi there")]
    assert (window.earlier, window.path) == ([], [])
    assert window.fresh == [SizedItem(item=window.entries[0].item, tokens=window.entries[0].tokens)]


@pytest.mark.parametrize("count", [1, 30])
async def test_each_item_is_counted_once_when_it_is_first_seen(count: int) -> None:
    talk = Talk()
    window = await resolved(talk, exchanges(count))

    for entry in window.fresh:
        assert entry.tokens == count_item(entry.item, WordCounter().count)


async def test_a_turn_goes_on_where_the_one_it_names_ended() -> None:
    talk = Talk()
    first = await talk.say("One")
    second = await talk.say("Two", after=first.response.id)

    window = await resolved(talk, "Three", after=second.response.id)

    texts = [document["content"][0]["text"] for document in documents(window)]
    assert texts == ["One", "Fine. ", "Two", "Fine. ", "Three"]
    assert window.path == [first.response.id, second.response.id]
    assert len(window.earlier) == 4


async def test_a_chain_of_any_length_is_read_in_two_goes() -> None:
    talk = Talk()
    last = None
    for number in range(10):
        last = (await talk.say(f"Turn {number}", after=last)).response.id
    talk.responses.loads.clear()

    await resolved(talk, "Now", after=last)

    assert [len(names) for names in talk.responses.loads] == [1, 9]


async def test_an_automatic_compaction_in_the_input_stands_for_all_before_it() -> None:
    talk = Talk()
    item = sealed(talk)

    window = await resolved(talk, [*exchanges(3), item, user("Now")])

    assert documents(window) == [item, user("Now")]
    assert [entry.tokens for entry in window.entries] == [6, 5 + 1]
    assert window.entries[0].payload is not None
    assert window.earlier == []


async def test_an_automatic_compaction_in_the_input_supersedes_a_stored_past_as_well() -> None:
    talk = Talk()
    first = await talk.say("One")

    window = await resolved(talk, [sealed(talk), user("Now")], after=first.response.id)

    assert len(window.entries) == 2
    assert window.earlier == []


async def test_a_compaction_of_the_endpoint_supersedes_nothing() -> None:
    talk = Talk()
    first = await talk.say("One")

    window = await resolved(
        talk, [*exchanges(1), sealed(talk, origin="endpoint"), user("Now")], after=first.response.id
    )

    assert len(window.entries) == 6
    assert len(window.earlier) == 2


async def test_what_the_request_brings_is_kept_even_where_it_does_not_count() -> None:
    talk = Talk()

    window = await resolved(talk, [user("Old"), sealed(talk), user("Now")])

    assert len(window.fresh) == 3
    assert len(window.entries) == 2


# What the client must change


async def refusal(talk: Talk, said: str | list[JsonObject], after: str | None = None) -> InvalidRequest:
    """The refusal, which is the same before the turn starts and when it runs."""
    turn = talk.turn(said, after=after)
    with pytest.raises(InvalidRequest) as early:
        await talk.history.check(turn.input, after, turn.tenant)
    with pytest.raises(InvalidRequest) as late:
        await talk.history.resolve(turn)
    with pytest.raises(InvalidRequest) as at_the_door:
        await talk.history.check_said(turn)
    assert str(early.value) == str(late.value) == str(at_the_door.value)
    return early.value


NOT_VERIFIED = "could not be verified. Reason: Encrypted content could not be decrypted or parsed."


async def test_an_item_sealed_for_another_tenant_is_refused() -> None:
    talk = Talk()

    error = await refusal(talk, [sealed(talk, tenant="other") | {"id": "cmp_123"}, user("Hi")])

    assert error.message == f"The encrypted content for item cmp_123 {NOT_VERIFIED}"
    assert (error.status, error.code, error.param) == (400, "invalid_encrypted_content", None)


async def test_an_item_without_an_id_is_named_by_its_content() -> None:
    error = await refusal(Talk(), [{"type": "compaction", "encrypted_content": "garbage-and-more-garbage"}])

    assert error.message == f"The encrypted content garb...bage {NOT_VERIFIED}"


async def test_an_unknown_past_is_refused() -> None:
    error = await refusal(Talk(), "Hi", after="resp_x")

    assert error.message == "Previous response with id 'resp_x' not found."
    assert (error.status, error.code, error.param) == (
        400,
        "previous_response_not_found",
        "previous_response_id",
    )


async def test_another_tenants_past_is_unknown() -> None:
    talk = Talk()
    theirs = await talk.say("Secret", tenant="other")

    error = await refusal(talk, "Hi", after=theirs.response.id)

    assert error.message == f"Previous response with id '{theirs.response.id}' not found."


async def test_a_past_of_which_a_part_is_gone_is_unknown_as_a_whole() -> None:
    talk = Talk()
    first = await talk.say("One")
    second = await talk.say("Two", after=first.response.id)
    await talk.history.check([], second.response.id, TENANT)
    await talk.responses.delete(first.response.id)

    with pytest.raises(InvalidRequest, match=f"'{second.response.id}' not found"):
        await resolved(talk, "Three", after=second.response.id)
    with pytest.raises(InvalidRequest, match=f"'{second.response.id}' not found"):
        await talk.history.check([], second.response.id, TENANT)


@pytest.mark.parametrize("status", ["failed", "cancelled", None])
async def test_a_past_that_did_not_complete_cannot_be_continued(status: ResponseStatus | None) -> None:
    talk = Talk()
    turn = talk.turn("One", background=True)
    await talk.responses.enqueue(turn)
    if status is not None:
        response = turn.head.changed(status=status)
        await talk.responses.save(turn, TurnResult(response=response))

    error = await refusal(talk, "Two", after=turn.id)

    assert error.message == (
        f"Previous response with id '{turn.id}' cannot be continued: its status is not completed."
    )
    assert (error.code, error.param) == ("previous_response_not_completed", "previous_response_id")


async def test_a_turn_that_can_start_passes_the_check() -> None:
    talk = Talk()
    first = await talk.say("One")

    await talk.history.check(parse_items([sealed(talk), assistant("Hi")]), first.response.id, TENANT)
    await talk.history.check(parse_items([user("Hi")]), None, TENANT)


class ThreadCounter:
    """A TokenCounter that tells where it counted."""

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def count(self, text: str) -> int:
        self.threads.add(threading.get_ident())
        return len(text)


@pytest.mark.parametrize(
    "said",
    [
        [user("x" * 20_000)],
        [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}],
        exchanges(3),
    ],
    ids=["a long message", "a call", "many messages"],
)
async def test_what_is_long_or_may_be_is_counted_beside_the_loop(said: list[JsonObject]) -> None:
    counter = ThreadCounter()
    talk = Talk(counter=counter)
    counter.threads.clear()

    await resolved(talk, said)
    await talk.history.overhead(instructions="x" * 20_000, tools=[], text_format=None)
    await talk.history.overhead(instructions=None, tools=[{"type": "function"}], text_format=None)

    assert threading.get_ident() not in counter.threads
    await resolved(talk, "Hi")
    assert threading.get_ident() in counter.threads


class WatchedSealer(AesGcmSealer):
    """A sealer that remembers in which thread it opened something."""

    thread = 0

    def unseal(self, sealed: str, *, tenant: str, kind: str) -> bytes:
        """Return the payload. Raises InvalidSeal when it is not ours, not this tenant's, or was changed."""
        self.thread = threading.get_ident()
        return super().unseal(sealed, tenant=tenant, kind=kind)


@pytest.mark.parametrize("is_long", [False, True], ids=["short", "long"])
async def test_what_takes_long_to_open_holds_nobody_up(is_long: bool) -> None:
    """All turns of a process share its event loop."""
    talk, key = Talk(), new_key()
    talk.sealer = sealer = WatchedSealer([key])
    history = History(talk.responses, talk.conversations, talk.compactions, sealer, talk.counter)
    item = sealed(talk, text=secrets.token_hex(100_000) if is_long else "kept")

    window = await history.resolve(talk.turn([item]))

    assert window.entries[0].payload is not None
    assert (sealer.thread != threading.get_ident()) == is_long


async def test_a_sealed_item_outlives_a_restart_with_the_same_keys() -> None:
    talk = Talk()
    item = sealed(talk)
    restarted = History(talk.responses, talk.conversations, talk.compactions, talk.sealer, talk.counter)

    window = await restarted.resolve(talk.turn([item]))

    assert window.entries[0].tokens == 6


async def test_a_response_was_given_its_past_and_its_input_oldest_first() -> None:
    talk = Talk()
    first = await talk.say("One")
    second = await talk.say("Two", after=first.response.id)

    assert await given(talk, first.response.id) == ["One"]
    assert await given(talk, second.response.id) == ["One", "Fine. ", "Two"]


async def test_what_was_deleted_is_no_longer_shown_as_given() -> None:
    talk = Talk()
    first = await talk.say("One")
    second = await talk.say("Two", after=first.response.id)
    await talk.responses.delete(first.response.id)

    assert await given(talk, second.response.id) == ["Two"]


async def test_what_another_tenants_response_was_given_is_not_told() -> None:
    talk = Talk()
    theirs = await talk.say("Secret", tenant="other")

    with pytest.raises(NotFound, match=f"'{theirs.response.id}' not found"):
        await given(talk, theirs.response.id)
