"""Arguments of calls: the JSON that a chat-completions model writes, whole or not, and that it is shown again."""

import json

from shared.wire.model import JsonObject


def json_object(text: str) -> JsonObject | None:
    """Return the JSON object that `text` is, blank text being an empty one; None where it is no JSON object."""
    try:
        decoded = json.loads(text if text.strip() else "{}", parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def function_arguments(text: str) -> str:
    """Return the arguments of a call of the history as every server takes them.

    Many decode them and refuse the whole request where they are not an object, as those of a call that was cut.
    """
    if not text.strip():
        return "{}"
    return custom_arguments(text) if json_object(text) is None else text


def custom_arguments(text: str) -> str:
    """Return the function arguments that stand for a custom tool's plain `text`."""
    return json.dumps({"input": text}, ensure_ascii=False)


def custom_input(arguments: str) -> str:
    """Return the plain text in a custom tool's function arguments; what is no such JSON is the text."""
    text = (json_object(arguments) or {}).get("input")
    return text if isinstance(text, str) else arguments


def _refuse(constant: str) -> None:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(constant)
