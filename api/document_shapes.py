"""The answers of the API that are made by hand, as JSON schemas for the document: no model of ours is behind them."""

from shared.wire.model import JsonObject


def _object(properties: JsonObject, **more: object) -> JsonObject:
    """Return the schema of an object that always has all of these."""
    return {"type": "object", "required": list(properties), "properties": properties, **more}


_TEXT: JsonObject = {"type": "string"}
_TEXT_OR_NULL: JsonObject = {"type": ["string", "null"]}
_COUNT: JsonObject = {"type": "integer"}
_FLAG: JsonObject = {"type": "boolean"}


def _list_of(entry: JsonObject) -> JsonObject:
    ends = {"first_id": _TEXT_OR_NULL, "last_id": _TEXT_OR_NULL, "has_more": _FLAG}
    return _object({"object": {"const": "list"}, "data": {"type": "array", "items": entry}, **ends})


_ANY: JsonObject = {"type": "object"}
_MODEL = _object(
    {"id": _TEXT, "object": {"const": "model"}, "created": _COUNT, "owned_by": _TEXT},
    description="What can be asked.",
)

SHAPES: dict[str, JsonObject] = {
    "CompactedResponse": _object(
        {
            "id": _TEXT,
            "object": {"const": "response.compaction"},
            "created_at": _COUNT,
            "output": {"type": "array", "items": _ANY},
            "usage": {"$ref": "#/components/schemas/Usage"},
        },
        description="The user messages of a window, and one compaction item for all the rest.",
    ),
    "Deleted": _object(
        {"id": _TEXT, "object": _TEXT, "deleted": {"const": True}}, description="What is there no more."
    ),
    "Error": _object(
        {"error": _object({"message": _TEXT, "type": _TEXT, "param": _TEXT_OR_NULL, "code": _TEXT_OR_NULL})},
        description="What went wrong, in OpenAI's envelope.",
    ),
    "InputTokens": _object(
        {"object": {"const": "response.input_tokens"}, "input_tokens": _COUNT},
        description="How many tokens a window would be.",
    ),
    "Item": {"type": "object", "required": ["type"], "properties": {"id": _TEXT, "type": _TEXT}},
    "List": _list_of(_ANY) | {"description": "A page of objects; the next one comes after `last_id`."},
    "Model": _MODEL,
    "ModelList": _object(
        {
            "object": {"const": "list"},
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
        }
    ),
}
