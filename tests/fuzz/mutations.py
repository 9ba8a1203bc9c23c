"""From a valid document to one that is wrong in a few places, and from its text to bytes that are wrong."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from hypothesis import strategies as st

from tests.fuzz.documents import ITEMS, MODELS, TOOLS, Json

_ODD_TEXTS = [
    "", " ", "\0", "\ud800", "\udfff\ud800", "\U0001f600", "a\u0301", "\u202e\u2028\ufeff", "<|endoftext|>",
    "\r\n\r\n", "data: x\n\n", "[DONE]", "null", "{}", "known-resp-3", "known-item-5", "../..", "%00", "é" * 300,
]  # fmt: skip
_OTHER_BODIES = [b"", b"null", b"[]", b"7", b"[" * 5_000, b"model=m&input=Hi", b"input[0][role]=user&model=m"]
_ODD_NUMBERS = [0, -1, 1, 15, 16, 2**31, 2**53, 2**63, 2**64, 10**40, 1e308, 0.1, -0.0]
_NAMES = ["type", "role", "content", "text", "id", "name", "input", "items", "tools", "model", "call_id", "x"]
_UNITS = ["x", "ab ", "é", "0", "\n", "[", "字"]
_LENGTHS = [65, 513, 5_000, 60_000, 400_000]
_DEPTHS = [3, 30, 100, 180, 260]
_MAX_PLACES = 400

TEXTS = st.one_of(st.sampled_from(_ODD_TEXTS), st.text(max_size=12))
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.sampled_from(_ODD_NUMBERS), st.integers(), st.floats(allow_nan=False), TEXTS
)
_KEYS = st.one_of(st.sampled_from(_NAMES), TEXTS)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=6,
)
_Place: TypeAlias = tuple[Any, Any]
_Change: TypeAlias = Callable[[st.DrawFn, Any, Any], None]


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


_WHOLE = st.sampled_from([*ITEMS, *TOOLS, *MODELS]).map(_copy)


@st.composite
def bodies(draw: st.DrawFn, valid: Sequence[Json]) -> bytes:
    """A body: one of the `valid` ones with up to four changes, as JSON text that may be spoiled."""
    document = _copy(draw(st.sampled_from(valid)))
    _vary(draw, document)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 4]))):
        _change(draw, document)
    text = json.dumps(document, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    return draw(_spoiled(text)) if draw(st.integers(0, 14)) == 7 else text


def _change(draw: st.DrawFn, document: Json) -> None:
    places = _places_in(document)
    if len(places) > _MAX_PLACES:
        return  # what has grown is not repeated, or wrapped, once more
    if places:
        draw(st.sampled_from(_CHANGES))(draw, *draw(st.sampled_from(places)))
    else:
        _add(draw, document, None)


def _vary(draw: st.DrawFn, document: Json) -> None:
    """Take another model, and other items and tools, as valid as the first."""
    if "model" in document:
        document["model"] = draw(st.sampled_from(MODELS))
    for name, pool in (("input", ITEMS), ("items", ITEMS), ("tools", TOOLS)):
        if name in document and draw(st.integers(0, 3)) == 2:
            document[name] = draw(st.lists(st.sampled_from(pool), max_size=4).map(_copy))


def _places_in(value: Any) -> list[_Place]:
    """Return each value below `value` as the object or array that holds it, and its key."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, entry in pairs for place in [(value, key), *_places_in(entry)]]


def _drop(_draw: st.DrawFn, holder: Any, key: Any) -> None:
    del holder[key]


def _replace(draw: st.DrawFn, holder: Any, key: Any) -> None:
    holder[key] = draw(st.one_of(_LEAVES, _JSON, _WHOLE))


def _add(draw: st.DrawFn, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[draw(_KEYS)] = draw(st.one_of(_JSON, _WHOLE))
    else:
        holder.insert(key, draw(st.one_of(_WHOLE, _JSON)))


def _repeat(draw: st.DrawFn, holder: Any, key: Any) -> None:
    value = holder[key]
    times = min(draw(st.sampled_from([2, 3, 17, 600])), _LENGTHS[-1] // len(json.dumps(value)) + 1)
    holder[key] = _copy(value * times if isinstance(value, str | list) else [value] * times)


def _wrap(draw: st.DrawFn, holder: Any, key: Any) -> None:
    name = draw(_KEYS)
    for _ in range(draw(st.sampled_from([1, 1, *_DEPTHS]))):
        holder[key] = {name: holder[key]} if len(name) % 2 else [holder[key]]


def _grow(draw: st.DrawFn, holder: Any, key: Any) -> None:
    length, unit = draw(st.sampled_from(_LENGTHS)), draw(st.sampled_from(_UNITS))
    holder[key] = unit * (length // len(unit.encode()))


def _swell(draw: st.DrawFn, holder: Any, key: Any) -> None:
    name = draw(_KEYS)
    holder[key] = {f"{name}{n}": n for n in range(draw(st.sampled_from([17, 2_000])))}


_CHANGES: list[_Change] = [_drop, _replace, _replace, _replace, _add, _add, _repeat, _wrap, _grow, _swell]


def _spoiled(text: bytes) -> st.SearchStrategy[bytes]:
    """The text cut off, with bytes in it that do not belong there, or something else altogether."""
    return st.one_of(
        st.integers(0, len(text)).map(lambda end: text[:end]),
        st.tuples(st.integers(0, len(text)), st.binary(min_size=1, max_size=4)).map(
            lambda cut: text[: cut[0]] + cut[1] + text[cut[0] :]
        ),
        st.sampled_from([b"NaN", b"1e999", b"-Infinity", b'"\\ud800"', b'{"a": 1, "a": 2}']).map(
            lambda value: text.replace(b'"m"', value)
        ),
        st.sampled_from(
            [*_OTHER_BODIES, b"\xef\xbb\xbf" + text, text.decode("utf-8", "replace").encode("utf-16")]
        ),
        st.binary(max_size=40),
    )
