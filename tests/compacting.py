"""Compactions run at once, and what they left."""

from dataclasses import replace

from shared.compaction.policy import Policy, automatic_policy
from shared.compactions import CompactionJob, CompactionResult
from shared.compactor import Compactor
from shared.summarizer import Summarizer
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from shared.wire.text import text_of
from tests.fakes import FakeUpstream, Script, WordCounter
from tests.strategies import sized
from tests.talk import RULE, assistant, exchanges, system, user

HISTORY = [
    system("You are careful."),
    user(RULE),
    assistant("Understood."),
    user("Never deploy on Fridays."),
    assistant("Understood."),
    *exchanges(40),
]
POLICY = automatic_policy(threshold=6_000, target=None, model="small")


def job(documents: list[JsonObject] = HISTORY, *, policy: Policy = POLICY) -> CompactionJob:
    history = [sized(item) for item in parse_items(documents)]
    tokens = sum(entry.tokens for entry in history)
    return CompactionJob(id="cmp_1", tenant="acme", policy=policy, history=history, tokens=tokens)


def after(result: CompactionResult, documents: list[JsonObject]) -> CompactionJob:
    """The job that compacts what `result` left and what was said since."""
    payload = result.payload
    more = [sized(item) for item in parse_items(documents)]
    return replace(
        job([]),
        history=[*payload.kept, *more],
        tokens=payload.tokens + sum(entry.tokens for entry in more),
        ledger=payload.ledger,
        summary=payload.summary,
    )


async def compacted(work: CompactionJob, script: Script | None = None) -> CompactionResult:
    summarizer = Summarizer(FakeUpstream(script), WordCounter(), window_tokens=50_000) if script else None
    return await Compactor(WordCounter(), summarizer).compact(work)


def words(result: CompactionResult) -> str:
    return "\n".join(text_of(entry.item) for entry in result.payload.sized_items)
