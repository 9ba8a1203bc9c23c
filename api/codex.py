"""What Codex brings with every request, whatever model is behind: left out where nobody can serve it.

Who uses Codex did not ask for it. Of any other client it is refused: whoever names a tool means it.
"""

from collections.abc import Mapping

from shared.wire.requests import CreateResponse

_EXTRA_TOOL_TYPES = frozenset({"web_search", "image_generation"})


def is_codex(headers: Mapping[str, str]) -> bool:
    """Return whether a request says that Codex sent it: `codex_cli_rs`, `codex_exec` and the like."""
    return headers.get("originator", "").lower().startswith("codex")


def without_extra_tools(request: CreateResponse) -> CreateResponse:
    """Return the request without hosted tools that Codex adds by itself; the response's `tools` say so.

    One that stands alone, or that `tool_choice` names, was asked for: it stays.
    """
    tools = request.tools or []
    chosen = request.tool_choice.get("type") if isinstance(request.tool_choice, dict) else None
    extra = _EXTRA_TOOL_TYPES - {chosen}
    kept = [tool for tool in tools if tool["type"] not in extra]
    return request.changed(tools=kept) if kept and len(kept) < len(tools) else request
