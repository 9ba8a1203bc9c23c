"""The OpenAPI document: what each endpoint reads and answers, from the models that really do."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.document_shapes import SHAPES
from api.webhooks import (
    CreateWebhookEndpoint,
    RotateSecret,
    SendTestEvent,
    UpdateWebhookEndpoint,
    WebhookEndpoint,
)
from shared.wire.conversations import Conversation
from shared.wire.model import JsonObject
from shared.wire.requests import (
    AddConversationItems,
    CompactRequest,
    CreateConversation,
    CreateResponse,
    InputTokensRequest,
    PreviewRequest,
    UpdateConversation,
)
from shared.wire.responses import Response, Usage

_MODELS: tuple[type[BaseModel], ...] = (
    AddConversationItems,
    CompactRequest,
    Conversation,
    CreateConversation,
    CreateResponse,
    CreateWebhookEndpoint,
    InputTokensRequest,
    PreviewRequest,
    Response,
    RotateSecret,
    SendTestEvent,
    UpdateConversation,
    UpdateWebhookEndpoint,
    WebhookEndpoint,
)
_REF = "#/components/schemas/{model}"
# Every field of these is always on the wire, whatever it needs to be made.
_COMPLETE = (Conversation, Response, Usage)
_IDEMPOTENCY_KEY: JsonObject = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request again under the same key is answered with the first one's response.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def reads(
    model: type[BaseModel], *, forms: bool = False, required: bool = True, keyed: bool = False
) -> JsonObject:
    """Return the `openapi_extra` of a route whose body is `model`, as JSON or also as a form.

    A body that is not `required` may be absent; a `keyed` route takes an `Idempotency-Key`.
    """
    schema = {"schema": _reference(model.__name__)}
    content = {"application/json": schema}
    if forms:
        content["application/x-www-form-urlencoded"] = schema
    extra: JsonObject = {"requestBody": {"required": required, "content": content}}
    return extra | {"parameters": [_IDEMPOTENCY_KEY]} if keyed else extra


def answers(
    *, model: type[BaseModel] | None = None, shape: str | None = None, streams: bool = False
) -> dict[int | str, Any]:
    """Return the `responses` of a route: what it answers with 200, and the envelope of every error.

    The answer is a `model` of the wire, or one of `SHAPES` by its name.
    """
    name = model.__name__ if model is not None else shape
    schema = {"type": "object"} if name is None else _reference(name)
    content: JsonObject = {"application/json": {"schema": schema}}
    if streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    error = {"application/json": {"schema": _reference("Error")}}
    return {
        200: {"description": "What was asked for.", "content": content},
        "4XX": {"description": "What is wrong with the request, in OpenAI's envelope.", "content": error},
        "5XX": {"description": "What the server cannot do now, in OpenAI's envelope.", "content": error},
    }


def document_of(app: FastAPI) -> JsonObject:
    """Return the document of an application with all its routes."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    _, definitions = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_REF)
    for model in _COMPLETE:
        schema = definitions["$defs"][model.__name__]
        schema["required"] = list(schema["properties"])
    document["components"] = {
        "schemas": {**definitions["$defs"], **SHAPES},
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    }
    document["security"] = [{}, {"key": []}]
    for path in document["paths"].values():
        for operation in path.values():
            # FastAPI promises its own 422 wherever there is a parameter; here it never comes.
            operation["responses"].pop("422", None)
    return document


def _reference(name: str) -> JsonObject:
    return {"$ref": _REF.format(model=name)}
