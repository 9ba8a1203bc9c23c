"""The model that every wire type derives from: frozen, strict about types, lossless about fields."""

from typing import Any, Self, TypeAlias

from pydantic import BaseModel, ConfigDict

JsonObject: TypeAlias = dict[str, Any]


class WireModel(BaseModel):
    """A frozen value that keeps fields it does not know, so that what came in can go out again."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    def model_post_init(self, _context: Any, /) -> None:
        """Count `type` as given, so that a value made here says on the wire what it is."""
        if "type" in type(self).model_fields:
            self.model_fields_set.add("type")

    def to_json(self) -> JsonObject:
        """Return the fields that were given, unknown ones included, and `type`."""
        return self.model_dump(mode="json", exclude_unset=True)

    def changed(self, **fields: Any) -> Self:
        """Return a copy with `fields` set; the copy reports them as given."""
        return self.model_copy(update=fields)
