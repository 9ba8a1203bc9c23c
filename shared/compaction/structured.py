"""Structured summaries: the sections as a JSON object, where a provider can hold a model to a schema."""

import json
from collections.abc import Sequence

from shared.wire.model import JsonObject


def summary_format(sections: Sequence[str]) -> JsonObject:
    """Return the `text` option that asks for an object with a list of lines for each section."""
    lines = {"type": "array", "items": {"type": "string"}}
    schema = {
        "type": "object",
        "properties": dict.fromkeys(sections, lines),
        "required": list(sections),
        "additionalProperties": False,
    }
    return {"format": {"type": "json_schema", "name": "summary", "strict": True, "schema": schema}}


def under_headings(text: str, sections: Sequence[str]) -> str:
    """Return a structured summary as text under headings; anything else as it is, for the checks to judge."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(value, dict) or not all(_are_lines(lines) for lines in value.values()):
        return text
    blocks = [_block(section, value[section]) for section in sections if section in value]
    return "\n\n".join(blocks)


def _are_lines(value: object) -> bool:
    # True is an int, too.
    return isinstance(value, list) and all(
        isinstance(line, str | int | float) and not isinstance(line, bool) for line in value
    )


def _block(section: str, lines: Sequence[str | int | float]) -> str:
    # On one line each: what a line says can open no section.
    said = [" ".join(str(line).split()).removeprefix("- ") for line in lines]
    body = [f"- {line}" for line in said if line] or ["None."]
    return "\n".join([f"## {section}", *body])
