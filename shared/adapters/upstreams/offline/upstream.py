"""The upstream without a provider: it quotes the conversation, and says so."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from shared.adapters.upstreams.offline.extraction import best_lines
from shared.errors import UpstreamError
from shared.ports import TokenCounter
from shared.prompt import Finished, Prompt, TextDelta, UpstreamEvent
from shared.wire.items import Item, OtherItem
from shared.wire.responses import Usage
from shared.wire.text import text_of
from shared.wire.wording import no_such_model

OFFLINE_MODEL: Final = "hitherto-offline"
QUOTING: Final = "From the conversation so far:"
NOTHING_FOUND: Final = (
    "This is hitherto's offline model: it has no language model and can only quote the conversation, "
    "in which it finds nothing about this."
)

_WORDS_AT_A_TIME: Final = re.compile(r"(?:\S+\s*){1,4}")


class OfflineUpstream:
    """Answers with the lines of the window that match the last user message best, a few words at a time.

    `delay_seconds` is the pause before each few words. It calls no tools and follows no output format.
    """

    def __init__(self, counter: TokenCounter, *, delay_seconds: float = 0.0) -> None:
        self._counter = counter
        self._delay_seconds = delay_seconds

    async def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        """Yield the answer, as the port promises."""
        if prompt.model != OFFLINE_MODEL:
            raise UpstreamError(no_such_model(prompt.model), code="model_not_found", status=404)
        answer, input_tokens = await asyncio.to_thread(self._answer, prompt)
        limit = prompt.sampling.max_output_tokens
        said = ""
        output_tokens = 0
        for words in _WORDS_AT_A_TIME.findall(answer):
            tokens = self._counter.count(said + words)
            if limit is not None and tokens > limit:
                yield Finished("length", _usage(input_tokens, output_tokens))
                return
            said, output_tokens = said + words, tokens
            await asyncio.sleep(self._delay_seconds)
            yield TextDelta(words)
        yield Finished("stop", _usage(input_tokens, output_tokens))

    async def list_models(self) -> Sequence[str]:
        """Return the one model's name."""
        return [OFFLINE_MODEL]

    def _answer(self, prompt: Prompt) -> tuple[str, int]:
        """Return the answer and the tokens of what was read. CPU-bound: not for the event loop."""
        tokens = self._counter.count(prompt.instructions or "")
        tokens += sum(self._counter.count(_words(item)) for item in prompt.items)
        return _quoted(best_lines(prompt.items, prompt.instructions)), tokens


def _words(item: Item) -> str:
    return json.dumps(item.to_json(), ensure_ascii=False) if isinstance(item, OtherItem) else text_of(item)


def _quoted(lines: Sequence[str]) -> str:
    match lines:
        case []:
            return NOTHING_FOUND
        case [line]:
            return f"{QUOTING}\n{line}"
        case _:
            return "\n- ".join([QUOTING, *lines])


def _usage(input_tokens: int, output_tokens: int) -> Usage:
    return Usage(
        input_tokens=input_tokens, output_tokens=output_tokens, total_tokens=input_tokens + output_tokens
    )
