"""The summariser: asks a model for the summary of a span, and trusts no answer before it was checked."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial

from shared.compaction.outline import OUTLINE
from shared.compaction.passages import Passage, in_portions
from shared.compaction.sections import fold_sections
from shared.compaction.structured import summary_format, under_headings
from shared.compaction.summary import Wish, in_place_request, summary_request
from shared.compaction.verify import find_fault, longest_tokens
from shared.errors import UpstreamError
from shared.ports import TokenCounter, Upstream
from shared.prompt import CallStarted, Finished, Prompt, RefusalDelta, Sampling, TextDelta
from shared.window.counting import count_item, count_overhead
from shared.wire.items import Item
from shared.wire.responses import Usage
from shared.wire.text import text_of

# Room in the summariser's window for the rules, which stand there twice, and the fences.
_RESERVED_TOKENS = 2_000
# A model is of little use with less of the history at a time than this.
_LEAST_PORTION_TOKENS = 500
# A model says too little of a portion, or too much to be believed, in fewer tokens than this.
_LEAST_SUMMARY_TOKENS = 256
_SIDE_BY_SIDE = 8
_TRIES = 2
# Headings and a margin: a model that is a little long is better than one that is cut off.
_MARGIN_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be summarised, by which model, in how many tokens.

    `anchor` is the summary so far, `instructions` the client's wish for this one. `in_place`, if it is given,
    is the prompt of the turns themselves, which the same model has read before: its cache may hold it.
    """

    items: Sequence[Item]
    model: str
    max_tokens: int
    anchor: str | None = None
    instructions: str | None = None
    in_place: Prompt | None = None
    sections: tuple[str, ...] = OUTLINE.sections
    prompt: str | None = None

    @property
    def wish(self) -> Wish:
        """What the summary should be like."""
        return Wish(self.max_tokens, self.instructions, sections=self.sections, prompt=self.prompt)


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary that passed its checks, or None with the reasons in `warnings`; and what it cost."""

    text: str | None
    usage: Usage = field(default_factory=Usage)
    warnings: list[str] = field(default_factory=list)
    calls: int = 0


def _unknown(_model: str) -> int | None:
    return None


def _never(_model: str) -> bool:
    return False


class Summarizer:
    """Summarises spans with a model, in portions side by side where a span exceeds the model's window."""

    def __init__(
        self,
        upstream: Upstream,
        counter: TokenCounter,
        *,
        window_tokens: int,
        window_of: Callable[[str], int | None] = _unknown,
        in_place: bool = False,
        is_structured: Callable[[str], bool] = _never,
    ) -> None:
        """Take how much a summariser may be given at once, and the windows of models as far as they are known.

        `in_place` says that a model is asked after the turns themselves where that is possible, `is_structured`
        whether a model's provider can hold it to a JSON schema.
        """
        self._upstream = upstream
        self._counter = counter
        self._window_tokens = window_tokens
        self._window_of = window_of
        self._in_place = in_place
        self._is_structured = is_structured

    async def summarize(self, span: Span) -> Summary:
        """Return the summary of the span's items, merged into its anchor.

        Never raises for what a model does: a failing portion makes the whole fail, with its reason.
        """
        if self._in_place and span.in_place is not None:
            try:
                return await self._summarize_in_place(span, span.in_place)
            except _DoesNotFit:
                pass  # in portions it will
        return await self._summarize_fenced(span)

    async def estimate(self, span: Span) -> Summary:
        """Return the calls and the tokens that a summary of the span takes if each call succeeds at once.

        No model is asked: there is no text, and each answer is taken to be as long as it may be.
        """
        if self._in_place and span.in_place is not None and await self._fits(span, span.in_place):
            return _expected([await asyncio.to_thread(self._prompt_tokens, span.in_place)], span.max_tokens)
        portions = await asyncio.to_thread(self._portions, span)
        prompts = [self._portion_prompt(span, portion) for portion in portions]
        sizes = [await asyncio.to_thread(self._prompt_tokens, prompt) for prompt in prompts]
        return _expected(sizes, span.max_tokens)

    async def _summarize_in_place(self, span: Span, turns: Prompt) -> Summary:
        if not await self._fits(span, turns):
            raise _DoesNotFit

        def asking(complaint: str | None) -> Prompt:
            asked = in_place_request(self._wish(span, complaint))
            sampling = self._asking_for(span, turns.sampling)
            return replace(turns, items=[*turns.items, asked], sampling=sampling)

        return await self._attempt(asking, span, may_not_fit=True)

    async def _fits(self, span: Span, turns: Prompt) -> bool:
        return await asyncio.to_thread(self._prompt_tokens, turns) <= self._room(span)

    def _portions(self, span: Span) -> list[list[Passage]]:
        room = max(self._room(span), _LEAST_PORTION_TOKENS)
        return in_portions(span.items, room, count=self._counter.count)

    async def _summarize_fenced(self, span: Span) -> Summary:
        portions = await asyncio.to_thread(self._portions, span)
        least = min(span.max_tokens, _LEAST_SUMMARY_TOKENS)
        share = replace(span, max_tokens=max(span.max_tokens // len(portions), least))
        gate = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def one(index: int, portion: Sequence[Passage]) -> Summary:
            async with gate:
                # What the summary so far says is told once.
                own = share if index == 0 else replace(share, anchor=None)
                return await self._summarize_portion(own, portion)

        parts = await asyncio.gather(*(one(*each) for each in enumerate(portions)))
        merged = _merged(parts, span.sections)
        if merged.text is None or self._counter.count(merged.text) <= longest_tokens(span.max_tokens):
            return merged
        return await self._condense(span, merged, merged.text)

    async def _condense(self, span: Span, merged: Summary, text: str) -> Summary:
        """Have the summaries of many portions summarised: each had to say something."""
        once = replace(span, anchor=None)
        summary = await self._summarize_portion(once, [Passage("summaries of the parts, in order", text)])
        return Summary(
            summary.text,
            merged.usage + summary.usage,
            [*merged.warnings, *summary.warnings],
            merged.calls + summary.calls,
        )

    async def _summarize_portion(self, span: Span, portion: Sequence[Passage]) -> Summary:
        return await self._attempt(partial(self._portion_prompt, span, portion), span)

    def _portion_prompt(self, span: Span, portion: Sequence[Passage], complaint: str | None = None) -> Prompt:
        request = summary_request(
            portion, self._wish(span, complaint), nonce=secrets.token_hex(8), anchor=span.anchor
        )
        return Prompt(
            model=span.model,
            items=request.items,
            instructions=request.instructions,
            sampling=self._asking_for(span, Sampling()),
        )

    def _wish(self, span: Span, complaint: str | None) -> Wish:
        return replace(span.wish, complaint=complaint, structured=self._is_structured(span.model))

    def _asking_for(self, span: Span, sampling: Sampling) -> Sampling:
        sampling = replace(sampling, max_output_tokens=_answer_tokens(span.max_tokens))
        if not self._is_structured(span.model):
            return sampling
        return replace(sampling, text=summary_format(span.sections))

    async def _attempt(
        self, asking: Callable[[str | None], Prompt], span: Span, *, may_not_fit: bool = False
    ) -> Summary:
        """Ask until an answer passes its checks, each time with what was wrong with the last one."""
        usage, faults = Usage(), list[str]()
        for calls in range(1, _TRIES + 1):
            prompt = asking(faults[-1] if faults else None)
            try:
                text, finished, cost = await self._ask(prompt)
            except UpstreamError as error:
                if may_not_fit and error.code == "context_length_exceeded":
                    raise _DoesNotFit from error
                return Summary(None, usage, [*faults, f"the summariser failed ({error.code})."], calls)
            usage = usage + cost
            if self._is_structured(span.model):
                text = under_headings(text, span.sections)
            tokens = self._counter.count(text)
            fault = find_fault(
                text,
                finished=finished,
                tokens=tokens,
                max_tokens=span.max_tokens,
                sections=span.sections,
            )
            if fault is None:
                return Summary(text.strip(), usage, faults, calls)
            faults.append(fault)
        return Summary(None, usage, faults, _TRIES)

    async def _ask(self, prompt: Prompt) -> tuple[str, str, Usage]:
        texts: list[str] = []
        finished: Finished | None = None
        async with aclosing(self._upstream.stream(prompt)) as answer:
            async for event in answer:
                match event:
                    case TextDelta():
                        texts.append(event.text)
                    case RefusalDelta():
                        return event.text, "refusal", self._estimate(prompt, event.text)
                    case CallStarted():
                        return "", "tool_call", self._estimate(prompt, event.name)
                    case Finished():
                        finished = event
                    case _:
                        continue
        if finished is None:
            raise UpstreamError("The summariser's answer ended without saying so.")
        text = "".join(texts)
        return text, finished.reason, finished.usage or self._estimate(prompt, text)

    def _room(self, span: Span) -> int:
        """Return the tokens of history that the model can be given at once, beside all else."""
        known = self._window_of(span.model)
        window = self._window_tokens if known is None else min(self._window_tokens, known)
        beside = sum(self._counter.count(text or "") for text in (span.anchor, span.instructions))
        # It stands there twice, as our own rules do.
        beside += 2 * self._counter.count(span.prompt or "")
        return window - _RESERVED_TOKENS - beside - _answer_tokens(span.max_tokens)

    def _prompt_tokens(self, prompt: Prompt) -> int:
        count = self._counter.count
        overhead = count_overhead(
            instructions=prompt.instructions, tools=prompt.sampling.tools, text_format=None, count=count
        )
        return overhead + sum(count_item(item, count) for item in prompt.items)

    def _estimate(self, prompt: Prompt, text: str) -> Usage:
        asked = self._counter.count(prompt.instructions or "")
        asked += sum(self._counter.count(text_of(item)) for item in prompt.items)
        answered = self._counter.count(text)
        return Usage(input_tokens=asked, output_tokens=answered, total_tokens=asked + answered)


class _DoesNotFit(Exception):
    """The turns and the question after them exceed the model's window."""


def _answer_tokens(max_tokens: int) -> int:
    return longest_tokens(max_tokens) + _MARGIN_TOKENS


def _expected(asked: Sequence[int], answered: int) -> Summary:
    usage = Usage(input_tokens=sum(asked), output_tokens=answered, total_tokens=sum(asked) + answered)
    return Summary(None, usage, calls=len(asked))


def _merged(parts: Sequence[Summary], sections: Sequence[str]) -> Summary:
    usage = sum((part.usage for part in parts), start=Usage())
    warnings = [warning for part in parts for warning in part.warnings]
    calls = sum(part.calls for part in parts)
    texts = [part.text for part in parts if part.text is not None]
    if len(texts) < len(parts):
        return Summary(None, usage, warnings, calls)
    return Summary(texts[0] if len(texts) == 1 else fold_sections(texts, sections), usage, warnings, calls)
