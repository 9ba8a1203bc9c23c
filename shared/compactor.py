"""The compactor: the use case of a compaction job. Plan, collect, summarise, verify, and put it together."""

import asyncio
import time
from dataclasses import replace

from shared.compaction.ledger import Ledger, collect
from shared.compaction.plan import Plan, plan_compaction
from shared.compaction.record import render_record
from shared.compactions import CompactionJob, CompactionResult
from shared.ports import TokenCounter
from shared.summarizer import Summarizer, Summary
from shared.window.payload import VERSION, Payload, SizedItem
from shared.wire.items import Message

# The frame of the record and the message that carries it.
_FRAME_TOKENS = 110
# With a model, its prose gets this share of the record, and the ledger what is left.
_SUMMARY_SHARE = 0.5


class Compactor:
    """Makes compactions. `summarizer` None means that the ledger alone is the record."""

    def __init__(self, counter: TokenCounter, summarizer: Summarizer | None) -> None:
        self._counter = counter
        self._summarizer = summarizer

    async def compact(self, job: CompactionJob) -> CompactionResult:
        """Return what the job's history is replaced by.

        A summariser that fails or misbehaves degrades to the ledger: the result says so in its warnings.
        """
        started = time.monotonic()
        plan = await asyncio.to_thread(plan_compaction, job.history, job.policy, count=self._counter.count)
        ledger = await asyncio.to_thread(collect, plan.replaced, known=_known(job))
        budget = max(plan.record_tokens - _FRAME_TOKENS, 0)
        summary = await self._summarize(job, plan, int(budget * _SUMMARY_SHARE))
        # Where this summary failed, what the last one said is still known.
        prose = summary.text or job.summary
        beside, kept = _apart(job, plan)
        payload = await asyncio.to_thread(self._payload, job, replace(plan, kept=kept), ledger, prose)
        return CompactionResult(
            payload=payload,
            method="ledger" if summary.text is None else "model",
            usage=summary.usage,
            tokens_before=job.tokens,
            tokens_after=payload.tokens + sum(entry.tokens for entry in beside),
            seconds=round(time.monotonic() - started, 3),
            warnings=summary.warnings,
            beside=beside,
        )

    async def _summarize(self, job: CompactionJob, plan: Plan, max_tokens: int) -> Summary:
        if self._summarizer is None or job.policy.model is None or not plan.replaced:
            return Summary(None)
        return await self._summarizer.summarize(
            plan.replaced, model=job.policy.model, max_tokens=max_tokens, anchor=job.summary
        )

    def _payload(self, job: CompactionJob, plan: Plan, ledger: Ledger, summary: str | None) -> Payload:
        count = self._counter.count
        left = plan.record_tokens - _FRAME_TOKENS - (count(summary) if summary else 0)
        fitted = ledger.fitted(max(left, 0), count)
        record = render_record(summary=summary, facts=fitted.render())
        kept_tokens = sum(entry.tokens for entry in plan.kept)
        return Payload(
            version=VERSION,
            id=job.id,
            origin=job.policy.origin,
            kept=plan.kept,
            record=record,
            ledger=fitted.to_json(),
            summary=summary,
            tokens=kept_tokens + (count(record) + 4 if record else 0),
        )


def _apart(job: CompactionJob, plan: Plan) -> tuple[list[SizedItem], list[SizedItem]]:
    """Return the user messages that go beside the item, and the items that go into it."""
    if job.policy.origin == "automatic":
        return [], plan.kept
    beside = [entry for entry in plan.kept if isinstance(entry.item, Message) and entry.item.role == "user"]
    return beside, [entry for entry in plan.kept if entry not in beside]


def _known(job: CompactionJob) -> Ledger:
    return Ledger.from_json(job.ledger) if job.ledger else Ledger()
