"""What a compaction item holds: the conversation until now, in a few kept items and one record of the rest."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.window.configuration import in_effect
from shared.wire.items import Compaction, ConfigurationUpdate, InputText, Item, Message
from shared.wire.model import JsonObject

VERSION: Literal[1] = 1


class SizedItem(BaseModel):
    """An item with its size in tokens, counted once when the item was first seen.

    `pins` are what the request pinned that brought it.
    """

    model_config = ConfigDict(frozen=True)

    item: Item
    tokens: int = Field(ge=0)
    pins: tuple[str, ...] = ()


class ProviderSeal(BaseModel):
    """What a payload says besides when a provider's own compaction item is among its kept items.

    Only the upstream named `provider` can read that item. Any other is given `record` in its place, a text of
    `tokens` tokens.
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    record: str
    tokens: int = Field(ge=0)


class Payload(BaseModel):
    """The content of a compaction item, before it is sealed.

    `record` is the text that the next model reads about what is no longer verbatim: it is rendered once,
    so that the prefix of later prompts stays the same bytes. `ledger` and `summary` are its parts, carried
    for the next compaction, and so are `pins`, texts of which the record holds each word for word, and the ids
    of `pinned_items`. `tokens` counts all that the item stands for in a prompt, to whoever can read it.
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
    provider_seal: ProviderSeal | None = None
    pins: tuple[str, ...] = ()
    pinned_items: tuple[str, ...] = ()

    @property
    def supersedes(self) -> bool:
        """Whether the item replaces all before it: those of /responses/compact stand beside it instead."""
        return self.origin == "automatic"

    @property
    def sized_items(self) -> list[SizedItem]:
        """What a model that can read all of it is given in place of the item: the record, then the kept items."""
        return self.given_to(self.provider_seal.provider if self.provider_seal else None)

    def given_to(self, upstream: str | None) -> list[SizedItem]:
        """Return what the upstream of this name is given in place of the item."""
        record, kept = self.readable_by(upstream)
        if not record:
            return kept
        return [SizedItem(item=record_message(record), tokens=self._record_tokens(upstream)), *kept]

    def readable_by(self, upstream: str | None) -> tuple[str, list[SizedItem]]:
        """Return the record, which may be empty, and the kept items that the upstream of this name can read."""
        if self.provider_seal is None or self.provider_seal.provider == upstream:
            return self.record, self.kept
        readable = [entry for entry in self.kept if not isinstance(entry.item, Compaction)]
        return self.provider_seal.record, readable

    def extended(self, tail: list[SizedItem]) -> "Payload":
        """Return a payload that also holds `tail`, word for word, after all else.

        Its configuration updates, those of the tail included, are one.
        """
        grown = self.tokens + sum(entry.tokens for entry in tail)
        kept = _with_one_update([*self.kept, *tail])
        return self.model_copy(update={"kept": kept, "tokens": grown})

    def _record_tokens(self, upstream: str | None) -> int:
        if self.provider_seal is not None and self.provider_seal.provider != upstream:
            return self.provider_seal.tokens
        return max(self.tokens - sum(entry.tokens for entry in self.kept), 0)


def _with_one_update(kept: list[SizedItem]) -> list[SizedItem]:
    update = in_effect(entry.item for entry in kept)
    others = [entry for entry in kept if not isinstance(entry.item, ConfigurationUpdate)]
    return others if update is None else [*others, SizedItem(item=update, tokens=0)]


def record_message(record: str) -> Message:
    """Return the record of the earlier conversation as the model is given it."""
    return Message(role="user", content=[InputText(text=record)])
