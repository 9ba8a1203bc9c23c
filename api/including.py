"""The query parameter `include`, in both forms in which clients write a list: plain, and with brackets."""

from typing import Annotated, get_args

from fastapi import Depends, Query
from pydantic import WithJsonSchema

from shared.errors import InvalidRequest
from shared.wire.requests import Includable
from shared.wire.wording import listed, shown

_INCLUDABLE: tuple[str, ...] = get_args(Includable)
_Names = Annotated[
    list[str] | None,
    Query(description="What can be included is always there; an unknown name is refused."),
    WithJsonSchema({"type": "array", "items": {"type": "string", "enum": list(_INCLUDABLE)}}),
]


def check_include(
    include: _Names = None,
    bracketed: Annotated[_Names, Query(alias="include[]")] = None,
) -> None:
    """Raise InvalidRequest for a name that no API of OpenAI's knows; the others ask for nothing more."""
    for index, name in enumerate([*(include or []), *(bracketed or [])]):
        if name not in _INCLUDABLE:
            raise InvalidRequest(
                f"Invalid value: '{shown(name)}'. Supported values are: {listed(_INCLUDABLE)}.",
                param=f"include[{index}]",
                code="invalid_value",
            )


INCLUDES = Depends(check_include)
