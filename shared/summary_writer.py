"""The writer of summaries: asks a model for one, and trusts no answer before it was checked."""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace

from shared.compaction.sections import without_other_headings
from shared.compaction.structured import summary_format, under_headings
from shared.compaction.summary import Wish
from shared.compaction.verify import SAYS_NOTHING, fault_of_tongue, find_fault, longest_tokens
from shared.compaction.wrappings import unwrapped
from shared.errors import UpstreamError
from shared.ports import TokenCounter, Upstream
from shared.prompt import CallStarted, Finished, Prompt, RefusalDelta, Sampling, TextDelta
from shared.summaries import Portion, Summary
from shared.wire.responses import Usage
from shared.wire.text import text_of

_TRIES = 2
_KEY_REFUSED = frozenset({401, 403})
_PROVIDERS_NAME = re.compile(r" \([a-z_]+\)(?=\.$)")
# Headings and a margin: a model that is a little long is better than one that is cut off.
_MARGIN_TOKENS = 256


class DoesNotFit(Exception):
    """The turns and the question after them exceed the model's window."""


class SummaryWriter:
    """Writes one summary at a time. Never raises for what a model does, but for DoesNotFit."""

    def __init__(self, upstream: Upstream, counter: TokenCounter) -> None:
        self._upstream = upstream
        self._counter = counter

    async def write_portion(self, portion: Portion) -> Summary:
        """Return the summary of a portion."""

        def asking(wish: Wish) -> Prompt:
            return portion_prompt(replace(portion, wish=wish))

        # The end of a history may hold nothing but a thank you; its beginning, and all of it, never does.
        is_later = portion.number > 0
        return await self.write(asking, portion.wish, anchor=portion.anchor, may_be_empty=is_later)

    async def write(
        self,
        asking: Callable[[Wish], Prompt],
        wish: Wish,
        *,
        anchor: str | None = None,
        may_be_empty: bool = False,
        may_not_fit: bool = False,
    ) -> Summary:
        """Ask until an answer passes its checks, each time with what was wrong with the last one.

        `anchor` is the summary so far; one that `may_be_empty` may say nothing. No line of the summary is a
        heading but those of the wish. Raises DoesNotFit, if it `may_not_fit`, where the provider says so.
        """
        usage, faults, calls = Usage(), list[str](), 0
        for _ in range(_TRIES):
            prompt = asking(replace(wish, complaint=faults[-1] if faults else None))
            try:
                text, finished, cost, asked = await self._ask(prompt)
            except UpstreamError as error:
                if may_not_fit and error.code == "context_length_exceeded":
                    raise DoesNotFit from error
                return Summary(None, usage, [*faults, _failure(error)], calls + error.calls)
            usage, calls = usage + cost, calls + asked
            # Some write an object although they are asked for headings.
            text = under_headings(unwrapped(text), wish.sections)
            fault = self._fault(text, finished, wish, anchor) or fault_of_tongue(text, _read_by(prompt))
            if fault is None or (fault == SAYS_NOTHING and may_be_empty):
                return Summary(without_other_headings(text.strip(), wish.sections), usage, faults, calls)
            faults.append(fault)
        return Summary(None, usage, faults, calls)

    def _fault(self, text: str, finished: str, wish: Wish, anchor: str | None) -> str | None:
        return find_fault(
            text,
            finished=finished,
            tokens=self._counter.count(text),
            max_tokens=wish.max_tokens,
            sections=wish.sections,
            anchor=anchor,
        )

    async def _ask(self, prompt: Prompt) -> tuple[str, str, Usage, int]:
        texts: list[str] = []
        finished: Finished | None = None
        async with aclosing(self._upstream.stream(prompt)) as answer:
            async for event in answer:
                match event:
                    case TextDelta():
                        texts.append(event.text)
                    case RefusalDelta():
                        return event.text, "refusal", self._estimate(prompt, event.text), 1
                    case CallStarted():
                        return "", "tool_call", self._estimate(prompt, event.name), 1
                    case Finished():
                        finished = event
                    case _:
                        continue
        if finished is None:
            raise UpstreamError("Its answer ended without saying so.")
        text = "".join(texts)
        return text, finished.reason, finished.usage or self._estimate(prompt, text), finished.calls

    def _estimate(self, prompt: Prompt, text: str) -> Usage:
        asked = self._counter.count(prompt.instructions or "")
        asked += sum(self._counter.count(text_of(item)) for item in prompt.items)
        answered = self._counter.count(text)
        return Usage(input_tokens=asked, output_tokens=answered, total_tokens=asked + answered)


def _failure(error: UpstreamError) -> str:
    """Return what went wrong, in our words alone: the name that the provider gives it is left out."""
    named = "" if error.code == "server_error" else f" ({error.code})"
    if error.code == "context_length_exceeded":
        why = "what it was to read exceeds its model's window."
    elif error.status in _KEY_REFUSED:
        why = f"the model provider refused the key: HTTP status {error.status}."
    else:
        said = _PROVIDERS_NAME.sub("", error.message)
        why = said[:1].lower() + said[1:]
    return f"the summariser failed{named}: {why}"


def _read_by(prompt: Prompt) -> Iterator[str]:
    yield prompt.instructions or ""
    yield from map(text_of, prompt.items)


def portion_prompt(portion: Portion) -> Prompt:
    """Return what a model is asked for the summary of a portion."""
    request = portion.request(nonce=secrets.token_hex(8))
    return Prompt(
        model=portion.model,
        items=request.items,
        instructions=request.instructions,
        sampling=asking_for(portion.wish, Sampling()),
    )


def asking_for(wish: Wish, sampling: Sampling) -> Sampling:
    """Return the sampling with room for such a summary, and in its form where the provider holds to one."""
    sampling = replace(sampling, max_output_tokens=answer_tokens(wish.max_tokens))
    return replace(sampling, text=summary_format(wish.sections)) if wish.structured else sampling


def answer_tokens(max_tokens: int) -> int:
    """Return the room that a summary needs that is asked to have at most `max_tokens` tokens."""
    return longest_tokens(max_tokens) + _MARGIN_TOKENS
