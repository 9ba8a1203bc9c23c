"""Pasts that turns go on from, and how they are found again."""

from shared.history import ResolvedWindow
from shared.sealing import seal_payload
from shared.window.payload import Payload, SizedItem
from shared.wire.items import parse_item
from shared.wire.model import JsonObject
from shared.wire.text import text_of
from tests.talk import TENANT, Talk, user


async def resolved(talk: Talk, said: str | list[JsonObject], after: str | None = None) -> ResolvedWindow:
    return await talk.history.resolve(talk.turn(said, after=after))


def documents(window: ResolvedWindow) -> list[JsonObject]:
    return [entry.item.to_json() for entry in window.entries]


def sealed(talk: Talk, *, origin: str = "automatic", tenant: str = TENANT, text: str = "kept") -> JsonObject:
    """A compaction item that holds one user message."""
    kept = SizedItem(item=parse_item(user(text)), tokens=6)
    payload = Payload.model_validate(
        {
            "version": 1,
            "id": "cmp_1",
            "origin": origin,
            "kept": [kept],
            "record": "",
            "ledger": {},
            "tokens": 6,
        }
    )
    content = seal_payload(talk.sealer, payload, tenant=tenant)
    return {"type": "compaction", "id": "cmp_1", "encrypted_content": content}


async def given(talk: Talk, response_id: str, tenant: str = TENANT) -> list[str]:
    return [text_of(item) for item in await talk.history.given(response_id, tenant)]
