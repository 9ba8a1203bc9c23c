"""The summariser: asks a model for the summary of a span, and trusts no answer before it was checked."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from shared.compaction.sections import fold_sections
from shared.compaction.summary import SummaryRequest, summary_request
from shared.compaction.verify import find_fault
from shared.errors import UpstreamError
from shared.ports import TokenCounter, Upstream
from shared.prompt import CallStarted, Finished, Prompt, RefusalDelta, Sampling, TextDelta
from shared.window.calls import safe_cuts
from shared.window.counting import count_item
from shared.wire.items import Item
from shared.wire.responses import Usage

# Room in the summariser's window for the instructions, the fences and the answer.
_RESERVED_TOKENS = 2_000
_SIDE_BY_SIDE = 8
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary that passed its checks, or None with the reasons in `warnings`; and what it cost."""

    text: str | None
    usage: Usage = field(default_factory=Usage)
    warnings: list[str] = field(default_factory=list)


class Summarizer:
    """Summarises spans with a model, in chunks side by side where a span exceeds the model's window."""

    def __init__(self, upstream: Upstream, counter: TokenCounter, *, window_tokens: int) -> None:
        self._upstream = upstream
        self._counter = counter
        self._chunk_tokens = max(window_tokens - _RESERVED_TOKENS, 500)

    async def summarize(
        self, items: Sequence[Item], *, model: str, max_tokens: int, anchor: str | None
    ) -> Summary:
        """Return the summary of `items`, merged into `anchor`, the summary so far.

        Never raises for what a model does: a failing chunk makes the whole fail, with its reason.
        """
        chunks = await asyncio.to_thread(self.chunks, items)
        gate = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def one(index: int, chunk: Sequence[Item]) -> Summary:
            async with gate:
                own_anchor = anchor if index == 0 else None
                return await self._summarize_chunk(
                    chunk, model=model, max_tokens=max_tokens // len(chunks), anchor=own_anchor
                )

        parts = await asyncio.gather(*(one(index, chunk) for index, chunk in enumerate(chunks)))
        return _merged(parts)

    def chunks(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        """Return the items in runs that fit the model's window, parting no call from its output."""
        cuts = safe_cuts(items)
        chunks: list[Sequence[Item]] = []
        start, size, last_cut = 0, 0, 0
        for index, item in enumerate(items):
            if cuts[index]:
                last_cut = index
            size += count_item(item, self._counter.count)
            if size > self._chunk_tokens and last_cut > start:
                chunks.append(items[start:last_cut])
                start = last_cut
                size = sum(count_item(each, self._counter.count) for each in items[start : index + 1])
        return [*chunks, items[start:]]

    async def _summarize_chunk(
        self, items: Sequence[Item], *, model: str, max_tokens: int, anchor: str | None
    ) -> Summary:
        usage, faults = Usage(), list[str]()
        for _ in range(_TRIES):
            request = summary_request(
                items,
                nonce=secrets.token_hex(8),
                max_tokens=max_tokens,
                anchor=anchor,
                complaint=faults[-1] if faults else None,
            )
            try:
                text, finished, cost = await self._ask(request, model=model, max_tokens=max_tokens)
            except UpstreamError as error:
                return Summary(None, usage, [*faults, f"the summariser failed ({error.code})."])
            usage = usage + cost
            fault = find_fault(
                text, finished=finished, tokens=self._counter.count(text), max_tokens=max_tokens
            )
            if fault is None:
                return Summary(text.strip(), usage, faults)
            faults.append(fault)
        return Summary(None, usage, faults)

    async def _ask(self, request: SummaryRequest, *, model: str, max_tokens: int) -> tuple[str, str, Usage]:
        # Headings and a margin: a model that is a little long is better than one that is cut off.
        sampling = Sampling(max_output_tokens=max_tokens * 3 // 2 + 256)
        prompt = Prompt(
            model=model, items=request.items, instructions=request.instructions, sampling=sampling
        )
        texts: list[str] = []
        finished: Finished | None = None
        async with aclosing(self._upstream.stream(prompt)) as answer:
            async for event in answer:
                match event:
                    case TextDelta():
                        texts.append(event.text)
                    case RefusalDelta():
                        return event.text, "refusal", self._estimate(request, event.text)
                    case CallStarted():
                        return "", "tool_call", self._estimate(request, event.name)
                    case Finished():
                        finished = event
                    case _:
                        continue
        if finished is None:
            raise UpstreamError("The summariser's answer ended without saying so.")
        text = "".join(texts)
        return text, finished.reason, finished.usage or self._estimate(request, text)

    def _estimate(self, request: SummaryRequest, text: str) -> Usage:
        asked = self._counter.count(request.instructions) + self._counter.count(request.text)
        answered = self._counter.count(text)
        return Usage(input_tokens=asked, output_tokens=answered, total_tokens=asked + answered)


def _merged(parts: Sequence[Summary]) -> Summary:
    usage = sum((part.usage for part in parts), start=Usage())
    warnings = [warning for part in parts for warning in part.warnings]
    texts = [part.text for part in parts if part.text is not None]
    if len(texts) < len(parts):
        return Summary(None, usage, warnings)
    return Summary(texts[0] if len(texts) == 1 else fold_sections(texts), usage, warnings)
