"""The summariser: has a model summarise a span, at once or in portions that fit its window."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shared.compaction.outline import OUTLINE
from shared.compaction.passages import Passage, in_portions, packed
from shared.compaction.sections import fold_sections
from shared.compaction.summary import Wish, in_place_request
from shared.compaction.verify import longest_tokens
from shared.portions import merge_summaries, summarize_all
from shared.ports import Checkpoints, TokenCounter, Upstream
from shared.prompt import Prompt
from shared.summaries import Portion, Summary
from shared.summary_writer import DoesNotFit, SummaryWriter, answer_tokens, asking_for, portion_prompt
from shared.window.counting import count_item, count_overhead
from shared.wire.items import Item
from shared.wire.responses import Usage

# Room in the summariser's window for the rules, which stand there twice, and the fences.
_RESERVED_TOKENS = 2_000
# A model is of little use with less of the history at a time than this.
_LEAST_PORTION_TOKENS = 500
# A model says too little of a portion, or too much to be believed, in fewer tokens than this.
_LEAST_SUMMARY_TOKENS = 256


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


def _unknown(_model: str) -> int | None:
    return None


def _never(_model: str) -> bool:
    return False


class Summarizer:
    """Summarises spans with a model, in portions where a span exceeds the model's window."""

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
        self._writer = SummaryWriter(upstream, counter)
        self._counter = counter
        self._window_tokens = window_tokens
        self._window_of = window_of
        self._in_place = in_place
        self._is_structured = is_structured

    async def summarize(self, span: Span, checkpoints: Checkpoints | None = None) -> Summary:
        """Return the summary of the span's items, merged into its anchor.

        Never raises for what a model does: a failing portion makes the whole fail, with its reason. With
        `checkpoints` it asks for nothing that an earlier attempt has paid for, and raises PartsAsked when it is
        to be tried again, or LeaseLost.
        """
        if self._in_place and span.in_place is not None:
            try:
                return await self._summarize_in_place(span, span.in_place)
            except DoesNotFit:
                pass  # in portions it will
        return await self._folded(span, await asyncio.to_thread(self._portions, span), checkpoints)

    async def summarize_portion(self, portion: Portion) -> Summary:
        """Return the summary of one portion. Never raises for what a model does."""
        return await self._writer.write_portion(portion)

    async def estimate(self, span: Span) -> Summary:
        """Return the calls and the tokens that a summary of the span takes if each call succeeds at once.

        No model is asked: there is no text, and each answer is taken to be as long as it may be.
        """
        if self._in_place and span.in_place is not None and await self._fits(span, span.in_place):
            return _expected([await asyncio.to_thread(self._prompt_tokens, span.in_place)], span.max_tokens)
        portions = await asyncio.to_thread(self._portions, span)
        sizes = [
            await asyncio.to_thread(self._prompt_tokens, portion_prompt(portion)) for portion in portions
        ]
        return _expected(sizes, span.max_tokens)

    async def _summarize_in_place(self, span: Span, turns: Prompt) -> Summary:
        if not await self._fits(span, turns):
            raise DoesNotFit

        def asking(wish: Wish) -> Prompt:
            asked = in_place_request(wish)
            return replace(turns, items=[*turns.items, asked], sampling=asking_for(wish, turns.sampling))

        return await self._writer.write(asking, self._wish(span), anchor=span.anchor, may_not_fit=True)

    async def _fits(self, span: Span, turns: Prompt) -> bool:
        return await asyncio.to_thread(self._prompt_tokens, turns) <= self._room(span)

    async def _folded(
        self, span: Span, portions: Sequence[Portion], checkpoints: Checkpoints | None
    ) -> Summary:
        """Return one summary of all the portions: theirs by section, or summarised again while that is too long.

        It can be too long only where many portions had to say something. Each round has half as many at most.
        """
        summaries = await summarize_all(portions, self.summarize_portion, checkpoints)
        merged = merge_summaries(summaries, span.sections)
        longest = longest_tokens(span.max_tokens)
        if merged.text is None or len(portions) == 1 or self._counter.count(merged.text) <= longest:
            return merged
        texts = [summary.text for summary in summaries if summary.text is not None]
        again = await asyncio.to_thread(self._next_round, span, texts, portions[0].round + 1)
        rest = await self._folded(span, again, checkpoints)
        return replace(merge_summaries([merged, rest], span.sections), text=rest.text)

    def _portions(self, span: Span) -> list[Portion]:
        room = max(self._room(span), _LEAST_PORTION_TOKENS)
        groups = in_portions(span.items, room, count=self._counter.count)
        first, *others = self._portions_of(span, groups, round_number=0)
        # What the summary so far says is told once.
        return [replace(first, anchor=span.anchor), *others]

    def _next_round(self, span: Span, texts: Sequence[str], round_number: int) -> list[Portion]:
        """Return the portions that these summaries make: as many of them at a time as the window takes."""
        room = max(self._room(replace(span, anchor=None)), _LEAST_PORTION_TOKENS)
        groups = packed(((text, self._counter.count(text)) for text in texts), room, least=2)
        label = "summaries of the parts, in order"
        passages = [[Passage(label, fold_sections(group, span.sections))] for group in groups]
        return self._portions_of(span, passages, round_number=round_number)

    def _portions_of(
        self, span: Span, groups: Sequence[Sequence[Passage]], *, round_number: int
    ) -> list[Portion]:
        least = min(span.max_tokens, _LEAST_SUMMARY_TOKENS)
        wish = replace(self._wish(span), max_tokens=max(span.max_tokens // len(groups), least))
        return [
            Portion(round_number, number, passages, span.model, wish)
            for number, passages in enumerate(groups)
        ]

    def _wish(self, span: Span) -> Wish:
        return Wish(
            span.max_tokens,
            span.instructions,
            sections=span.sections,
            prompt=span.prompt,
            structured=self._is_structured(span.model),
        )

    def _room(self, span: Span) -> int:
        """Return the tokens of history that the model can be given at once, beside all else."""
        known = self._window_of(span.model)
        window = self._window_tokens if known is None else min(self._window_tokens, known)
        beside = sum(self._counter.count(text or "") for text in (span.anchor, span.instructions))
        # It stands there twice, as our own rules do.
        beside += 2 * self._counter.count(span.prompt or "")
        return window - _RESERVED_TOKENS - beside - answer_tokens(span.max_tokens)

    def _prompt_tokens(self, prompt: Prompt) -> int:
        count = self._counter.count
        overhead = count_overhead(
            instructions=prompt.instructions, tools=prompt.sampling.tools, text_format=None, count=count
        )
        return overhead + sum(count_item(item, count) for item in prompt.items)


def _expected(asked: Sequence[int], answered: int) -> Summary:
    usage = Usage(input_tokens=sum(asked), output_tokens=answered, total_tokens=sum(asked) + answered)
    return Summary(None, usage, calls=len(asked))
