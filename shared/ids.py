"""Identifiers of objects: a prefix that says the kind, and 192 bits, random or made of what they stand for."""

import hashlib
import re
import secrets
from typing import Literal, TypeAlias

IdKind: TypeAlias = Literal[
    "resp", "msg", "fc", "ctc", "rs", "cmp", "call", "req", "conv", "item", "we", "wh", "evt"
]

RANDOM_BYTES = 24
_WITHIN = re.compile(rf"[a-z]+_([0-9a-f]{{{2 * RANDOM_BYTES}}})[0-9a-f]{{4,}}")


def new_id(kind: IdKind) -> str:
    """Return a new identifier such as `resp_4f…`: 48 hexadecimal digits after the prefix."""
    return f"{kind}_{secrets.token_hex(RANDOM_BYTES)}"


def id_within(kind: IdKind, holder_id: str, number: int) -> str:
    """Return the identifier of a thing that is found in another object, by its number there."""
    return f"{kind}_{holder_id.partition('_')[2]}{number:04x}"


def holder_of(name: str, kind: IdKind) -> str | None:
    """Return the identifier of the object of this kind that `id_within` would have named; it may not exist."""
    found = _WITHIN.fullmatch(name)
    return f"{kind}_{found[1]}" if found else None


def looks_new(name: str, kind: IdKind) -> bool:
    """Whether `new_id` may have made this name: a provider's of the same form cannot be told from it."""
    return re.fullmatch(rf"{kind}_[0-9a-f]{{{2 * RANDOM_BYTES}}}", name) is not None


def id_of(kind: IdKind, *parts: str) -> str:
    """Return the one identifier that stands for these parts, in this order."""
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{kind}_{digest[: 2 * RANDOM_BYTES]}"
