"""Summaries good and bad, and summarisers that write them."""

import asyncio
from typing import Any

import pytest

from shared.compaction.outline import SECTIONS
from shared.prompt import CallStarted, Finished, Prompt, ReasoningDelta, RefusalDelta, TextDelta
from shared.summaries import Summary
from shared.summarizer import Span, Summarizer
from shared.wire.items import parse_items
from shared.wire.text import text_of
from tests.fakes import Answer, FakeUpstream, Script, WordCounter, in_turn, usage
from tests.talk import assistant, exchanges, user

COUNT = WordCounter().count
ITEMS = parse_items([user("Never deploy on Fridays."), assistant("Understood. " * 30)])
STOP = Finished("stop", usage(100, 10))


def summary_of(*lines: str) -> str:
    return "\n".join(f"## {section}\n" + ("\n".join(lines) or "None.") for section in SECTIONS)


def writing(text: str) -> Answer:
    return [ReasoningDelta("Hm."), TextDelta(text[:20]), TextDelta(text[20:]), STOP]


GOOD = summary_of("- Never deploy on Fridays.")


async def summarized(
    script: Script, *, anchor: str | None = None, max_tokens: int = 200
) -> tuple[Summary, FakeUpstream]:
    upstream = FakeUpstream(script)
    summarizer = Summarizer(upstream, WordCounter(), window_tokens=50_000)
    return await summarizer.summarize(Span(ITEMS, "small", max_tokens, anchor)), upstream


def echo(prompt: Prompt) -> Answer:
    return [TextDelta(text_of(prompt.items[-1])), STOP]


MISBEHAVING = [
    pytest.param(in_turn([STOP]), "it was empty or far too short.", id="says nothing"),
    pytest.param(
        in_turn([RefusalDelta("I "), RefusalDelta("won't."), STOP]), "it was a refusal.", id="refuses"
    ),
    pytest.param(
        in_turn(writing("I'm sorry, but I can't help with summarising this conversation.")),
        "it was a refusal.",
        id="refuses in words",
    ),
    pytest.param(
        in_turn(writing("Which deployment do you mean, the one on Friday or the next?")),
        "it asked a question instead of summarising.",
        id="asks a question",
    ),
    pytest.param(
        in_turn([TextDelta(GOOD[:70]), Finished("length")]), "it was cut off (length).", id="is cut off"
    ),
    pytest.param(echo, "it repeated the conversation instead of summarising it.", id="echoes"),
    pytest.param(in_turn([CallStarted(0, "c1", "deploy"), STOP]), "it called a tool.", id="calls a tool"),
    pytest.param(
        in_turn(writing(summary_of("word " * 600))),
        "it was too long: 4217 tokens instead of at most 200.",
        id="writes too much",
    ),
]


def portions_of(script: Script, span: Span, **windows: Any) -> FakeUpstream:
    upstream = FakeUpstream(script)
    asyncio.run(Summarizer(upstream, WordCounter(), **windows).summarize(span))
    return upstream


LONG_SPAN = Span(parse_items(exchanges(100)), "small", 400)
