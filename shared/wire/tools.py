"""The shapes of tools and of the choice between them."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from shared.wire.model import JsonObject, WireModel
from shared.wire.shapes import (
    Check,
    Policing,
    any_members_of,
    array_of,
    members_of,
    objects,
    one_of,
    shaped,
    tagged,
    unsupported_value,
    wrong_type,
)
from shared.wire.wording import listed
from shared.wire.wording import unsupported_value as not_served

_Name: TypeAlias = Annotated[str, Field(min_length=1)]


_CALLERS = array_of(one_of(Literal["direct", "programmatic"]), "an array of strings")
_Callers: TypeAlias = Annotated[Any, shaped(_CALLERS)]


class _ToolMembers(WireModel):
    name: _Name
    description: str | None = None
    is_async: bool | None = Field(None, alias="async")
    defer_loading: bool | None = None
    allowed_callers: _Callers | None = None


class _Function(_ToolMembers):
    type: Literal["function"]
    parameters: JsonObject | None = None
    strict: bool | None = None
    output_schema: JsonObject | None = None


class _TextFormat(WireModel):
    type: Literal["text"]


class _Grammar(WireModel):
    type: Literal["grammar"]
    definition: str
    syntax: Literal["lark", "regex"]


_INPUT_FORMAT = tagged("type", {"text": members_of(_TextFormat), "grammar": members_of(_Grammar)})


class _Custom(_ToolMembers):
    type: Literal["custom"]
    format: Annotated[Any, shaped(_INPUT_FORMAT)] | None = None


_CLIENT_TOOLS: dict[str, Check] = {"function": members_of(_Function), "custom": members_of(_Custom)}


class _Namespace(WireModel):
    type: Literal["namespace"]
    name: _Name
    description: str | None = None
    tools: Annotated[Any, shaped(array_of(tagged("type", _CLIENT_TOOLS), "an array of objects"))]


class _ToolSearch(WireModel):
    type: Literal["tool_search"]
    description: str | None = None
    execution: Literal["server", "client"] | None = None
    parameters: JsonObject | None = None


class _Hosted(WireModel):
    """A tool of the provider's: its members are the provider's to check."""

    type: str


# Tools that a server can offer by itself, in front of any model.
CLIENT_TOOL_TYPES = ("function", "custom", "namespace", "tool_search")

_HOSTED_TYPES = (
    "file_search", "computer", "computer_use_preview", "web_search", "web_search_2025_08_26",
    "web_search_preview", "web_search_preview_2025_03_11", "mcp", "code_interpreter",
    "programmatic_tool_calling", "image_generation", "local_shell", "shell", "apply_patch",
)  # fmt: skip

_TOOL = tagged(
    "type",
    {
        **_CLIENT_TOOLS,
        "namespace": members_of(_Namespace),
        "tool_search": members_of(_ToolSearch),
        **dict.fromkeys(_HOSTED_TYPES, any_members_of(_Hosted)),
    },
)

TOOLS: Check = array_of(_TOOL, "an array of tools")


class _NamedChoice(WireModel):
    type: Literal["function", "custom"]
    name: _Name


class _AllowedTools(WireModel):
    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: Annotated[Any, shaped(objects())]


class _McpChoice(WireModel):
    type: Literal["mcp"]
    server_label: str
    name: str | None = None


_CHOICES = ("none", "auto", "required")

_CHOICE = tagged(
    "type",
    {
        "function": members_of(_NamedChoice),
        "custom": members_of(_NamedChoice),
        "allowed_tools": members_of(_AllowedTools),
        **dict.fromkeys([*_HOSTED_TYPES, "computer_use"], members_of(_Hosted)),
        "mcp": members_of(_McpChoice),
    },
)


def check_client_tools(tools: Sequence[JsonObject]) -> None:
    """Raise InvalidRequest for the first tool of a request that only a service behind it could run."""
    for index, tool in enumerate(tools):
        if tool["type"] not in CLIENT_TOOL_TYPES:
            raise not_served(tool["type"], f"tools[{index}].type", CLIENT_TOOL_TYPES)


def check_tool_choice(value: Any, policing: Policing) -> None:
    """Accept one of three words, or an object that names a tool or a set of tools."""
    if isinstance(value, dict):
        _CHOICE(value, policing)
    elif not isinstance(value, str):
        raise wrong_type(value, f"one of an object or {listed(_CHOICES, last='or')}")
    elif value not in _CHOICES:
        raise unsupported_value(value, _CHOICES)
