"""The OpenAPI document: what each endpoint reads and answers, from the models that really do."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

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
from shared.wire.responses import Response

_MODELS: tuple[type[BaseModel], ...] = (
    AddConversationItems,
    CompactRequest,
    Conversation,
    CreateConversation,
    CreateResponse,
    InputTokensRequest,
    PreviewRequest,
    Response,
    UpdateConversation,
)
_REF = "#/components/schemas/{model}"
_ERROR: JsonObject = {
    "title": "Error",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


def reads(model: type[BaseModel], *, forms: bool = False) -> JsonObject:
    """Return the `openapi_extra` of a route whose body is `model`, as JSON or also as a form."""
    schema = {"schema": _reference(model.__name__)}
    content = {"application/json": schema}
    if forms:
        content["application/x-www-form-urlencoded"] = schema
    return {"requestBody": {"required": True, "content": content}}


def answers(*, model: type[BaseModel] | None = None, streams: bool = False) -> dict[int | str, Any]:
    """Return the `responses` of a route: what it answers with 200, and the envelope of every error."""
    schema = _reference(model.__name__) if model is not None else {"type": "object"}
    content: JsonObject = {"application/json": {"schema": schema}}
    if streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    error = {"application/json": {"schema": _reference("Error")}}
    return {
        200: {"description": "What was asked for.", "content": content},
        "4XX": {"description": "What is wrong with the request, in OpenAI's envelope.", "content": error},
        "5XX": {"description": "What the server cannot do now, in OpenAI's envelope.", "content": error},
    }


def documented(app: FastAPI) -> Callable[[], JsonObject]:
    """Return the function that FastAPI asks for its document, made once."""
    made: list[JsonObject] = []

    def document() -> JsonObject:
        if not made:
            made.append(_document(app))
        return made[0]

    return document


def _document(app: FastAPI) -> JsonObject:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    _, definitions = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_REF)
    document["components"] = {
        "schemas": {**definitions["$defs"], "Error": _ERROR},
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
