"""Compaction by the provider itself: it keeps the user's messages and seals all else into an item of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.compaction.ledger import Ledger, collect
from shared.compaction.plan import Plan, Stay, plan_compaction
from shared.compaction.policy import Policy
from shared.compaction.record import render_record
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

    async def compact(self, job: CompactionJob, *, ledger_tokens: int) -> tuple[Payload, Usage]:
        """Return what the provider left, in a payload that also holds our ledger, and what it cost.

        The ledger takes `ledger_tokens` at most. It is rendered for upstreams that cannot read the
        provider's item. Raises UpstreamError.
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
        seal = await asyncio.to_thread(self._collect, job, plan.replaced, ledger_tokens)
        payload = self._payload(job, kept, *seal, provider=route.name)
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

    def _collect(self, job: CompactionJob, replaced: Sequence[Item], max_tokens: int) -> tuple[Ledger, str]:
        known = Ledger.from_json(job.ledger) if job.ledger else Ledger()
        ledger = collect(replaced, known=known, history=[entry.item for entry in job.history])
        fitted = ledger.fitted(max_tokens, self._counter.count)
        pins = job.policy.pinned_texts
        return fitted, render_record(summary=job.summary, facts=fitted.render(), pins=pins)

    def _payload(
        self, job: CompactionJob, kept: list[SizedItem], ledger: Ledger, instead: str, *, provider: str
    ) -> Payload:
        # A record of ours that came before is no part of what the provider sealed: it stays what it was.
        told = [text for text in job.policy.pinned_texts if text not in job.record]
        new = render_record(summary=None, facts="", pins=told)
        record = "\n\n".join(each for each in (new, job.record) if each)
        record_tokens = self._counter.count(record) + 4 if record else 0
        return Payload(
            version=VERSION,
            id=job.id,
            origin=job.policy.origin,
            kept=kept,
            record=record,
            ledger=ledger.to_json(),
            summary=job.summary,
            tokens=record_tokens + sum(entry.tokens for entry in kept),
            provider_seal=ProviderSeal(
                provider=provider, record=instead, tokens=self._counter.count(instead) + 4 if instead else 0
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
