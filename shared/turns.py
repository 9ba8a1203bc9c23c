"""Turns as values: what is known of one before it runs, after it ran, and once it is stored."""

from dataclasses import dataclass, field

from shared.lifecycle import JobStatus
from shared.window.entry import Entry
from shared.window.payload import SizedItem
from shared.wire.items import Item
from shared.wire.model import JsonObject
from shared.wire.requests import CreateResponse
from shared.wire.responses import Response


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that was accepted. `head` is the response as the client was first answered.

    `input` are the request's items, each with an id.
    """

    tenant: str
    request: CreateResponse
    head: Response
    input: list[Item]

    @property
    def id(self) -> str:
        """The id of the response."""
        return self.head.id

    @property
    def pins(self) -> tuple[str, ...]:
        """What the request pins: texts, and ids of items."""
        asked = self.request.hitherto
        return tuple(asked.pins or ()) if asked is not None else ()


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What a turn came to: the response in its terminal state, and what the next turn starts from.

    `path` are the ids of the responses whose items make up the next window, this one last. `base` are items
    that come before those of the first: a long path is cut short by writing its items down again. `window`
    is what they all come to: the entries that the next turn finds. `whole_path`, where the path begins with
    this turn though others came before it, is the path that leads on to those. `closing` are the events that end
    the last item: they are told in one step with the turn's end, so that no item is done twice. `beside` are the
    counted tokens of what the model is given beside the window: instructions and tools.
    """

    response: Response
    base: list[SizedItem] = field(default_factory=list)
    input: list[SizedItem] = field(default_factory=list)
    output: list[SizedItem] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    whole_path: list[str] = field(default_factory=list)
    window: list[Entry] = field(default_factory=list)
    closing: list[JsonObject] = field(default_factory=list)
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Parked:
    """A background turn that waits for a compaction and must not hold a worker meanwhile."""

    compaction_id: str


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response as its client sees it now; its output is partial until it is terminal."""

    response: Response
    streams: bool
    event_count: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a conversation a turn's own items begin."""

    conversation_id: str
    position: int


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """What a later turn needs of a stored one: its status, its items with their sizes, and its paths.

    `place` is where it stands, if it was a turn of a conversation: what is before it there came before it.
    """

    id: str
    status: JobStatus
    base: list[SizedItem]
    input: list[SizedItem]
    output: list[SizedItem]
    path: list[str]
    place: Place | None = None
    whole_path: list[str] = field(default_factory=list)

    @property
    def items(self) -> list[SizedItem]:
        """What this turn adds to the window."""
        return [*self.base, *self.input, *self.output]
