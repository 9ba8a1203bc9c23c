"""In-memory ports with behaviour of their own, for tests of the use cases."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import TypeAlias

from shared.compactions import CompactionJob, CompactionResult, CompactionState
from shared.compactor import Compactor
from shared.errors import InvalidSeal, LeaseLost, NotFound, TooManyRequests, UpstreamError
from shared.lifecycle import JobStatus, Lease
from shared.prompt import Finished, Prompt, TextDelta, UpstreamEvent
from shared.summaries import Portion, Summary
from shared.turns import Place, StoredResponse, StoredTurn, Turn, TurnResult
from shared.window.payload import SizedItem
from shared.window.undone import Replaced
from shared.wire.conversations import Conversation, conversation_not_found
from shared.wire.items import Item, parse_item
from shared.wire.model import JsonObject
from shared.wire.responses import Usage

Answer: TypeAlias = Sequence[UpstreamEvent | UpstreamError]
Script: TypeAlias = Callable[[Prompt], Answer]


class WordCounter:
    """A TokenCounter to whom a word is a token."""

    def count(self, text: str) -> int:
        return len(text.split())


def usage(asked: int, answered: int) -> Usage:
    return Usage(input_tokens=asked, output_tokens=answered, total_tokens=asked + answered)


def saying(text: str, *, asked: int = 100, answered: int = 10) -> Answer:
    """A whole answer that says `text` word by word."""
    return [*(TextDelta(f"{word} ") for word in text.split()), Finished("stop", usage(asked, answered))]


def in_turn(*answers: Answer) -> Script:
    """Give each answer once, and the last one for ever."""
    left = list(answers)
    return lambda _prompt: left.pop(0) if len(left) > 1 else left[0]


class FakeUpstream:
    """An Upstream that follows a script, and remembers what it was asked and how each answer ended."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.prompts: list[Prompt] = []
        self.read_to_the_end = 0
        self.closed = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        self.prompts.append(prompt)
        try:
            for event in self.script(prompt):
                if isinstance(event, UpstreamError):
                    raise event
                yield event
            self.read_to_the_end += 1
        finally:
            self.closed += 1

    async def list_models(self) -> Sequence[str]:
        return ["scripted"]


class CollectingProgress:
    """Progress whose listener hears everything, or loses its right to after so many events."""

    def __init__(self, *, most: int | None = None) -> None:
        self.events: list[JsonObject] = []
        self._most = most

    async def send(self, events: Sequence[JsonObject]) -> None:
        for event in events:
            if self._most is not None and len(self.events) >= self._most:
                raise LeaseLost
            self.events.append(event)

    @property
    def types(self) -> list[str]:
        return [event["type"].removeprefix("response.") for event in self.events]


class InMemoryResponses:
    """The port Responses in a dict. Items are stored as JSON, as a real store would."""

    def __init__(self) -> None:
        self.turns: dict[str, tuple[Turn, TurnResult | None]] = {}
        self.loads: list[list[str]] = []
        self.places: dict[str, Place] = {}

    async def enqueue(self, turn: Turn) -> None:
        self.turns.setdefault(turn.id, (turn, None))

    async def save(self, turn: Turn, result: TurnResult) -> None:
        self.turns[turn.id] = (turn, result)

    async def load_turn(self, lease: Lease) -> Turn:
        if lease.job_id not in self.turns:
            raise LeaseLost
        return self.turns[lease.job_id][0]

    async def load(self, response_id: str, tenant: str) -> StoredResponse:
        turn, result = self._find(response_id, tenant)
        response = turn.head if result is None else result.response
        return StoredResponse(response=response, streams=turn.request.is_streamed, event_count=0)

    async def status(self, response_id: str, tenant: str) -> JobStatus:
        _, result = self._find(response_id, tenant)
        return JobStatus(result.response.status) if result else JobStatus.QUEUED

    async def are_stored(self, response_ids: Sequence[str]) -> bool:
        return all(response_id in self.turns for response_id in response_ids)

    async def load_turns(self, response_ids: Sequence[str], tenant: str) -> list[StoredTurn]:
        self.loads.append(list(response_ids))
        return [self._stored(*self._find(response_id, tenant)) for response_id in response_ids]

    async def finish(self, lease: Lease, turn: Turn, result: TurnResult) -> None:
        if self.turns[lease.job_id][1] is not None:
            raise LeaseLost
        self.turns[lease.job_id] = (turn, result)

    async def find_items(self, item_ids: Sequence[str], tenant: str) -> list[Item]:
        results = [result for turn, result in self.turns.values() if result and turn.tenant == tenant]
        output = [item for result in results for item in result.response.output]
        return [item for item in output if item.id in item_ids]

    async def delete(self, response_id: str) -> bool:
        return self.turns.pop(response_id, None) is not None

    def _find(self, response_id: str, tenant: str) -> tuple[Turn, TurnResult | None]:
        turn, result = self.turns.get(response_id, (None, None))
        if turn is None or turn.tenant != tenant:
            raise NotFound(f"Response with id '{response_id}' not found.")
        return turn, result

    def _stored(self, turn: Turn, result: TurnResult | None) -> StoredTurn:
        if result is None:
            return StoredTurn(turn.id, JobStatus.QUEUED, base=[], input=[], output=[], path=[])
        return StoredTurn(
            id=turn.id,
            status=JobStatus(result.response.status),
            base=_read_again(result.base),
            input=_read_again(result.input),
            output=_read_again(result.output),
            path=result.path,
            place=self.places.get(turn.id),
            whole_path=result.whole_path,
        )


def _read_again(items: Sequence[SizedItem]) -> list[SizedItem]:
    return [
        SizedItem(item=parse_item(entry.item.to_json()), tokens=entry.tokens, pins=entry.pins)
        for entry in items
    ]


class InMemoryConversations:
    """The port ConversationItems in a dict; where a window begins is for its reader to find."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], list[SizedItem]] = {}

    async def load(self, conversation_id: str, tenant: str) -> Conversation:
        self._find(conversation_id, tenant)
        return Conversation(id=conversation_id, created_at=1)

    async def window(
        self, conversation_id: str, tenant: str, *, before: int | None = None, without: Sequence[str] = ()
    ) -> list[SizedItem]:
        return _read_again(self._find(conversation_id, tenant)[:before])

    async def find(self, conversation_id: str, tenant: str, item_ids: Sequence[str]) -> list[Item]:
        found = _read_again(self._find(conversation_id, tenant))
        return [entry.item for entry in found if entry.item.id in item_ids]

    def _find(self, conversation_id: str, tenant: str) -> list[SizedItem]:
        if (tenant, conversation_id) not in self.items:
            raise conversation_not_found(conversation_id)
        return self.items[tenant, conversation_id]


class InMemoryCompactions:
    """The port Compactions in a dict: jobs run as soon as they are there, or when told to, or fail."""

    def __init__(self, compactor: Compactor, signals: "FakeSignals") -> None:
        self._compactor = compactor
        self._signals = signals
        self.jobs: dict[str, CompactionJob] = {}
        self.states: dict[str, CompactionState] = {}
        self.at_once = True
        self.failing = False
        self.full = False
        self.hurried: list[str] = []
        self.forgotten: list[str] = []
        self.sealed_elsewhere: set[str] = set()
        self.shared: list[tuple[str, str]] = []
        self.outcomes: dict[str, str] = {}
        self.lookups: list[list[str]] = []

    async def enqueue(self, job: CompactionJob) -> bool:
        if self.full:
            raise TooManyRequests
        if job.id in self.states:
            return False
        self.jobs[job.id] = job
        self.states[job.id] = CompactionState(job.id, JobStatus.QUEUED)
        if self.at_once:
            await self.run_all()
        return True

    async def share(self, compaction_id: str, response_id: str) -> None:
        self.shared.append((compaction_id, response_id))

    async def run_all(self) -> None:
        """Work off what is queued."""
        for job in [self.jobs[state.id] for state in self.states.values() if not state.ended]:
            if self.failing:
                self._end(CompactionState(job.id, JobStatus.FAILED))
            else:
                result = await self._compactor.compact(job)
                self._end(CompactionState(job.id, JobStatus.COMPLETED, result))

    async def load_job(self, lease: Lease) -> CompactionJob:
        if lease.job_id not in self.jobs:
            raise LeaseLost
        return self.jobs[lease.job_id]

    async def state(self, compaction_id: str) -> CompactionState | None:
        if compaction_id in self.sealed_elsewhere:
            raise InvalidSeal
        return self.states.get(compaction_id)

    async def statuses(self, compaction_ids: Sequence[str]) -> list[JobStatus | None]:
        states = [self.states.get(compaction_id) for compaction_id in compaction_ids]
        return [state.status if state and not state.undone else None for state in states]

    async def undone(self, compaction_ids: Sequence[str]) -> dict[str, Replaced | None]:
        self.lookups.append(list(compaction_ids))
        known = [self.states[name] for name in compaction_ids if name in self.states]
        return {state.id: self.jobs[state.id].replaces for state in known if state.undone}

    def undo(self, compaction_id: str) -> None:
        """Mark a compaction as undone."""
        self.states[compaction_id] = replace(self.states[compaction_id], undone=True)

    async def forget_transient(self, compaction_id: str) -> None:
        if self.jobs[compaction_id].transient:
            self.forgotten.append(compaction_id)
            self.states.pop(compaction_id, None)

    async def hurry(self, compaction_id: str) -> None:
        self.hurried.append(compaction_id)

    async def note_use(self, compaction_id: str, *, in_time: bool) -> None:
        if self.jobs[compaction_id].ahead and self.outcomes.get(compaction_id) in (None, "superseded"):
            self.outcomes[compaction_id] = "in_time" if in_time else "late"

    async def supersede(self, compaction_ids: Sequence[str]) -> None:
        for name in compaction_ids:
            if self.jobs[name].ahead and name not in self.outcomes:
                self.outcomes[name] = "superseded"
                if not self.states[name].ended and name not in self.hurried:
                    self._end(CompactionState(name, JobStatus.CANCELLED))

    async def supersede_made_for(self, owner_ids: Sequence[str], *, but: Collection[str] = ()) -> None:
        jobs = [job for job in self.jobs.values() if {job.asked_by, job.ahead_in} & {*owner_ids}]
        await self.supersede([job.id for job in jobs if job.id not in but])

    async def finish(self, lease: Lease, job: CompactionJob, result: CompactionResult) -> None:
        self._end(CompactionState(job.id, JobStatus.COMPLETED, result))

    async def fail(self, lease: Lease, message: str) -> None:
        self._end(CompactionState(lease.job_id, JobStatus.FAILED))

    def _end(self, state: CompactionState) -> None:
        self.states[state.id] = state
        self._signals.ring(state.id)


class InMemoryCheckpoints:
    """The port Checkpoints in a dict; parts are done by the test, and `failing` ones have come to nothing."""

    def __init__(self, *, lost_after: int | None = None) -> None:
        self.kept: dict[str, Summary] = {}
        self.parts: dict[str, Portion] = {}
        self.failing: dict[str, str] = {}
        self._lost_after = lost_after

    async def load(self, names: Sequence[str]) -> dict[str, Summary]:
        return {name: self.kept[name] for name in names if name in self.kept}

    async def keep(self, name: str, summary: Summary) -> None:
        if self._lost_after is not None and len(self.kept) >= self._lost_after:
            raise LeaseLost
        self.kept.setdefault(name, summary)

    async def spread(self, portions: Mapping[str, Portion]) -> dict[str, Summary]:
        self.parts |= portions
        return {name: Summary(None, warnings=[why]) for name, why in self.failing.items() if name in portions}


class FakeBell:
    """A bell in this process."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    def ring(self) -> None:
        self.rung.set()

    async def wait(self, timeout_seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.rung.wait(), timeout_seconds)
        except TimeoutError:
            return False
        self.rung.clear()
        return True


class FakeSignals:
    """The port Signals in this process; `listened` is set once anybody listened."""

    def __init__(self) -> None:
        self._bells: dict[str, list[FakeBell]] = defaultdict(list)
        self.listened = asyncio.Event()

    @asynccontextmanager
    async def watch(self, job_id: str) -> AsyncIterator[FakeBell]:
        bell = FakeBell()
        self._bells[job_id].append(bell)
        self.listened.set()
        try:
            yield bell
        finally:
            self._bells[job_id].remove(bell)

    def follow(self, response_id: str) -> AbstractAsyncContextManager[FakeBell]:
        return self.watch(response_id)

    def ring(self, job_id: str) -> None:
        for bell in self._bells[job_id]:
            bell.rung.set()
