"""Ports: what the use cases need from the outside, one Protocol per outside thing.

The docstring of a port is its specification; its contract test checks each sentence on every adapter.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from shared.compactions import CompactionJob, CompactionRecord, CompactionResult, CompactionState
from shared.happenings import WebhookEventType
from shared.jobs import Queue
from shared.lifecycle import EndedStatus, Figures, JobStatus, Lease, Look, NotClaimed
from shared.prompt import CompactedItems, Prompt, UpstreamEvent
from shared.reservations import Reservation
from shared.routing import Route
from shared.storage import Memory
from shared.summaries import Portion, Summary
from shared.turns import StoredResponse, StoredTurn, Turn, TurnResult
from shared.upstream_gate import Closed, Entry, GateFigures, Report
from shared.webhooks import Delivery, Endpoint, JobEnd, Target
from shared.window.calibration import Correction, Size
from shared.window.payload import SizedItem
from shared.window.undone import Replaced
from shared.wire.conversations import Conversation
from shared.wire.items import Item
from shared.wire.model import JsonObject
from shared.wire.responses import Usage


class TokenCounter(Protocol):
    """Counts tokens as the upstream's tokenizer would."""

    def count(self, text: str) -> int:
        """Return the number of tokens in `text`; text that looks like a special token is text."""
        ...


class Calibration(Protocol):
    """What upstreams' reports taught about how each model counts. It is shared, and lost after a time."""

    async def correction(self, model: str) -> Correction:
        """Return what corrects our counts for a model; none are known, or can be read: that of its family.

        It may be some seconds old, so that few turns ask the store.
        """
        ...

    async def learn(self, model: str, size: Size, usage: Usage) -> None:
        """Learn from the usage that was reported for a request of `size`; what is not plausible is left out.

        A failure of the store is told in the log and nowhere else: the turn does not depend on it.
        """
        ...


class Upstream(Protocol):
    """A model provider."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[UpstreamEvent, None]:
        """Yield the answer as it is made, ending with one `Finished`.

        Raises UpstreamError. Retries happen only before the first event. Closing the generator ends the
        provider's work at once.
        """
        ...

    async def list_models(self) -> Sequence[str]:
        """Return the names of the models that can be asked. Raises UpstreamError."""
        ...


class Gates(Protocol):
    """The gates before upstreams, the same for all processes: gates.lua says when each lets a call in."""

    async def enter(self, route: Route) -> Entry | Closed:
        """Take a place at the upstream for one lease, or learn why there is none now."""
        ...

    async def keep(self, route: Route, entry: Entry) -> None:
        """Keep the place for another lease."""
        ...

    async def begin(self, route: Route, entry: Entry) -> None:
        """Say that the upstream begins to answer: a gate that was shut is open again."""
        ...

    async def leave(self, route: Route, entry: Entry, report: Report, *, pause_seconds: float = 0.0) -> float:
        """Give the place back and say how it went; return for how many seconds the gate is shut now.

        `pause_seconds` is for how long an upstream that limits is to be asked nothing.
        """
        ...

    async def figures(self, route: Route) -> GateFigures:
        """Return how the gate stands."""
        ...


class ProviderCompaction(Protocol):
    """A model provider that compacts windows itself, into an item that only it can read."""

    async def compact(self, prompt: Prompt) -> CompactedItems:
        """Return what is left of the prompt's items. Raises UpstreamError."""
        ...


class Sealer(Protocol):
    """Authenticated encryption of what a client keeps for us."""

    def seal(self, payload: bytes, *, tenant: str, kind: str) -> str:
        """Return URL-safe text that only `unseal` with the same tenant and kind can open."""
        ...

    def unseal(self, sealed: str, *, tenant: str, kind: str) -> bytes:
        """Return the payload. Raises InvalidSeal when it is not ours, not this tenant's, or was changed."""
        ...


class Jobs(Protocol):
    """The life of every job. Each call is one atomic transition; docs/jobs.md has the table."""

    async def claim(self, job_id: str, owner: str) -> Lease | NotClaimed:
        """Take the lease of the job whose turn it is in the queue of this one: tenants take turns.

        What somebody waits for comes before what can wait. The same owner asking again gets the same lease.
        Where there is nothing to claim, says why this job is not to be.
        """
        ...

    async def renew(self, leases: Sequence[Lease]) -> list[Lease]:
        """Renew the leases and return those that were lost; who has ended a job himself has lost nothing."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give a job back so that another worker takes it at once. Raises LeaseLost."""
        ...

    async def defer(self, lease: Lease, *, seconds: float, fields: dict[str, bytes]) -> None:
        """Have the job tried again in so many seconds, no sooner, and note why. Raises LeaseLost."""
        ...

    async def park(self, lease: Lease, *, waits_for: str) -> None:
        """Let the job wait for another one without a worker. Raises LeaseLost."""
        ...

    async def join(self, job_id: str, waiter_id: str) -> None:
        """Have `waiter_id` woken when the job ends."""
        ...

    async def waiters(self, job_id: str) -> list[str]:
        """Return the jobs that wait for this one."""
        ...

    async def wake(self, job_id: str) -> None:
        """Queue a waiting job again; a running one will not park."""
        ...

    async def cancel(self, job_id: str) -> bool:
        """End a job as cancelled at once; False when it had ended before or is unknown."""
        ...

    async def due(self) -> list[str]:
        """Return the jobs that want a look now."""
        ...

    async def look(self, job_id: str, *, queue_depth: int) -> Look:
        """Give a dropped job to the next worker, or end it."""
        ...

    async def queued(self, queue: Queue) -> int:
        """Return how many jobs of a queue are queued, those included that are to be tried again later."""
        ...

    async def queue_depth(self, queue: Queue) -> int:
        """Return how many doorbells wait in a queue."""
        ...

    async def figures(self) -> Figures:
        """Return what all processes together have in hand and have done."""
        ...


class Responses(Protocol):
    """Stored responses. What belongs to another tenant does not exist."""

    async def enqueue(self, turn: Turn) -> None:
        """Store a background response as queued and ring for it, in one step. Raises TooManyRequests.

        In the same step it takes its conversation, if it has one, until it ends, however it ends: raises
        NotFound, ConversationLocked, or InvalidRequest for an item that the conversation has already.
        """
        ...

    async def save(self, turn: Turn, result: TurnResult) -> None:
        """Store a foreground response that has ended; its conversation grows by its items in the same step."""
        ...

    async def load_turn(self, lease: Lease) -> Turn:
        """Return the turn behind a lease. Raises LeaseLost when it is gone."""
        ...

    async def load(self, response_id: str, tenant: str) -> StoredResponse:
        """Return a response; one that was never finished comes with its output so far. Raises NotFound."""
        ...

    async def load_turns(self, response_ids: Sequence[str], tenant: str) -> list[StoredTurn]:
        """Return the turns of all these responses, and let them live on: two round trips. Raises NotFound.

        Nothing that is not the tenant's lives any longer by it.
        """
        ...

    async def find_items(self, item_ids: Sequence[str], tenant: str) -> list[Item]:
        """Return those of these items that stored responses put out; the others are left out."""
        ...

    async def finish(self, lease: Lease, turn: Turn, result: TurnResult) -> None:
        """End a background response, once and for all. Raises LeaseLost.

        In the same step its conversation is free, and has grown by its items if it completed or is incomplete,
        and the log of its events has those that close its last item.
        """
        ...

    async def delete(self, response_id: str) -> bool:
        """Remove an ended response with all derived from it; False when it has not ended."""
        ...


class ConversationItems(Protocol):
    """The items of conversations. What belongs to another tenant does not exist."""

    async def load(self, conversation_id: str, tenant: str) -> Conversation:
        """Return a conversation without its items. Raises NotFound."""
        ...

    async def window(
        self, conversation_id: str, tenant: str, *, before: int | None = None, without: Sequence[str] = ()
    ) -> list[SizedItem]:
        """Return the items in order, from the newest compaction that a turn put out, and let them live on.

        `before` is a position: what stands there or later is left out, compactions too. At a compaction
        `without` which it is to be, the window does not begin. Raises NotFound.
        """
        ...

    async def find(self, conversation_id: str, tenant: str, item_ids: Sequence[str]) -> list[Item]:
        """Return those of these items that are in the conversation. Raises NotFound for the conversation."""
        ...


class Conversations(ConversationItems, Protocol):
    """Conversations: a turn has one for itself while it runs, and it grows by whole turns only."""

    async def create(self, conversation: Conversation, tenant: str, items: Sequence[SizedItem]) -> None:
        """Store a new conversation with its first items. Raises InvalidRequest for two items with one id."""
        ...

    async def update(self, conversation_id: str, tenant: str, metadata: dict[str, str]) -> Conversation:
        """Set the metadata and return the conversation. Raises NotFound."""
        ...

    async def delete(self, conversation_id: str, tenant: str) -> None:
        """Remove the conversation with all its items. Raises NotFound."""
        ...

    async def add(self, conversation_id: str, tenant: str, items: Sequence[SizedItem]) -> None:
        """Append items, all or none.

        Raises NotFound, ConversationLocked, or InvalidRequest for an item that is there already.
        """
        ...

    async def remove(self, conversation_id: str, tenant: str, item_id: str) -> Conversation:
        """Remove an item and return the conversation. Raises NotFound and ConversationLocked."""
        ...

    async def page(
        self, conversation_id: str, tenant: str, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[list[Item], bool]:
        """Return up to `limit` items after the one named, and whether there are more.

        Raises NotFound for the conversation, InvalidRequest for an `after` that is not in it.
        """
        ...

    async def hold(self, turn: Turn) -> None:
        """Take the turn's conversation for one lease: another turn may have it after that.

        Raises NotFound, ConversationLocked, or InvalidRequest for an item that is there already.
        """
        ...

    async def renew(self, turn: Turn) -> None:
        """Hold it for another lease. Raises ConversationLocked when it is no longer held."""
        ...

    async def release(self, turn: Turn) -> None:
        """Let it go, if the turn still holds it."""
        ...


class EventLog(Protocol):
    """The events of background responses, but for the terminal one: that is made from the response."""

    async def append(self, lease: Lease, first: int, events: Sequence[JsonObject]) -> None:
        """Append events from sequence number `first` on; repeating a call changes nothing. Raises LeaseLost."""
        ...

    async def read(self, response_id: str, *, after: int = -1) -> list[JsonObject]:
        """Return the events whose sequence number is greater than `after`, in order."""
        ...


class UndoneCompactions(Protocol):
    """Which compactions stand for nothing any more."""

    async def undone(self, compaction_ids: Sequence[str]) -> dict[str, Replaced | None]:
        """Return those of these that were undone, and what each stood for; all live on, in one round trip."""
        ...


class Compactions(UndoneCompactions, Protocol):
    """Compaction jobs and their results."""

    async def enqueue(self, job: CompactionJob) -> bool:
        """Store the job as queued and ring for it; False when it exists: then join that one.

        A failed job is forgotten after a minute, so that later turns try again. Raises TooManyRequests.
        """
        ...

    async def share(self, compaction_id: str, response_id: str) -> None:
        """Have a compaction that is there already removed with this response, too."""
        ...

    async def load_job(self, lease: Lease) -> CompactionJob:
        """Return the job behind a lease. Raises LeaseLost when it is gone."""
        ...

    async def state(self, compaction_id: str) -> CompactionState | None:
        """Return where a compaction stands, or None when it is unknown."""
        ...

    async def statuses(self, compaction_ids: Sequence[str]) -> list[JobStatus | None]:
        """Return where each of these compactions stands, in one round trip; None for one unknown or undone."""
        ...

    async def forget_transient(self, compaction_id: str) -> None:
        """Remove a compaction that was made for a turn that is not stored; others stay."""
        ...

    async def hurry(self, compaction_id: str) -> None:
        """Have a compaction that was made ahead done before those that nobody waits for."""
        ...

    async def note_use(self, compaction_id: str, *, in_time: bool) -> None:
        """Note that a turn uses a compaction that was made ahead, and whether it was ready; the first one counts.

        Nothing is noted of one that somebody needed from the beginning.
        """
        ...

    async def supersede(self, compaction_ids: Sequence[str]) -> None:
        """Give up compactions that were made ahead and that nobody has used: others took their place.

        One that has not ended is cancelled, unless somebody waits for it by now. One that is ready stays.
        """
        ...

    async def finish(self, lease: Lease, job: CompactionJob, result: CompactionResult) -> None:
        """Publish the result and drop the history that it replaces. Raises LeaseLost."""
        ...

    async def fail(self, lease: Lease, message: str) -> None:
        """End the job as failed; the history stays as it was with whoever has it. Raises LeaseLost."""
        ...


class Checkpoints(Protocol):
    """What the attempts at one compaction have paid for: the summaries of its portions, by the portions' names.

    They go when the compaction ends, however it ends.
    """

    async def load(self, names: Sequence[str]) -> dict[str, Summary]:
        """Return those of these summaries that were kept, in one round trip."""
        ...

    async def keep(self, name: str, summary: Summary) -> None:
        """Keep a portion's summary; the first one wins. Raises LeaseLost."""
        ...

    async def spread(self, portions: Mapping[str, Portion]) -> dict[str, Summary]:
        """Have each of these, by name, summarised by a job of its own where it has none yet. Raises LeaseLost.

        Returns those that came to nothing, each without a text and with its reason.
        """
        ...


class Parts(Protocol):
    """Portions that are jobs of their own."""

    def checkpoints(self, lease: Lease) -> Checkpoints:
        """Return what is kept for the compaction behind a lease."""
        ...

    async def load(self, lease: Lease) -> Portion:
        """Return the portion behind a lease. Raises LeaseLost when it is gone."""
        ...

    async def finish(self, lease: Lease, summary: Summary) -> None:
        """Keep the summary with the compaction, which goes on after its last part. Raises LeaseLost."""
        ...

    async def fail(self, lease: Lease, message: str) -> None:
        """End a part without a summary; its compaction tells why. Raises LeaseLost."""
        ...


class CompactionRecords(Protocol):
    """The accounts of compactions. What belongs to another tenant does not exist."""

    async def load(self, compaction_id: str, tenant: str) -> CompactionRecord:
        """Return the full account of a compaction. Raises NotFound."""
        ...

    async def page(
        self, tenant: str, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[list[CompactionRecord], bool]:
        """Return up to `limit` records after the one named, and whether there are more.

        They come without items and texts. Raises InvalidRequest for an `after` that is not among them.
        """
        ...

    async def undo(self, compaction_id: str, tenant: str) -> CompactionRecord:
        """Mark a compaction as undone and return it; again changes nothing.

        Raises NotFound, or InvalidRequest for one that is not completed, or that its client holds alone.
        """
        ...

    async def tenants(self) -> list[str]:
        """Return the tenants that have compactions."""
        ...

    async def owner(self, compaction_id: str) -> str:
        """Return the tenant of a compaction. Raises NotFound."""
        ...


class Reservations(Protocol):
    """Idempotency keys: which response each stands for."""

    async def reserve(self, wanted: Reservation, *, ttl_seconds: int = ...) -> Reservation:
        """Return `wanted` when its key was free, else the reservation that holds it."""
        ...

    async def keep(self, reservation: Reservation, *, ttl_seconds: int = ...) -> None:
        """Hold a reservation for so long from now on; a day if nothing is said."""
        ...

    async def drop(self, reservation: Reservation) -> None:
        """Free the key: what it was reserved for did not come about."""
        ...


class WebhookEndpoints(Protocol):
    """Who wants to be told of what. What belongs to another tenant does not exist."""

    async def create(
        self, tenant: str, *, name: str, url: str, event_types: Sequence[WebhookEventType]
    ) -> tuple[Endpoint, str]:
        """Store a new endpoint and return it with its secret. Raises InvalidRequest when there are too many."""
        ...

    async def load(self, endpoint_id: str, tenant: str) -> Endpoint:
        """Return an endpoint. Raises NotFound."""
        ...

    async def all(self, tenant: str) -> list[Endpoint]:
        """Return a tenant's endpoints, oldest first."""
        ...

    async def update(self, endpoint_id: str, tenant: str, changes: Mapping[str, Any]) -> Endpoint:
        """Set these of `name`, `url` and `event_types`, and return the endpoint. Raises NotFound."""
        ...

    async def rotate(self, endpoint_id: str, tenant: str, *, keeps_old: bool) -> tuple[Endpoint, str]:
        """Give the endpoint a new secret, and return both; the old one signs for a day more if it is kept.

        Raises NotFound.
        """
        ...

    async def delete(self, endpoint_id: str, tenant: str) -> None:
        """Remove an endpoint. Raises NotFound."""
        ...

    async def listeners(self, tenant: str, event_type: WebhookEventType) -> list[str]:
        """Return the ids of the endpoints to tell of this, the operator's among them."""
        ...

    async def target(self, endpoint_id: str, tenant: str) -> Target | None:
        """Return where an endpoint is and what signs now; None when there is none. Raises InvalidSeal."""
        ...

    async def keep_alive(self) -> None:
        """Let every tenant's endpoints live on."""
        ...


class Deliveries(Protocol):
    """The ends of jobs that are still to be told, and the jobs that tell them."""

    async def untold(self) -> list[JobEnd]:
        """Return ends that nobody was told of, and put each off so that two reconcilers rarely meet."""
        ...

    async def enqueue(self, end: JobEnd, endpoint_id: str, event: JsonObject) -> None:
        """Store a delivery as queued and ring for it; one that exists stays. Raises TooManyRequests."""
        ...

    async def told(self, end: JobEnd) -> None:
        """Forget an end: all its deliveries are stored."""
        ...

    async def load(self, lease: Lease) -> Delivery:
        """Return the delivery behind a lease. Raises LeaseLost when it is gone."""
        ...

    async def defer(self, lease: Lease, *, failures: int, seconds: float) -> None:
        """Have it tried again in so many seconds. Raises LeaseLost."""
        ...

    async def finish(self, lease: Lease, status: EndedStatus) -> None:
        """End it, and drop what it said. Raises LeaseLost."""
        ...


class WebhookSender(Protocol):
    """Posts events to endpoints."""

    async def send(self, target: Target, webhook_id: str, body: str) -> int:
        """Post a signed event and return the HTTP status. Raises WebhookUnreachable.

        It follows no redirect, and connects to no address that the settings do not allow.
        """
        ...


class Storage(Protocol):
    """The servers that keep all this."""

    async def memory(self) -> Memory:
        """Return the memory of the one that has the least room, as it was a second ago at most."""
        ...

    async def warn(self) -> None:
        """Log what an operator should know of the store: that it may forget what it was given."""
        ...


class Signals(Protocol):
    """News that a job ended, to whoever waits in this process. News may be lost: the record is the truth."""

    def watch(self, job_id: str) -> AbstractAsyncContextManager["Bell"]:
        """Listen for news of a job's end from now on."""
        ...

    def follow(self, response_id: str) -> AbstractAsyncContextManager["Bell"]:
        """Listen for news of a response's events, and of its end."""
        ...


class Bell(Protocol):
    """Rings when there is news."""

    async def wait(self, timeout_seconds: float) -> bool:
        """Wait for news; False when none came in time."""
        ...


class Progress(Protocol):
    """Where a running turn tells its events."""

    async def send(self, events: Sequence[JsonObject]) -> None:
        """Tell `events`, in order. Raises LeaseLost when nobody may be told any more."""
        ...
