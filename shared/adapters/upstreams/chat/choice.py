"""What a chat-completions request says of its tools: which are offered, and what of them must be called."""

from shared.adapters.upstreams.chat.tools import ToolTable
from shared.errors import InvalidRequest
from shared.prompt import Sampling
from shared.wire.model import JsonObject


def tool_fields(sampling: Sampling, tools: ToolTable) -> JsonObject:
    """Return what a request says of its tools. Raises InvalidRequest for a choice of a tool that is not there."""
    functions, choice = _offered(sampling.tool_choice, tools)
    # Providers refuse the other two fields where there is no tool.
    if not functions and choice in (None, "auto", "none"):
        return {}
    if not functions:
        raise InvalidRequest(
            "'tool_choice' asks for a tool, and there is none in 'tools'.",
            param="tool_choice",
            code="invalid_value",
        )
    fields: JsonObject = {"tools": functions, "parallel_tool_calls": sampling.parallel_tool_calls}
    if isinstance(choice, dict):
        choice = {"type": "function", "function": {"name": _chosen(choice, tools)}}
    return fields | {"tool_choice": choice}


def _offered(
    choice: str | JsonObject | None, tools: ToolTable
) -> tuple[list[JsonObject], str | JsonObject | None]:
    """Return the functions to offer, and the choice between them.

    Only OpenAI knows `allowed_tools`; offering nothing else is the same everywhere.
    """
    functions = tools.functions()
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return functions, choice
    allowed = {_chosen(tool, tools) for tool in choice.get("tools") or []}
    return [entry for entry in functions if entry["function"]["name"] in allowed], choice.get("mode")


def _chosen(choice: JsonObject, tools: ToolTable) -> str:
    tool = tools.find(str(choice.get("name", choice.get("type"))), choice.get("namespace"))
    if tool is None:
        raise InvalidRequest(
            "Invalid value: 'tool_choice' names a tool that is not among 'tools'.",
            param="tool_choice",
            code="invalid_value",
        )
    return tool.chat_name
