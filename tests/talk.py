"""A conversation with the use cases themselves: real ones, over the ports' in-memory fakes."""

from typing import Any

from shared.adapters.sealer import AesGcmSealer, new_key
from shared.compact_window import WindowCompactor
from shared.compaction_jobs import CompactionJobs
from shared.compactor import Compactor
from shared.history import History
from shared.ids import new_id
from shared.partial import Partial
from shared.ports import Calibration, TokenCounter
from shared.prompt import CallDelta, CallStarted, Finished
from shared.settings import Settings
from shared.summarizer import Summarizer
from shared.turn import TurnRunner
from shared.turns import Parked, Turn, TurnResult
from shared.uncalibrated import UNCALIBRATED
from shared.wire.items import CompactionTrigger, Item
from shared.wire.model import JsonObject
from shared.wire.requests import CreateResponse
from shared.wire.responses import Response
from shared.wire.text import text_of
from tests.fakes import (
    Answer,
    CollectingProgress,
    FakeSignals,
    FakeUpstream,
    InMemoryCompactions,
    InMemoryConversations,
    InMemoryResponses,
    Script,
    WordCounter,
    in_turn,
    saying,
)

TENANT = "acme"
RULE = "Never restart the cache node before ticket OPS-4711 is closed."
A_CALL: Answer = [CallStarted(0, "c1", "look"), CallDelta(0, "{}"), Finished("stop")]


class Talk:
    """Everything that a turn needs. `upstream` answers turns, `summarizer`, if given, writes summaries."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        summarizer: Script | None = None,
        counter: TokenCounter | None = None,
        calibration: Calibration = UNCALIBRATED,
        **settings: Any,
    ) -> None:
        self.counter = counter or WordCounter()
        self.sealer = AesGcmSealer([new_key()])
        self.settings = Settings.model_validate(settings)
        self.upstream = FakeUpstream(script or in_turn(saying("Fine.")))
        self.responses = InMemoryResponses()
        self.conversations = InMemoryConversations()
        self.signals = FakeSignals()
        self.summarizer = FakeUpstream(summarizer or in_turn(saying("No.")))
        writer = Summarizer(self.summarizer, self.counter, window_tokens=100_000) if summarizer else None
        self.compactor = Compactor(self.counter, writer)
        self.compactions = InMemoryCompactions(self.compactor, self.signals)
        self.history = History(
            self.responses, self.conversations, self.compactions, self.sealer, self.counter
        )
        self.window_compactor = WindowCompactor(
            self.compactions,
            self.signals,
            self.sealer,
            self.settings,
            CompactionJobs(self.settings),
            calibration,
        )
        self.turns = TurnRunner(self.history, self.window_compactor, self.upstream, self.settings)
        self.progress = CollectingProgress()

    def turn(
        self, said: str | list[JsonObject], *, after: str | None = None, tenant: str = TENANT, **fields: Any
    ) -> Turn:
        """A turn that says `said`; `threshold` and `target` are the compaction's, in tokens, `pins` what stays."""
        threshold, target = fields.pop("threshold", None), fields.pop("target", None)
        pins = fields.pop("pins", None)
        if threshold is not None:
            fields["context_management"] = [{"type": "compaction", "compact_threshold": threshold}]
        if target is not None:
            fields["hitherto"] = {"compact_target_tokens": target}
        if pins is not None:
            fields["hitherto"] = fields.get("hitherto", {}) | {"pins": pins}
        request = CreateResponse.model_validate(
            {"model": "m", "input": said, "previous_response_id": after, **fields}
        )
        head = Response(
            id=new_id("resp"), created_at=1, status="in_progress", model="m", previous_response_id=after
        )
        # A trigger asks for something and is no part of the conversation.
        items: list[Item] = [item for item in request.input_items if not isinstance(item, CompactionTrigger)]
        return Turn(tenant=tenant, request=request, head=head, input=items)

    async def run(self, turn: Turn, partial: Partial | None = None) -> TurnResult | Parked:
        """Run a turn and store what it came to; its events are in `progress`."""
        self.progress = CollectingProgress()
        outcome = await self.turns.run(turn, self.progress, partial)
        if isinstance(outcome, TurnResult):
            await self.responses.save(turn, outcome)
        return outcome

    async def say(
        self, said: str | list[JsonObject], *, after: str | None = None, **fields: Any
    ) -> TurnResult:
        """Run a foreground turn to its end."""
        outcome = await self.run(self.turn(said, after=after, **fields))
        assert isinstance(outcome, TurnResult)
        return outcome

    @property
    def seen(self) -> list[Item]:
        """What the model was given last."""
        return self.upstream.prompts[-1].items

    @property
    def words(self) -> list[str]:
        """The texts of what the model was given last."""
        return [text_of(item) for item in self.seen]


def user(text: str) -> JsonObject:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def assistant(text: str) -> JsonObject:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def system(text: str) -> JsonObject:
    return {"type": "message", "role": "system", "content": [{"type": "input_text", "text": text}]}


def exchanges(count: int, *, words: int = 40) -> list[JsonObject]:
    """Questions and answers of about `words` words each."""
    filler = "and so on " * (words // 3)
    return [
        each
        for number in range(count)
        for each in (user(f"Question {number}: {filler}"), assistant(f"Answer {number}: {filler}"))
    ]


def types(result: TurnResult) -> list[str]:
    """The types of the items that a turn's response holds."""
    return [item.type for item in result.response.output]


# About 5,000 tokens that state RULE once, early.
LONG = [system("You are careful."), user(RULE), assistant("Understood."), *exchanges(60)]
