"""Requests that are no turns and ask about one: what would its window be, and how large."""

import time
from dataclasses import dataclass

from api.intake import found_items
from api.pinning import check_pins
from shared.ids import new_id
from shared.services import Services
from shared.turns import Turn
from shared.window.calibration import Correction
from shared.window.entry import Entry, flatten
from shared.window.sizing import size_of_items, size_of_window
from shared.window.truncation import truncate
from shared.wire.requests import CompactRequest, CreateResponse, InputTokensRequest
from shared.wire.responses import Response

# What makes a window or decides what is done with it, as far as a request has it.
_TAKEN_OVER = (
    "previous_response_id",
    "conversation",
    "instructions",
    "tools",
    "context_management",
    "hitherto",
)


@dataclass(frozen=True, slots=True)
class SizedRequest:
    """A request as a turn, with its window and the tokens around it; `overhead` is as counted."""

    turn: Turn
    window: list[Entry]
    overhead: int
    correction: Correction

    @property
    def tokens(self) -> int:
        """The size of it all, in the model's own tokens."""
        return self.correction.real(size_of_window(self.window, overhead=self.overhead))


async def asked_turn(services: Services, wanted: CompactRequest | InputTokensRequest, *, tenant: str) -> Turn:
    """Return the turn that would have a request's window. Raises RequestError for a past that does not exist."""
    model = wanted.model or ""
    taken_over = {name: getattr(wanted, name, None) for name in _TAKEN_OVER}
    request = CreateResponse(model=model, input="", **taken_over)
    head = Response(
        id=new_id("resp"),
        created_at=int(time.time()),
        status="in_progress",
        model=model,
        instructions=wanted.instructions,
        previous_response_id=wanted.previous_response_id,
    )
    items = await found_items(services, wanted.input_items, request, tenant=tenant)
    turn = Turn(tenant=tenant, request=request, head=head, input=items)
    await check_pins(services, turn)
    return turn


async def sized_request(services: Services, wanted: InputTokensRequest, *, tenant: str) -> SizedRequest:
    """Return a request with the size of its window. Raises RequestError as `asked_turn` does."""
    turn = await asked_turn(services, wanted, tenant=tenant)
    window = await services.history.resolve(turn)
    overhead = await services.history.overhead(
        instructions=wanted.instructions,
        tools=wanted.tools or [],
        text_format=(wanted.text or {}).get("format"),
    )
    correction = await services.calibration.correction(turn.request.model)
    return SizedRequest(turn, window.entries, overhead, correction)


async def tokens_given(services: Services, wanted: InputTokensRequest, *, tenant: str) -> int:
    """Return how many tokens a model would be given: with `truncation: "auto"` what a turn keeps of the window.

    Raises RequestError as `asked_turn` does.
    """
    asked = await sized_request(services, wanted, tenant=tenant)
    model = asked.turn.request.model
    limit = services.window_compactor.jobs.context_window_tokens(model)
    if wanted.truncation != "auto" or limit is None or asked.tokens <= limit:
        return asked.tokens
    route = services.routes.find(model)
    name = route.name if route else None
    whole = size_of_items(flatten(asked.window, upstream=name), overhead=asked.overhead)
    room = asked.correction.counted(limit, of=whole) - asked.overhead
    kept = truncate(asked.window, room, upstream=name)
    return asked.correction.real(size_of_items(kept, overhead=asked.overhead))
