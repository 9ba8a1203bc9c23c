"""The compactor: the use case of a compaction job. Plan, collect, summarise, verify, and put it together."""

import asyncio
import time
from dataclasses import replace

from shared.compacted import result_of
from shared.compaction.ledger import Ledger, collect
from shared.compaction.ledger.entries import AUTHORITIES
from shared.compaction.pins import render_pins
from shared.compaction.plan import Plan, more_recent, plan_compaction
from shared.compaction.policy import MIN_RECORD_TOKENS
from shared.compaction.promotion import rules_of, without_promoted
from shared.compaction.pruning import plan_pruning
from shared.compaction.record import frame_tokens, record_tokens
from shared.compaction.recording import Record, make_record, room_in_record
from shared.compactions import CompactionJob, CompactionMethod, CompactionResult
from shared.errors import UpstreamError
from shared.native import NativeCompactor
from shared.ports import Checkpoints, TokenCounter
from shared.prompt import Prompt, Sampling
from shared.summaries import Portion, Summary
from shared.summarizer import Span, Summarizer
from shared.window.calls import open_calls
from shared.window.payload import VERSION, Payload, SizedItem, record_message
from shared.wire.items import Compaction, ConfigurationUpdate, Item, Message
from shared.wire.responses import Usage
from shared.wire.text import text_of


class Compactor:
    """Makes compactions. Without `native` and `summarizer` the ledger alone is the record."""

    def __init__(
        self, counter: TokenCounter, summarizer: Summarizer | None, native: NativeCompactor | None = None
    ) -> None:
        self._counter = counter
        self._frame_tokens = frame_tokens(counter.count)
        self._summarizer = summarizer
        self._native = native

    async def compact(self, job: CompactionJob, checkpoints: Checkpoints | None = None) -> CompactionResult:
        """Return what the job's history is replaced by.

        A provider or a summariser that fails or misbehaves degrades to the ledger: the result says so in its
        warnings. With `checkpoints` it asks for nothing that an earlier attempt has paid for, and raises
        PartsAsked when it is to be tried again, or LeaseLost.
        """
        started = time.monotonic()
        result = await self._made(job, checkpoints)
        return replace(result, seconds=round(time.monotonic() - started, 3))

    async def forecast(self, job: CompactionJob) -> CompactionResult:
        """Return what `compact` would come to, as far as that is known without asking a model: none is asked.

        A summary is taken to succeed at once and to be as long as it may be; what a provider would leave of
        the history is taken to be as much as we would.
        """
        plan = await self._plan(job)
        if self._native is not None and plan.replaced and not plan.is_pruning:
            asked = Usage(input_tokens=job.tokens, total_tokens=job.tokens)
            one = Summary(None, asked, calls=1)
            return await asyncio.to_thread(self._put_together, job, plan, one, "native")
        span = self._span(job, plan)
        if self._summarizer is None or span is None or self._is_too_short(span):
            return await asyncio.to_thread(self._put_together, job, plan, Summary(None), "ledger")
        expected = await self._summarizer.estimate(span)
        without = replace(plan, record_tokens=plan.record_tokens - span.max_tokens)
        bare = replace(job, summary=None)
        result = await asyncio.to_thread(self._put_together, bare, without, expected, "model")
        return replace(result, tokens_after=result.tokens_after + span.max_tokens)

    async def _plan(self, job: CompactionJob) -> Plan:
        return await asyncio.to_thread(self._planned, job)

    def _planned(self, job: CompactionJob) -> Plan:
        """Return the cheapest plan that reaches the target: shorter tool outputs, if that is enough."""
        count, policy = self._counter.count, job.policy
        carried = max(count(job.record), self._frame_tokens + count(render_pins(policy.pinned_texts)))
        # What was compacted before and fits is left as it is, byte for byte.
        recorded = record_tokens(job.record, count)
        may_stay = bool(job.ledger) and _size(job) + recorded <= policy.target_tokens
        room = recorded if may_stay else carried + MIN_RECORD_TOKENS
        pruning = plan_pruning(job.history, policy, record_tokens=room, count=count, may_stay=may_stay)
        return pruning or plan_compaction(job.history, policy, count=count)

    async def summarize(self, portion: Portion) -> Summary:
        """Return the summary of a portion that is a job of its own."""
        if self._summarizer is None:
            return Summary(None, warnings=["the worker of a part has no summariser."])
        return await self._summarizer.summarize_portion(portion)

    async def _made(self, job: CompactionJob, checkpoints: Checkpoints | None) -> CompactionResult:
        plan = await self._plan(job)
        if self._native is None or not plan.replaced or plan.is_pruning:
            return await self._by_us(job, plan, checkpoints)
        try:
            payload, usage = await self._native.compact(job, max_tokens=plan.record_tokens)
        except UpstreamError as error:
            result = await self._by_us(job, plan, checkpoints)
            return replace(
                result, warnings=[f"the provider did not compact: {error.message}", *result.warnings]
            )
        return await asyncio.to_thread(result_of, job, plan, payload, Summary(None, usage, calls=1), "native")

    async def _by_us(
        self, job: CompactionJob, plan: Plan, checkpoints: Checkpoints | None
    ) -> CompactionResult:
        span = self._span(job, plan)
        summary = await self._summarize(span, checkpoints)
        summary = await asyncio.to_thread(_without_promoted, job, summary)
        method: CompactionMethod = "ledger" if summary.text is None else "model"
        # However long it turned out, the same stays beside it.
        reserved = span.max_tokens if span and (summary.calls or job.summary) else 0
        return await asyncio.to_thread(self._put_together, job, plan, summary, method, reserved)

    async def _summarize(self, span: Span | None, checkpoints: Checkpoints | None) -> Summary:
        if self._summarizer is None or span is None:
            return Summary(None)
        if self._is_too_short(span):
            warning = f"no summary was asked for: there was room for only {span.max_tokens} tokens of it."
            return Summary(None, warnings=[warning])
        return await self._summarizer.summarize(span, checkpoints)

    def _span(self, job: CompactionJob, plan: Plan) -> Span | None:
        """Return what a model is to summarise, or None when there is nothing to ask or nobody to be asked."""
        if job.policy.model is None or not plan.replaced or plan.is_pruning:
            return None
        room = room_in_record(job.policy, plan.record_tokens, self._counter.count)
        return Span(
            plan.replaced,
            model=job.policy.model,
            max_tokens=int(room * job.policy.summary_share),
            anchor=job.summary,
            instructions=job.policy.instructions,
            in_place=_turns(job),
            sections=job.policy.sections,
            prompt=job.policy.prompt,
        )

    def _is_too_short(self, span: Span) -> bool:
        """Whether there is no room but for its headings: a summary would be asked for twice, and refused twice."""
        return span.max_tokens <= self._counter.count("".join(f"## {each}\n" for each in span.sections))

    def _put_together(
        self,
        job: CompactionJob,
        plan: Plan,
        summary: Summary,
        method: CompactionMethod,
        reserved: int = 0,
    ) -> CompactionResult:
        """Return the result; of the record, `reserved` tokens are for a summary, however long it is.

        It reads all that was said: not on the loop, where others wait.
        """
        # After the summary: an attempt that only asks for parts has no use for the ledger.
        ledger = _ledger(job, plan)
        # Where this summary failed, what the last one said is still known.
        prose = summary.text or job.summary
        count = self._counter.count
        room, recent = plan.record_tokens, dict[int, SizedItem]()
        record: Record | None = None
        if _may_keep_more(job, plan):
            record = make_record(ledger, None, job.policy, max_tokens=room - reserved, count=count)
            recent = more_recent(plan, job.history, room - reserved - record_tokens(record.text, count))
            room -= sum(entry.tokens for entry in recent.values())
        if record is None or prose or reserved:
            record = make_record(ledger, prose, job.policy, max_tokens=room, count=count)
        if record.left_out:
            warning = f"{record.left_out} tokens of the summary were left out: there was no room for them."
            summary = replace(summary, warnings=[*summary.warnings, warning])
        stays = dict(zip(sorted(plan.stays), plan.kept, strict=True)) | recent
        # What a provider once sealed for itself is no use to anybody else; the ledger knows of it.
        kept = [stays[index] for index in sorted(stays) if not isinstance(stays[index].item, Compaction)]
        payload = Payload(
            version=VERSION,
            id=job.id,
            origin=job.policy.origin,
            kept=kept,
            record=record.text,
            ledger=record.ledger.to_json(),
            summary=record.summary,
            tokens=sum(entry.tokens for entry in kept) + record_tokens(record.text, count),
            pins=job.policy.pins,
            pinned_items=job.policy.pinned_items,
        )
        return result_of(job, plan, payload, summary, method, recent)


def _may_keep_more(job: CompactionJob, plan: Plan) -> bool:
    """Return whether what the ledger leaves of the record's room is for what was said last."""
    is_roomy = job.policy.record_tokens is not None or job.tokens <= job.policy.target_tokens
    return not (plan.is_pruning or is_roomy)


def _size(job: CompactionJob) -> int:
    return sum(entry.tokens for entry in job.history)


def _turns(job: CompactionJob) -> Prompt | None:
    """Return the prompt of the turns themselves, if the model that compacts has read it before."""
    items = [entry.item for entry in job.history if not isinstance(entry.item, ConfigurationUpdate)]
    # A call that waits for its output must be followed by it, and not by a question.
    if job.head is None or job.head.model != job.policy.model or open_calls(items):
        return None
    sampling = Sampling(
        tools=job.head.tools,
        tool_choice="none" if job.head.tools else None,
        prompt_cache_key=job.head.prompt_cache_key,
    )
    record = [record_message(job.record)] if job.record else []
    return Prompt(job.head.model, [*record, *items], job.head.instructions, sampling)


def _without_promoted(job: CompactionJob, summary: Summary) -> Summary:
    """Return the summary without the rules that no user and no system text supports."""
    if summary.text is None:
        return summary
    policy, turns = job.policy, job.head.instructions if job.head else None
    asked = [text for text in (policy.instructions, turns) if text]
    known = [entry.text for entry in job.known.entries if entry.trust in AUTHORITIES]
    outline = {"sections": policy.sections, "rule_sections": policy.rule_sections}
    # What the last summary lays down was checked when it was made.
    trusted = rules_of(job.summary or "", **outline)
    items = [entry.item for entry in job.history]
    text, dropped = without_promoted(
        summary.text,
        **outline,
        people=[
            *policy.pinned_texts,
            *asked,
            *known,
            *trusted,
            *(text_of(item) for item in items if _may_rule(item)),
        ],
        tools=[text_of(item) for item in items if not isinstance(item, Message)],
        model=[text_of(item) for item in items if isinstance(item, Message) and not _may_rule(item)],
    )
    if not dropped:
        return summary
    warning = f"rules that nobody laid down were left out of the summary: {dropped}."
    return replace(summary, text=text, warnings=[*summary.warnings, warning])


def _may_rule(item: Item) -> bool:
    return isinstance(item, Message) and item.role != "assistant"


def _ledger(job: CompactionJob, plan: Plan) -> Ledger:
    return collect(plan.replaced, known=job.known, history=[entry.item for entry in job.history])
