"""The conversation of the demonstration, held through the official SDK as any client would."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from openai import APIError, APIStatusError, OpenAI, omit
from openai.types.responses import Response, ResponseCompactionItem, ResponseInputParam

from api.demo.server import DemoFailed
from api.demo.session import Question, Session
from shared.adapters.tiktoken import TiktokenCounter
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from shared.wire.responses import TERMINAL_STATUSES
from shared.wire.text import text_of

MODEL = "hitherto-offline"
COMPACT_THRESHOLD_TOKENS = 12_000
POLL_SECONDS = 0.1
TURN_SECONDS = 45.0
READYZ_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A turn so far: when it was first seen in each status (seconds since it was sent), in order.

    `queues` holds how many jobs wait in each queue; it is empty where the server does not say.
    """

    response: Response
    seen: tuple[tuple[str, float], ...]
    queues: Mapping[str, int]

    @property
    def is_over(self) -> bool:
        """Whether the response's status can never change again."""
        return self.response.status in TERMINAL_STATUSES


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the model would read, in tokens, before and after the compaction; None where unknown."""

    before: int
    after: int | None


class Talk:
    """Asks one server about one session, in background mode, and watches each turn to its end."""

    def __init__(self, client: OpenAI, session: Session, watch: Callable[[Progress], None]) -> None:
        self._client = client
        self._session = session
        self._watch = watch

    def open(self, question: Question) -> Response:
        """Send the whole session with the first question. Raises DemoFailed unless it is completed."""
        return self._turn([*self._session.items, _user(question)], previous=None)

    def go_on(self, previous: Response, question: Question) -> Response:
        """Ask the next question, sending nothing but that. Raises DemoFailed unless it is completed."""
        return self._turn([_user(question)], previous=previous.id)

    def sizes(self, first: Response) -> Sizes:
        """Measure the window of the first turn, and the one that the turn after it starts from."""
        sent = [*self._session.items, _user(self._session.questions[0])]
        before = self._count(sent, previous=None)
        return Sizes(
            before=_rough_count(sent) if before is None else before,
            after=self._count([_user(self._session.questions[1])], previous=first.id),
        )

    def _turn(self, items: Sequence[JsonObject], previous: str | None) -> Response:
        began = time.monotonic()
        response = self._client.responses.create(
            model=MODEL,
            instructions=self._session.instructions,
            input=_as_input(items),
            previous_response_id=previous,
            context_management=[{"type": "compaction", "compact_threshold": COMPACT_THRESHOLD_TOKENS}],
            background=True,
        )
        return self._followed(response, began)

    def _followed(self, response: Response, began: float) -> Response:
        progress = self._progress(response, (), began)
        self._watch(progress)
        while not progress.is_over:
            if time.monotonic() - began > TURN_SECONDS:
                raise DemoFailed(
                    f"{response.id} is still {progress.response.status} after {TURN_SECONDS:.0f} s."
                )
            time.sleep(POLL_SECONDS)
            progress = self._progress(self._client.responses.retrieve(response.id), progress.seen, began)
            self._watch(progress)
        return _completed(progress.response)

    def _progress(self, response: Response, seen: tuple[tuple[str, float], ...], began: float) -> Progress:
        status = response.status or "unknown"
        if not seen or seen[-1][0] != status:
            seen = (*seen, (status, time.monotonic() - began))
        return Progress(response, seen, self._queues())

    def _queues(self) -> Mapping[str, int]:
        """Return what /readyz says about the queues: an extra, so whatever goes wrong means nothing."""
        root = str(self._client.base_url).removesuffix("/").removesuffix("/v1")
        once = self._client.with_options(max_retries=0, timeout=READYZ_SECONDS)
        try:
            document = once.get(f"{root}/readyz", cast_to=object)
        except APIError:
            return {}
        queues = document.get("queues") if isinstance(document, dict) else None
        return (
            {name: n for name, n in queues.items() if isinstance(n, int)} if isinstance(queues, dict) else {}
        )

    def _count(self, items: Sequence[JsonObject], previous: str | None) -> int | None:
        try:
            counted = self._client.responses.input_tokens.count(
                model=MODEL,
                instructions=self._session.instructions,
                input=_as_input(items),
                previous_response_id=previous or omit,
            )
        except APIStatusError:
            return None
        return counted.input_tokens


def compaction_in(response: Response) -> ResponseCompactionItem | None:
    """Return the compaction item of a response's output, wherever it stands; None when nothing was compacted."""
    return next((item for item in response.output if isinstance(item, ResponseCompactionItem)), None)


def _completed(response: Response) -> Response:
    if response.status == "completed":
        return response
    why = f": {response.error.message}" if response.error else ""
    raise DemoFailed(f"{response.id} ended as {response.status}{why}")


def _user(question: Question) -> JsonObject:
    return {"type": "message", "role": "user", "content": question.ask}


def _as_input(items: Sequence[JsonObject]) -> ResponseInputParam:
    # JSON from a file has no static type; that these are items is what the session's tests show.
    return cast("ResponseInputParam", list(items))


def _rough_count(items: Sequence[JsonObject]) -> int:
    counter = TiktokenCounter()
    return sum(counter.count(text_of(item)) for item in parse_items(list(items)))
