"""Identifiers of objects: a prefix that says the kind, and 192 bits, random or made of what they stand for."""

import hashlib
import re
import secrets
from typing import Literal, TypeAlias

IdKind: TypeAlias = Literal[
    "resp", "msg", "fc", "ctc", "rs", "cmp", "call", "req", "conv", "item", "we", "wh", "evt"
]

RANDOM_BYTES = 24


def new_id(kind: IdKind) -> str:
    """Return a new identifier such as `resp_4f…`: 48 hexadecimal digits after the prefix."""
    return f"{kind}_{secrets.token_hex(RANDOM_BYTES)}"


def looks_new(name: str, kind: IdKind) -> bool:
    """Whether `new_id` may have made this name: a provider's of the same form cannot be told from it."""
    return re.fullmatch(rf"{kind}_[0-9a-f]{{{2 * RANDOM_BYTES}}}", name) is not None


def id_of(kind: IdKind, *parts: str) -> str:
    """Return the one identifier that stands for these parts, in this order."""
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{kind}_{digest[: 2 * RANDOM_BYTES]}"
