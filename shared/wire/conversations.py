"""The Conversation object, and the sentences about what is not in one."""

from typing import Literal

from pydantic import Field

from shared.errors import InvalidRequest, NotFound
from shared.wire.model import JsonObject, WireModel
from shared.wire.wording import shown


class Conversation(WireModel):
    """A named, growing list of items, as OpenAI's API shows it: without the items."""

    id: str
    object: Literal["conversation"] = "conversation"
    created_at: int
    metadata: dict[str, str] = Field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return all four fields, given or not: clients rely on each."""
        return self.model_dump(mode="json")


def conversation_not_found(conversation_id: str) -> NotFound:
    """Return the error for a conversation that is unknown, or another tenant's."""
    return NotFound(f"Conversation with id '{shown(conversation_id)}' not found.")


def item_not_found(item_id: str) -> NotFound:
    """Return the error for an item that is stored nowhere."""
    return NotFound(
        f"Item with id '{shown(item_id)}' not found. Items are not persisted when `store` is set to false."
    )


def duplicate_item(item_id: str, param: str) -> InvalidRequest:
    """Return the error for an item whose id the conversation has already."""
    return InvalidRequest(
        f"Duplicate item found with id {shown(item_id)}. "
        "Remove duplicate items from your input and try again.",
        param=param,
    )
