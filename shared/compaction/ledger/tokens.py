"""Tokens: what kind of thing a whitespace-separated piece of text is, told without backtracking and cached."""

import re
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from shared.compaction.ledger.cues import APOSTROPHE, AROUND_WORDS
from shared.compaction.ledger.wordlists import (
    ABBREVIATIONS,
    FILE_ENDINGS,
    LANGUAGES,
    MONTHS,
    NUMBER_WORDS,
    UNITS,
)


class Kind(StrEnum):
    """What a token names."""

    WORD = "word"
    NAME = "name"  # a capitalised word or an acronym; says little at the start of a sentence
    NUMBER = "number"
    AMOUNT = "amount"
    DATE = "date"
    VERSION = "version"
    ID = "id"
    SYMBOL = "symbol"  # a name in code
    ENV = "env"
    PATH = "path"
    URL = "url"
    EMAIL = "email"
    ADDRESS = "address"  # an IP address, a host with a port
    HASH = "hash"


# What a tool prints is full of numbers and words in code; of it only these are worth a line.
STRONG = frozenset({Kind.ID, Kind.PATH, Kind.URL, Kind.EMAIL, Kind.ADDRESS, Kind.HASH, Kind.ENV})
# What a person writes is worth keeping in more kinds.
IDENTIFIERS = STRONG | {Kind.AMOUNT, Kind.DATE, Kind.VERSION, Kind.SYMBOL}
# What an update changes.
VALUES = IDENTIFIERS | {Kind.NUMBER, Kind.NAME}

_LONGEST, _LONGEST_CACHED = 200, 48
_EDGES_BUT_DOT = AROUND_WORDS.replace(".", "")
_EDGES = tuple(AROUND_WORDS)
_CURRENCIES = "$€£¥₹₩"
_SPEAKER = frozenset("I")
_PRONOUNS = ("I'", f"I{APOSTROPHE}")
_OF_CODE = frozenset("(){}=")  # a call or a setting, such as "worker(9": no name of anything
_CELLS = 2  # a row of a table
_HEX = frozenset("0123456789abcdef-")

# One class, one quantifier: linear. Han, kana and hangul run together with Latin words and numbers.
_PIECES = re.compile(
    r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]+|[^\s\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]+"
)
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?:[T ][0-9:.+\-Z]{0,20})?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}:\d{2}(?::\d{2})?"
)
_ADDRESS = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:[:/]\d{1,5})?|[A-Za-z0-9.\-]{1,80}:\d{2,5}")
_VERSION = re.compile(
    r"[vV]\d{1,6}(?:\.[0-9A-Za-z\-]{1,12}){0,4}|\d{1,6}\.\d{1,6}\.\d[0-9A-Za-z.+\-]{0,24}|[^\W\d]{2,20}(?:==|>=|<=|~=|@)\d[\w.]{0,24}"
)
_NUMBER = re.compile(r"[+\-~≤≥<>]?\d[\d.,_]{0,30}")
_MEASURE = re.compile(r"[+\-~]?\d[\d.,]{0,20}([^\W\d]{1,12}|%)(?:/[a-z]{1,6})?")
_HOST = re.compile(r"[a-z0-9\-]{2,63}(?:\.[a-z0-9\-]{2,63}){1,5}")
_CODE = re.compile(r"[A-Za-z_][\w.:\-]{0,120}(?:\(\))?")


def pieces(text: str) -> list[str]:
    """Return the tokens of `text`; scripts without spaces are parted from the Latin words inside them."""
    return text.split() if text.isascii() else _PIECES.findall(text)


def bare(token: str) -> str:
    """Return `token` without the punctuation around it."""
    return _bare_of_short(token) if len(token) <= _LONGEST_CACHED else _bare(token)


def low_of(token: str) -> str:
    """Return `token` bare and as words are compared."""
    return lowered(bare(token))


def lowered(word: str) -> str:
    """Return a bare word as words are compared: casefolded, with a plain apostrophe."""
    return word.casefold().replace(APOSTROPHE, "'")


def kind_of(token: str) -> Kind:
    """Return what a bare token names."""
    if len(token) > _LONGEST:
        return Kind.WORD
    return _kind_of_short(token) if len(token) <= _LONGEST_CACHED else _kind(token)


def _bare(token: str) -> str:
    left = token.lstrip(_EDGES_BUT_DOT)
    return left.rstrip(AROUND_WORDS) if left.endswith(_EDGES) else left


def _kind(token: str) -> Kind:
    if not token or f"{token.casefold()}." in ABBREVIATIONS:
        return Kind.WORD
    if token.isalpha():
        return _kind_of_letters(token)
    if not token.isascii() and token in MONTHS:  # vowel signs are no letters
        return Kind.DATE
    return _first_kind(token)


# Bounded in size, not only in number: words come back, and what is long is somebody's text.
_bare_of_short = lru_cache(maxsize=65_536)(_bare)
_kind_of_short = lru_cache(maxsize=65_536)(_kind)


def _kind_of_letters(token: str) -> Kind:
    if token.isascii() and len(token) >= 5 and any(a.islower() and b.isupper() for a, b in pairwise(token)):
        return Kind.SYMBOL
    if token in _SPEAKER:
        return Kind.WORD
    if token.casefold() in MONTHS:
        return Kind.DATE
    if token.casefold() in NUMBER_WORDS:
        return Kind.NUMBER
    if token in LANGUAGES:
        return Kind.NAME
    return Kind.NAME if token[0].isupper() else Kind.WORD


def _first_kind(token: str) -> Kind:
    for kind, holds in _TESTS:
        if holds(token):
            return kind
    return Kind.NAME if token[0].isupper() and not token.startswith(_PRONOUNS) else Kind.WORD


def _is_url(token: str) -> bool:
    return "://" in token[:24] or token.startswith("www.")


def _is_email(token: str) -> bool:
    user, at, host = token.partition("@")
    return bool(user and at and "." in host)


def _is_amount(token: str) -> bool:
    if token[0] in _CURRENCIES or token[-1] in _CURRENCIES:
        return any(char.isdigit() for char in token)
    return token[-1] == "%" and token[0].isdigit()


def _is_date(token: str) -> bool:
    return token[0].isdigit() and _DATE.fullmatch(token) is not None


def _is_address(token: str) -> bool:
    return (":" in token or token[0].isdigit()) and _ADDRESS.fullmatch(token) is not None


def _is_version(token: str) -> bool:
    return _VERSION.fullmatch(token) is not None


def _is_number(token: str) -> bool:
    if _NUMBER.fullmatch(token) is not None:
        return True
    measure = _MEASURE.fullmatch(token)
    return measure is not None and (measure[1].casefold() in UNITS or not measure[1].isascii())


def _is_hash(token: str) -> bool:
    low = token.casefold().removeprefix("sha256:").removeprefix("0x")
    if len(low) < 7 or not _HEX.issuperset(low) or low[-1] == "-":
        return False
    digits = sum(char.isdigit() for char in low)
    return 0 < digits < len(low.replace("-", ""))


def _is_path(token: str) -> bool:
    if "\\" in token[1:]:
        return token[1:3] == ":\\"
    head, slash, tail = token.rpartition("/")
    if not slash:
        return tail.rpartition(".")[2].casefold() in FILE_ENDINGS and "." in tail[1:]
    if token.startswith(("/", "./", "../", "~/", "@/")):
        return len(token) > 2 and any(char.isalpha() for char in token)
    odd = any(char.isdigit() or char in "_-." for char in token)
    return odd or "/" in head or not tail


def _is_env(token: str) -> bool:
    name = token.partition("=")[0].lstrip("$")
    return "_" in name and name.isupper() and name[0].isalpha()


def _is_id(token: str) -> bool:
    if token[0] in "#@" and len(token) > 2:
        return token[1].isalnum()
    if not _OF_CODE.isdisjoint(token) or token.count(",") >= _CELLS:
        return False
    if _HOST.fullmatch(token) and not token.rpartition(".")[2].isdigit():
        return True
    if (
        len(token) < 3
        or not any(char.isdigit() for char in token)
        or not any(char.isalpha() for char in token)
    ):
        return False
    return token.casefold()[-2:] not in {"st", "nd", "rd", "th"} or not token[0].isdigit()


def _is_symbol(token: str) -> bool:
    if _CODE.fullmatch(token) is None:
        return token.startswith("--") and len(token) > 3 and token[2].isalpha()
    inner = token.rstrip(":.")[1:]
    return "_" in inner or "::" in inner or "." in inner or token.endswith("()")


_TESTS = (
    (Kind.URL, _is_url),
    (Kind.EMAIL, _is_email),
    (Kind.AMOUNT, _is_amount),
    (Kind.DATE, _is_date),
    (Kind.ADDRESS, _is_address),
    (Kind.VERSION, _is_version),
    (Kind.NUMBER, _is_number),
    (Kind.HASH, _is_hash),
    (Kind.PATH, _is_path),
    (Kind.ENV, _is_env),
    (Kind.ID, _is_id),
    (Kind.SYMBOL, _is_symbol),
)
