"""What a compaction item holds: the conversation until now, in a few kept items and one record of the rest."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.wire.items import InputText, Item, Message
from shared.wire.model import JsonObject

VERSION: Literal[1] = 1


class SizedItem(BaseModel):
    """An item with its size in tokens, counted once when the item was first seen."""

    model_config = ConfigDict(frozen=True)

    item: Item
    tokens: int = Field(ge=0)


class Payload(BaseModel):
    """The content of a compaction item, before it is sealed.

    `record` is the text that the next model reads about what is no longer verbatim: it is rendered once,
    so that the prefix of later prompts stays the same bytes. `ledger` and `summary` are its parts, carried
    for the next compaction. `tokens` counts all that the item stands for in a prompt.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1]
    id: str
    origin: Literal["automatic", "endpoint"]
    kept: list[SizedItem]
    record: str
    ledger: JsonObject
    summary: str | None = None
    tokens: int = Field(ge=0)

    @property
    def supersedes(self) -> bool:
        """Whether the item replaces all before it: those of /responses/compact stand beside it instead."""
        return self.origin == "automatic"

    @property
    def sized_items(self) -> list[SizedItem]:
        """What the model is given in place of the compaction item: the record, then the kept items."""
        if not self.record:
            return self.kept
        message = Message(role="user", content=[InputText(text=self.record)])
        tokens = self.tokens - sum(entry.tokens for entry in self.kept)
        return [SizedItem(item=message, tokens=max(tokens, 0)), *self.kept]

    def extended(self, tail: list[SizedItem]) -> "Payload":
        """Return a payload that also holds `tail`, word for word, after all else."""
        grown = self.tokens + sum(entry.tokens for entry in tail)
        return self.model_copy(update={"kept": [*self.kept, *tail], "tokens": grown})
