"""Calls of a provider's own tools: they come whole, and are told of as if they had been watched."""

from collections.abc import Iterator

from shared.wire.model import JsonObject

# What each kind goes through, before it ends as `completed` or, some, as `failed`.
_STAGES: dict[str, tuple[str, ...]] = {
    "code_interpreter_call": ("in_progress", "interpreting"),
    "file_search_call": ("in_progress", "searching"),
    "image_generation_call": ("in_progress", "generating"),
    "mcp_call": ("in_progress",),
    "mcp_list_tools": ("in_progress",),
    "web_search_call": ("in_progress", "searching"),
}
_MAY_FAIL = ("mcp_call", "mcp_list_tools")


def progress(item: JsonObject, output_index: int) -> Iterator[JsonObject]:
    """Yield what a client of OpenAI's is told between an item's beginning and its end; mostly nothing."""
    kind = item["type"]
    stages = _STAGES.get(kind, ())
    if stages:
        stages += _end(item)
    for stage in stages:
        yield {"type": f"response.{kind}.{stage}", "item_id": item["id"], "output_index": output_index}


def _end(item: JsonObject) -> tuple[str, ...]:
    if item["type"] in _MAY_FAIL and (item.get("error") or item.get("status") == "failed"):
        return ("failed",)
    # The others have no event for it: their status says it when they are done.
    return ("completed",) if item.get("status") in (None, "completed") else ()
