"""Identifiers of objects: a prefix that says the kind, and 192 random bits."""

import secrets
from typing import Literal, TypeAlias

IdKind: TypeAlias = Literal["resp", "msg", "fc", "ctc", "rs", "cmp", "call", "req", "conv", "item"]

RANDOM_BYTES = 24


def new_id(kind: IdKind) -> str:
    """Return a new identifier such as `resp_4f…`: 48 hexadecimal digits after the prefix."""
    return f"{kind}_{secrets.token_hex(RANDOM_BYTES)}"
