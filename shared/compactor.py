"""The compactor: the use case of a compaction job. Plan, collect, summarise, verify, and put it together."""

import asyncio
import time
from dataclasses import replace

from shared.compaction.fates import ItemFate, our_fates, provider_fates
from shared.compaction.ledger import Ledger, collect
from shared.compaction.ledger.entries import AUTHORITIES
from shared.compaction.pins import render_pins
from shared.compaction.plan import Plan, plan_compaction
from shared.compaction.policy import MIN_RECORD_TOKENS
from shared.compaction.promotion import without_promoted
from shared.compaction.pruning import plan_pruning
from shared.compaction.record import frame_tokens, render_record
from shared.compaction.sections import split_sections
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
        ledger = await asyncio.to_thread(_ledger, job, plan)
        span = self._span(job, plan, int(self._budget(job, plan) * job.policy.summary_share))
        is_native = self._native is not None and bool(plan.replaced) and not plan.is_pruning
        if is_native or self._summarizer is None or span is None:
            payload = await asyncio.to_thread(self._payload, job, plan, ledger, job.summary)
            if not is_native:
                return _result(job, plan, payload, Summary(None), "ledger")
            asked = Usage(input_tokens=job.tokens, total_tokens=job.tokens)
            return _result(job, plan, payload, Summary(None, asked, calls=1), "native")
        expected = await self._summarizer.estimate(span)
        without = replace(plan, record_tokens=plan.record_tokens - span.max_tokens)
        payload = await asyncio.to_thread(self._payload, job, without, ledger, None)
        result = _result(job, plan, payload, expected, "model")
        return replace(result, tokens_after=result.tokens_after + span.max_tokens)

    async def _plan(self, job: CompactionJob) -> Plan:
        return await asyncio.to_thread(self._planned, job)

    def _planned(self, job: CompactionJob) -> Plan:
        """Return the cheapest plan that reaches the target: shorter tool outputs, if that is enough."""
        count, policy = self._counter.count, job.policy
        carried = max(count(job.record), self._frame_tokens + count(render_pins(policy.pinned_texts)))
        # What was compacted before and fits is left as it is, byte for byte.
        recorded = count(job.record) + 4 if job.record else 0
        may_stay = bool(job.ledger) and _size(job) + recorded <= policy.target_tokens
        record_tokens = recorded if may_stay else carried + MIN_RECORD_TOKENS
        pruning = plan_pruning(
            job.history, policy, record_tokens=record_tokens, count=count, may_stay=may_stay
        )
        return pruning or plan_compaction(job.history, policy, count=count)

    async def summarize(self, portion: Portion) -> Summary:
        """Return the summary of a portion that is a job of its own."""
        if self._summarizer is None:
            return Summary(None, warnings=["the worker of a part has no summariser."])
        return await self._summarizer.summarize_portion(portion)

    async def _made(self, job: CompactionJob, checkpoints: Checkpoints | None) -> CompactionResult:
        plan = await self._plan(job)
        budget = self._budget(job, plan)
        if self._native is None or not plan.replaced or plan.is_pruning:
            return await self._by_us(job, plan, budget, checkpoints)
        try:
            payload, usage = await self._native.compact(job, ledger_tokens=budget)
        except UpstreamError as error:
            result = await self._by_us(job, plan, budget, checkpoints)
            return replace(result, warnings=[f"the provider did not compact: {error.message}"])
        return _result(job, plan, payload, Summary(None, usage, calls=1), "native")

    async def _by_us(
        self, job: CompactionJob, plan: Plan, budget: int, checkpoints: Checkpoints | None
    ) -> CompactionResult:
        span = self._span(job, plan, int(budget * job.policy.summary_share))
        summary = await self._summarize(span, checkpoints)
        # After the summary: an attempt that only asks for parts has no use for the ledger.
        ledger = await asyncio.to_thread(_ledger, job, plan)
        summary = await asyncio.to_thread(_without_promoted, job, summary)
        # Where this summary failed, what the last one said is still known.
        prose = summary.text or job.summary
        payload = await asyncio.to_thread(self._payload, job, plan, ledger, prose)
        return _result(job, plan, payload, summary, "ledger" if summary.text is None else "model")

    async def _summarize(self, span: Span | None, checkpoints: Checkpoints | None) -> Summary:
        if self._summarizer is None or span is None:
            return Summary(None)
        return await self._summarizer.summarize(span, checkpoints)

    def _span(self, job: CompactionJob, plan: Plan, max_tokens: int) -> Span | None:
        """Return what a model is to summarise, or None when there is nothing to ask or nobody to be asked."""
        if job.policy.model is None or not plan.replaced or plan.is_pruning:
            return None
        return Span(
            plan.replaced,
            model=job.policy.model,
            max_tokens=max_tokens,
            anchor=job.summary,
            instructions=job.policy.instructions,
            in_place=_turns(job),
            sections=job.policy.sections,
            prompt=job.policy.prompt,
        )

    def _payload(self, job: CompactionJob, plan: Plan, ledger: Ledger, summary: str | None) -> Payload:
        count = self._counter.count
        left = self._budget(job, plan) - (count(summary) if summary else 0)
        fitted = ledger.fitted(max(left, 0), count)
        pins = job.policy.pinned_texts
        record = render_record(summary=summary, facts=fitted.render(), pins=pins)
        # What a provider once sealed for itself is no use to anybody else; the ledger knows of it.
        kept = [entry for entry in plan.kept if not isinstance(entry.item, Compaction)]
        kept_tokens = sum(entry.tokens for entry in kept)
        return Payload(
            version=VERSION,
            id=job.id,
            origin=job.policy.origin,
            kept=kept,
            record=record,
            ledger=fitted.to_json(),
            summary=summary,
            tokens=kept_tokens + (count(record) + 4 if record else 0),
            pins=job.policy.pins,
            pinned_items=job.policy.pinned_items,
        )

    def _budget(self, job: CompactionJob, plan: Plan) -> int:
        """Return what is left of the record for the summary and the ledger."""
        pinned = self._counter.count(render_pins(job.policy.pinned_texts))
        return max(plan.record_tokens - self._frame_tokens - pinned, 0)


def _result(
    job: CompactionJob, plan: Plan, whole: Payload, summary: Summary, method: CompactionMethod
) -> CompactionResult:
    beside, payload = _apart(whole)
    return CompactionResult(
        payload=payload,
        method=method,
        usage=summary.usage,
        tokens_before=job.tokens,
        tokens_after=whole.tokens,
        seconds=0.0,
        warnings=summary.warnings,
        beside=beside,
        model=job.policy.model if summary.calls else None,
        calls=summary.calls,
        items=_fates(job, plan, whole, method),
    )


def _size(job: CompactionJob) -> int:
    return sum(entry.tokens for entry in job.history)


def _fates(job: CompactionJob, plan: Plan, whole: Payload, method: CompactionMethod) -> list[ItemFate]:
    if method == "native":
        return provider_fates(job.history, whole.kept, pinned=job.policy.pinned_items)
    return our_fates(
        job.history,
        plan,
        ledger=Ledger.from_json(whole.ledger),
        seen=_known(job).items_seen,
        summarised=method == "model",
    )


def _apart(whole: Payload) -> tuple[list[SizedItem], Payload]:
    """Return the user messages that go beside the item, and what goes into it."""
    if whole.origin == "automatic":
        return [], whole
    beside = [entry for entry in whole.kept if isinstance(entry.item, Message) and entry.item.role == "user"]
    inside = [entry for entry in whole.kept if entry not in beside]
    tokens = whole.tokens - sum(entry.tokens for entry in beside)
    return beside, whole.model_copy(update={"kept": inside, "tokens": tokens})


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
    known = [entry.text for entry in _known(job).entries if entry.trust in AUTHORITIES]
    # What the last summary says was checked when it was made.
    before = split_sections(job.summary or "", policy.sections)
    trusted = [line for section in policy.rule_sections for line in before.get(section, [])]
    items = [entry.item for entry in job.history]
    text, dropped = without_promoted(
        summary.text,
        sections=policy.sections,
        rule_sections=policy.rule_sections,
        people=[
            *policy.pinned_texts,
            *asked,
            *known,
            *trusted,
            *(text_of(item) for item in items if _may_rule(item)),
        ],
        tools=[text_of(item) for item in items if not isinstance(item, Message)],
    )
    if not dropped:
        return summary
    warning = f"rules that nobody laid down were left out of the summary: {dropped}."
    return replace(summary, text=text, warnings=[*summary.warnings, warning])


def _may_rule(item: Item) -> bool:
    return isinstance(item, Message) and item.role != "assistant"


def _ledger(job: CompactionJob, plan: Plan) -> Ledger:
    return collect(plan.replaced, known=_known(job), history=[entry.item for entry in job.history])


def _known(job: CompactionJob) -> Ledger:
    return Ledger.from_json(job.ledger) if job.ledger else Ledger()
