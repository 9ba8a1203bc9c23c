"""What a turn comes to that failed or was broken off: a failed one says why, in OpenAI's codes."""

from collections.abc import Sequence
from dataclasses import replace

from shared.errors import HithertoError, RequestError, UpstreamError
from shared.turns import Turn, TurnResult
from shared.window.payload import SizedItem
from shared.wire.items import parse_items
from shared.wire.model import JsonObject
from shared.wire.responses import Response, ResponseError

_BUG = "The server had an error while processing your request."


def failed_turn(turn: Turn, error: Exception) -> TurnResult:
    """Return the result of a turn that `error` ended; what is not ours to tell is not told."""
    told = ResponseError(code=_code(error), message=_message(error))
    return _came_to(turn, turn.head.changed(status="failed", error=told, output=[]))


def cancelled_turn(turn: Turn, output: Sequence[JsonObject]) -> TurnResult:
    """Return the result of a turn that was broken off, with what it had said until then."""
    items = parse_items(output)
    result = _came_to(turn, turn.head.changed(status="cancelled", output=items))
    return replace(result, output=[SizedItem(item=item, tokens=0) for item in items])


def _came_to(turn: Turn, response: Response) -> TurnResult:
    # Nobody can go on from it, so nobody needs to know how long its items are.
    given = [SizedItem(item=item, tokens=0) for item in turn.input]
    return TurnResult(response=response.changed(service_tier=response.settled_tier), input=given)


def _code(error: Exception) -> str:
    if isinstance(error, UpstreamError):
        return error.code
    if isinstance(error, RequestError):
        return error.code or "invalid_prompt"
    return "server_error"


def _message(error: Exception) -> str:
    return error.message if isinstance(error, HithertoError) else _BUG
