"""Lists as OpenAI pages them: `after` an item's id, `limit`, `order`; newest first unless told otherwise."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request
from pydantic import WithJsonSchema

from shared.errors import InvalidRequest
from shared.wire.items import Item, dump_items
from shared.wire.model import JsonObject
from shared.wire.wording import shown, unsupported_parameter

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

_Object = TypeVar("_Object")

# They come as text, and are checked here in OpenAI's words; the document says what they are.
_After = Annotated[
    str | None,
    Query(description="The id of the last object of the page before."),
    WithJsonSchema({"type": "string"}),
]
_Limit = Annotated[
    str | None,
    Query(description="How many objects a page has."),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
]
_Order = Annotated[
    str | None,
    Query(description="Oldest or newest first."),
    WithJsonSchema({"type": "string", "enum": ["asc", "desc"], "default": "desc"}),
]


class Page:
    """Which part of a list a client asks for."""

    def __init__(
        self,
        request: Request,
        after: _After = None,
        limit: _Limit = None,
        order: _Order = None,
    ) -> None:
        """Take the query as it came. Raises InvalidRequest for a limit or an order that does not exist."""
        if "before" in request.query_params:
            raise unsupported_parameter("before")
        self.after = after
        self.limit = _limit(limit)
        self.ascending = _ascending(order)

    def cut(self, items: Sequence[Item]) -> JsonObject:
        """Return the list object for `items`, given oldest first. Raises InvalidRequest for an unknown `after`.

        Of items with one id the newest is shown: pages are told apart by ids, and would not come to an end.
        """
        newest = {getattr(item, "id", None) or index: index for index, item in enumerate(items)}
        shown_items = [items[index] for index in sorted(newest.values())]
        part, has_more = self.part(shown_items, lambda item: getattr(item, "id", None), kind="Item")
        return listed(part, has_more=has_more)

    def part(
        self, objects: Sequence[_Object], id_of: Callable[[_Object], str | None], *, kind: str
    ) -> tuple[list[_Object], bool]:
        """Return the page's part of `objects`, given oldest first, and whether more come after it.

        Raises InvalidRequest for an `after` that none of them is called; `kind` is what they are.
        """
        ordered = list(objects if self.ascending else objects[::-1])
        start = 0
        if self.after is not None:
            ids = [id_of(each) for each in ordered]
            if self.after not in ids:
                raise InvalidRequest(f"{kind} with id '{shown(self.after)}' not found.", param="after")
            start = ids.index(self.after) + 1
        end = start + self.limit
        return ordered[start:end], end < len(ordered)


AskedPage = Annotated[Page, Depends(Page)]


def listed(items: Sequence[Item], *, has_more: bool) -> JsonObject:
    """Return the list object that shows these items."""
    return listed_objects(dump_items(items), has_more=has_more)


def listed_objects(shown: list[JsonObject], *, has_more: bool) -> JsonObject:
    """Return the list object that shows these objects."""
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0].get("id") if shown else None,
        "last_id": shown[-1].get("id") if shown else None,
        "has_more": has_more,
    }


def _limit(value: str | None) -> int:
    if value is None:
        return DEFAULT_LIMIT
    if not value.removeprefix("-").isdecimal() or not value.isascii() or len(value) > 9:
        raise InvalidRequest(
            "Invalid type for 'limit': expected an integer, but got a string instead.",
            param="limit",
            code="invalid_type",
        )
    limit = int(value)
    if limit < 1:
        raise InvalidRequest(
            f"Invalid 'limit': integer below minimum value. Expected a value >= 1, but got {limit} instead.",
            param="limit",
            code="integer_below_min_value",
        )
    if limit > MAX_LIMIT:
        raise InvalidRequest(
            f"Invalid 'limit': integer above maximum value. Expected a value <= {MAX_LIMIT}, "
            f"but got {limit} instead.",
            param="limit",
            code="integer_above_max_value",
        )
    return limit


def _ascending(value: str | None) -> bool:
    if value not in (None, "asc", "desc"):
        raise InvalidRequest(
            f"Invalid value: '{shown(value)}'. Supported values are: 'asc' and 'desc'.",
            param="order",
            code="invalid_value",
        )
    return value == "asc"
