"""Configuration updates: items that say how the model is to answer from their place in the window on."""

from collections.abc import Iterable

from shared.wire.items import ConfigurationUpdate, Item
from shared.wire.model import JsonObject

# What an update can set: the request's member, and the part of it.
_SETTINGS = {"reasoning": "effort", "text": "format"}


def in_effect(items: Iterable[Item]) -> ConfigurationUpdate | None:
    """Return one update, without an id, that says what all of them come to; None where nothing is set.

    Each setting has the value of the last update that names it. Null takes back what was set.
    """
    settings: JsonObject = {}
    for item in items:
        if isinstance(item, ConfigurationUpdate):
            settings |= _named_by(item)
    given = {member: value for member, value in settings.items() if value is not None}
    if not given:
        return None
    parts = {member: {_SETTINGS[member]: value} for member, value in given.items()}
    return ConfigurationUpdate.model_validate(parts)


def with_update(asked: JsonObject | None, set_before: JsonObject | None) -> JsonObject | None:
    """Return a request's `reasoning` or `text` with what was set before for what it leaves open.

    `set_before` is that member of the update in effect.
    """
    if not set_before:
        return asked
    said = {name: value for name, value in (asked or {}).items() if value is not None}
    return set_before | said


def _named_by(update: ConfigurationUpdate) -> JsonObject:
    members = {"reasoning": update.reasoning, "text": update.text}
    return {name: part[_SETTINGS[name]] for name, part in members.items() if part and _SETTINGS[name] in part}
