"""Calls and their outputs as items, and what a ledger holds of them."""

import json
from collections.abc import Mapping, Sequence

from shared.compaction.ledger import Entry, Section, collect
from shared.wire.items import parse_items


def called(name: str, arguments: object, call_id: str = "c1") -> dict[str, object]:
    """Return a function call."""
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": json.dumps(arguments)}


def returned(output: object, call_id: str = "c1") -> dict[str, object]:
    """Return what a function call printed; what is no text, as JSON."""
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def entries_of(section: Section, items: Sequence[Mapping[str, object]]) -> list[Entry]:
    """Return the entries of a section that a ledger of these items holds."""
    ledger = collect(parse_items([dict(item) for item in items]))
    return [entry for entry in ledger.entries if entry.section is section]


def errors_in(output: object, command: str = "make") -> list[str]:
    """Return the errors that a ledger holds once a command printed `output`."""
    items = [called("bash", {"command": command}), returned(output)]
    return [entry.text for entry in entries_of(Section.ERROR, items)]


def outcome_in(output: object, command: str = "make") -> str:
    """Return the outcome that a ledger holds once a command printed `output`."""
    items = [called("bash", {"command": command}), returned(output)]
    return entries_of(Section.COMMAND, items)[0].note
