"""Turns of a conversation to store: what they say, what they came to, and who has the conversation."""

from dataclasses import replace
from typing import Any

from shared.adapters.redis.conversations import RedisConversations
from shared.adapters.redis.responses import RedisResponses
from shared.errors import ConversationLocked
from shared.lifecycle import Lease
from shared.turns import Turn, TurnResult
from shared.window.payload import SizedItem
from shared.wire.items import InputText, Item, Message, OutputText
from shared.wire.responses import ResponseStatus
from shared.wire.text import text_of
from tests.shared.adapters.redis.desk import Desk
from tests.shared.adapters.redis.turns import accepted_turn

CONV = "conv_1"


def said(text: str, *, role: str = "user") -> Message:
    part = OutputText(text=text) if role == "assistant" else InputText(text=text)
    return Message.model_validate({"role": role, "content": [part], "id": f"msg_{text}"})


def sized(*items: Item) -> list[SizedItem]:
    return [SizedItem(item=item, tokens=len(text_of(item)) + 1) for item in items]


def turn(name: str = "1", *, asks: str = "One", tenant: str = "acme") -> Turn:
    """A turn of CONV whose one message is `asks`."""
    asked = accepted_turn(f"resp_{name}", tenant=tenant)
    request = asked.request.changed(conversation=CONV)
    return replace(asked, request=request, input=[said(asks)])


def result(asked: Turn, *output: Item, status: ResponseStatus = "completed") -> TurnResult:
    items = list(output) or [said(f"to-{text_of(asked.input[0])}", role="assistant")]
    return TurnResult(
        response=asked.head.changed(status=status, output=items),
        input=sized(*asked.input),
        output=sized(*items),
        path=[asked.id],
    )


async def begin(responses: RedisResponses, desk: Desk, asked: Turn) -> Lease:
    await responses.enqueue(asked)
    return await desk.take(f"for {asked.id}", job_id=asked.id)


async def run(
    responses: RedisResponses, desk: Desk, asked: Turn, *output: Item, status: ResponseStatus = "completed"
) -> Lease:
    """Run a background turn to its end."""
    lease = await begin(responses, desk, asked)
    await responses.finish(lease, asked, result(asked, *output, status=status))
    return lease


async def texts(conversations: RedisConversations, **options: Any) -> list[str]:
    return [text_of(entry.item) for entry in await conversations.window(CONV, "acme", **options)]


async def is_free(conversations: RedisConversations, *, asking: str = "newcomer") -> bool:
    """Whether a turn may have CONV; one that asks for it has it then."""
    try:
        await conversations.hold(turn(asking, asks=asking))
    except ConversationLocked:
        return False
    return True
