"""What a turn that failed comes to: a response that says why, in OpenAI's codes."""

from shared.errors import HithertoError, RequestError, UpstreamError
from shared.turns import Turn, TurnResult
from shared.window.payload import SizedItem
from shared.wire.responses import ResponseError

_BUG = "The server had an error while processing your request."


def failed_turn(turn: Turn, error: Exception) -> TurnResult:
    """Return the result of a turn that `error` ended; what is not ours to tell is not told."""
    told = ResponseError(code=_code(error), message=_message(error))
    response = turn.head.changed(status="failed", error=told, output=[], service_tier="default")
    return TurnResult(response=response, input=[SizedItem(item=item, tokens=0) for item in turn.input])


def _code(error: Exception) -> str:
    if isinstance(error, UpstreamError):
        return error.code
    if isinstance(error, RequestError):
        return error.code or "invalid_prompt"
    return "server_error"


def _message(error: Exception) -> str:
    return error.message if isinstance(error, HithertoError) else _BUG
