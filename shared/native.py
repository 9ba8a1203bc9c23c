"""Compaction by the provider itself: it keeps the user's messages and seals all else into an item of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.compaction.ledger import collect
from shared.compaction.plan import Plan, Stay, plan_compaction
from shared.compaction.policy import Policy
from shared.compaction.record import record_tokens, render_record
from shared.compaction.recording import Record, make_record
from shared.compactions import CompactionJob
from shared.errors import UpstreamError
from shared.ids import new_id
from shared.ports import ProviderCompaction, TokenCounter
from shared.prompt import CompactedItems, Prompt, Sampling
from shared.routing import Route, Routes
from shared.window.counting import count_item
from shared.window.payload import VERSION, Payload, ProviderSeal, SizedItem
from shared.wire.items import Compaction, Item, Message
from shared.wire.responses import Usage

# Nothing of its own accord: what this keeps has to be kept, whoever compacts.
_BARE = Policy(target_tokens=1, user_tokens=0, recent_tokens=0)

_LEADING = (Stay.SYSTEM_OR_DEVELOPER, Stay.PINNED)

_BASE64_CHARS_PER_TOKEN = 4


class NativeCompactor:
    """Hands windows to the upstreams that compact themselves, each to that of its model."""

    def __init__(
        self, providers: Mapping[Route, ProviderCompaction], routes: Routes, counter: TokenCounter
    ) -> None:
        self._providers = providers
        self._routes = routes
        self._counter = counter

    async def compact(self, job: CompactionJob, *, max_tokens: int) -> tuple[Payload, Usage]:
        """Return what the provider left, in a payload that also holds our ledger, and what it cost.

        The record of it has `max_tokens` at most. It is for upstreams that cannot read the provider's item.
        Raises UpstreamError.
        """
        model = job.policy.model or ""
        route = self._routes.for_model(model)
        provider = self._providers.get(route)
        if provider is None:
            raise UpstreamError("The model's upstream has no compaction of its own.")
        bare = replace(_BARE, pinned_items=job.policy.pinned_items)
        plan = await asyncio.to_thread(plan_compaction, job.history, bare, count=self._counter.count)
        prompt = _prompt(job, route.provider_name(model), plan.replaced)
        compacted = await provider.compact(prompt)
        kept = _around(plan, self._sized(compacted))
        instead = await asyncio.to_thread(self._collect, job, plan.replaced, max_tokens)
        payload = self._payload(job, kept, instead, provider=route.name)
        return payload, compacted.usage or Usage()

    def _sized(self, compacted: CompactedItems) -> list[SizedItem]:
        return [
            SizedItem(item=_named(item), tokens=self._count(item, compacted.usage))
            for item in compacted.items
        ]

    def _count(self, item: Item, usage: Usage | None) -> int:
        if not isinstance(item, Compaction):
            return count_item(item, self._counter.count)
        # What the provider wrote to make it is the best that is known of its size.
        return usage.output_tokens if usage else len(item.encrypted_content) // _BASE64_CHARS_PER_TOKEN

    def _collect(self, job: CompactionJob, replaced: Sequence[Item], max_tokens: int) -> Record:
        ledger = collect(replaced, known=job.known, history=[entry.item for entry in job.history])
        return make_record(ledger, job.summary, job.policy, max_tokens=max_tokens, count=self._counter.count)

    def _payload(
        self, job: CompactionJob, kept: list[SizedItem], instead: Record, *, provider: str
    ) -> Payload:
        # A record of ours that came before is no part of what the provider sealed: it stays what it was.
        told = [text for text in job.policy.pinned_texts if text not in job.record]
        new = render_record(summary=None, facts="", pins=told)
        record = "\n\n".join(each for each in (new, job.record) if each)
        count = self._counter.count
        return Payload(
            version=VERSION,
            id=job.id,
            origin=job.policy.origin,
            kept=kept,
            record=record,
            ledger=instead.ledger.to_json(),
            summary=job.summary,
            tokens=record_tokens(record, count) + sum(entry.tokens for entry in kept),
            provider_seal=ProviderSeal(
                provider=provider, record=instead.text, tokens=record_tokens(instead.text, count)
            ),
            pins=job.policy.pins,
            pinned_items=job.policy.pinned_items,
        )


def _prompt(job: CompactionJob, model: str, items: list[Item]) -> Prompt:
    turns = job.head.instructions if job.head else None
    key = job.head.prompt_cache_key if job.head else None
    return Prompt(
        model=model,
        items=items,
        instructions=job.policy.instructions or turns,
        sampling=Sampling(prompt_cache_key=key),
    )


def _around(plan: Plan, theirs: list[SizedItem]) -> list[SizedItem]:
    """Return the items in the order in which the model is given them: open calls and questions come last."""
    pairs = list(zip(plan.kept, sorted(plan.stays), strict=True))
    leading = [entry for entry, position in pairs if plan.stays[position] in _LEADING]
    return [*leading, *theirs, *(entry for entry, position in pairs if plan.stays[position] not in _LEADING)]


def _named(item: Item) -> Item:
    return item if item.id or not isinstance(item, Message) else item.changed(id=new_id("msg"))
