"""Reading request bodies: a valid request, or the error that OpenAI's API would answer with.

The order of OpenAI's reports: the required fields, unknown keys, each field in the order of the model, then
what contradicts itself. After that come the caller's look-ups (the state phase), and then
`contradictions.check_before_running`.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from api.validation.contradictions import (
    check_context_management,
    check_delivery,
    check_exclusions,
    check_input_given,
    check_model,
    check_place_of_trigger,
)
from api.validation.translation import in_openais_words
from api.webhooks import (
    CreateWebhookEndpoint,
    RotateSecret,
    SendTestEvent,
    UpdateWebhookEndpoint,
)
from shared.errors import InvalidRequest
from shared.wire.model import WireModel
from shared.wire.requests import (
    AddConversationItems,
    CompactRequest,
    CreateConversation,
    CreateResponse,
    InputTokensRequest,
    PreviewRequest,
    UpdateConversation,
)
from shared.wire.shapes import Policing
from shared.wire.wording import missing_parameter, unknown_parameter, unsupported_parameter, wrong_body

_Request = TypeVar("_Request", bound=WireModel)

# A number that may be infinite once it is read: with an exponent of three digits or more, or very long. Ids in
# hexadecimal are texts, and begin after a quotation mark.
_MAYBE_INFINITE = re.compile(rb"(?:^|[\[:,\s-])[0-9.]+[eE]\+?[0-9]{3}|[0-9]{200}")


def parse_json_body(body: bytes) -> object:
    """Return the JSON value in `body`, nested about 200 deep at most, all its numbers finite.

    Raises InvalidRequest for everything else that calls itself JSON: NaN, text that is not UTF-8, half a
    surrogate pair, a number too large for a float. The last of two equal keys wins.
    """
    try:
        value: object = from_json(body, allow_inf_nan=False)
        if may_be_infinite(body):
            json.dumps(value, allow_nan=False)
    except ValueError:
        # Not chained: the reason quotes the body, which must never reach a log.
        raise InvalidRequest(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your "
            "HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid "
            "JSON.)"
        ) from None
    return value


def may_be_infinite(body: bytes) -> bool:
    """Return whether a number in a JSON text may be too large for a float: then all of them have to be looked at."""
    return _MAYBE_INFINITE.search(body) is not None


def parse_create(body: object, *, min_compact_threshold: int = 1000) -> CreateResponse:
    """Return the request in `body`, a JSON value; `min_compact_threshold` is in tokens.

    Raises InvalidRequest with OpenAI's message, param and code.
    """
    fields = _fields_of(body)
    _require(fields, ["model"])
    _refuse_messages(fields)
    _require(fields, ["input"])
    _refuse_unknown(fields, CreateResponse)
    request = _read(CreateResponse, fields, Policing(min_compact_threshold))
    check_model(request.model)
    check_context_management(request)
    check_exclusions(request)
    check_delivery(request)
    return request


def parse_compact(body: object) -> CompactRequest:
    """Return the request in `body`, without what a compaction has no use for.

    Raises InvalidRequest, also when there is nothing to compact, and for a conversation, which OpenAI does not
    compact either.
    """
    fields = _fields_of(body)
    _require(fields, ["model"])
    if fields.get("conversation") is not None:
        raise unsupported_parameter("conversation")  # it would be another window
    known = {key: value for key, value in fields.items() if key in CompactRequest.model_fields}
    request = _read(CompactRequest, known)
    check_model(request.model)
    check_input_given(request)
    return request


def parse_input_tokens(body: object) -> InputTokensRequest:
    """Return the request in `body`; every member may be absent. Raises InvalidRequest."""
    fields = _fields_of(body)
    _refuse_unknown(fields, InputTokensRequest)
    request = _read(InputTokensRequest, fields)
    check_exclusions(request)
    return request


def parse_preview(body: object, *, min_compact_threshold: int = 1000) -> PreviewRequest:
    """Return the request in `body`, which must name a model and a window. Raises InvalidRequest."""
    fields = _fields_of(body)
    _require(fields, ["model"])
    _refuse_unknown(fields, PreviewRequest)
    request = _read(PreviewRequest, fields, Policing(min_compact_threshold))
    check_model(request.model)
    check_context_management(request)
    check_exclusions(request)
    check_input_given(request)
    check_place_of_trigger(request)
    return request


def parse_create_conversation(body: object) -> CreateConversation:
    """Return the request in `body`. Raises InvalidRequest."""
    return _parse_strictly(CreateConversation, body)


def parse_update_conversation(body: object) -> UpdateConversation:
    """Return the request in `body`, which must have metadata. Raises InvalidRequest."""
    return _parse_strictly(UpdateConversation, body, required=["metadata"])


def parse_conversation_items(body: object) -> AddConversationItems:
    """Return the request in `body`, which must have items. Raises InvalidRequest."""
    return _parse_strictly(AddConversationItems, body, required=["items"])


def parse_create_webhook_endpoint(body: object) -> CreateWebhookEndpoint:
    """Return the request in `body`, which must have all three fields. Raises InvalidRequest."""
    return _parse_strictly(CreateWebhookEndpoint, body, required=["event_types", "name", "url"])


def parse_update_webhook_endpoint(body: object) -> UpdateWebhookEndpoint:
    """Return the request in `body`; every member may be absent. Raises InvalidRequest."""
    return _parse_strictly(UpdateWebhookEndpoint, body)


def parse_rotate_secret(body: object) -> RotateSecret:
    """Return the request in `body`. Raises InvalidRequest."""
    return _parse_strictly(RotateSecret, body)


def parse_test_webhook_endpoint(body: object) -> SendTestEvent:
    """Return the request in `body`, which must name an event type. Raises InvalidRequest."""
    return _parse_strictly(SendTestEvent, body, required=["event_type"])


def _parse_strictly(model: type[_Request], body: object, *, required: Collection[str] = ()) -> _Request:
    fields = _fields_of(body)
    _require(fields, required)
    _refuse_unknown(fields, model)
    return _read(model, fields)


def _fields_of(body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise wrong_body(body)
    return body


def _require(fields: Mapping[str, Any], names: Collection[str]) -> None:
    for name in names:
        if name not in fields:
            raise missing_parameter(name)


def _refuse_messages(fields: Mapping[str, Any]) -> None:
    # Before `input` is missed: who sends messages has most likely just come from Chat Completions.
    if "messages" in fields:
        raise InvalidRequest(
            "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. "
            "Try again with the new parameter. See the API documentation for more information: "
            "https://platform.openai.com/docs/api-reference/responses/create.",
            code="unsupported_parameter",
        )


def _refuse_unknown(fields: Mapping[str, Any], model: type[WireModel]) -> None:
    for key in fields:
        if key not in model.model_fields:
            raise unknown_parameter(key, model.model_fields.keys() - fields.keys())


def _read(model: type[_Request], fields: Mapping[str, Any], policing: Policing | None = None) -> _Request:
    try:
        return model.model_validate(fields, context=policing or Policing())
    except ValidationError as error:
        # Not chained: pydantic's message quotes the input, which must never reach a log.
        raise in_openais_words(error) from None
