"""Whole requests at random: any endpoint with any body, id, query and headers."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from tests.fuzz import documents
from tests.fuzz.documents import Json
from tests.fuzz.mutations import TEXTS, bodies

_BODIES: dict[str, tuple[int, list[Json]]] = {
    "/v1/responses": (8, documents.CREATE),
    "/v1/responses/compact": (2, documents.COMPACT),
    "/v1/responses/input_tokens": (2, documents.INPUT_TOKENS),
    "/v1/compactions/preview": (1, documents.PREVIEW),
    "/v1/conversations": (1, documents.CREATE_CONVERSATION),
    "/v1/conversations/{conversation_id}": (1, documents.UPDATE_CONVERSATION),
    "/v1/conversations/{conversation_id}/items": (2, documents.ADD_ITEMS),
    "/v1/webhook_endpoints": (1, documents.CREATE_HOOK),
    "/v1/webhook_endpoints/{webhook_endpoint_id}": (1, documents.UPDATE_HOOK),
    "/v1/webhook_endpoints/{webhook_endpoint_id}/rotate_secret": (1, documents.ROTATE_SECRET),
    "/v1/webhook_endpoints/{webhook_endpoint_id}/test": (1, documents.TEST_HOOK),
}
# What an id of this name may stand for: several kinds where the endpoint treats them differently.
_KINDS = {
    "conversation_id": ["conv"],
    "item_id": ["item"],
    "compaction_id": ["cmp"],
    "response_id": ["resp", "job"],
    "webhook_endpoint_id": ["hook"],
    "name": ["model"],
}
_OTHER_PATHS = ["/", "/v1", "/v1/", "/v1/responses/", "/v1/responses", "/docs", "//", "/v2/x"]
_METHODS = ["GET", "PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "DELETE", "POST", "MADEUP"]
_PARAMETERS = ["stream", "starting_after", "include_obfuscation", "after", "limit", "order", "include", "x"]
_VALUES = ["true", "false", "TRUE", "", "0", "1", "-1", "3", "100", "101", "99999999999999999999", "asc", "desc",
           "1.5", "٣", "null", "known-item-1", "message.input_image.image_url"]  # fmt: skip
_JSON = "application/json"
_TYPES = [_JSON] * 12 + ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "é/é",
                              "application/json; charset=utf-16"]  # fmt: skip


_T = TypeVar("_T")
_Headers: TypeAlias = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """A request; `operation` is its method and path with names for ids. It is sent `times` times at once."""

    operation: str
    method: str
    target: str
    headers: _Headers = field(default_factory=list)
    body: bytes = b""
    chunked: bool = False
    times: int = 1


def calls(operations: Collection[tuple[str, str]]) -> st.SearchStrategy[Call]:
    """Requests to `operations`, each a method and a path of the OpenAPI document, and now and then elsewhere."""
    paths = {path for _, path in operations}
    posts = [path for path, (weight, _) in _BODIES.items() if path in paths for _ in range(weight)]
    others = sorted(
        operation for operation in operations if operation[1] not in _BODIES or operation[0] != "POST"
    )
    return st.integers(0, 19).flatmap(
        lambda n: _elsewhere() if n == 7 else _posts(posts) if n <= 13 else _others(others)
    )


@st.composite
def _posts(draw: st.DrawFn, paths: list[str]) -> Call:
    path = draw(st.sampled_from(paths))
    body = draw(bodies(_BODIES[path][1]))
    return Call(
        operation=f"POST {path}",
        method="POST",
        target=draw(_filled(path)),
        headers=draw(_HEADERS),
        body=body,
        chunked=draw(st.integers(0, 9)) == 7,
        times=draw(st.sampled_from([1] * 15 + [2])),
    )


@st.composite
def _others(draw: st.DrawFn, operations: list[tuple[str, str]]) -> Call:
    method, path = draw(st.sampled_from(operations))
    known = path.replace("{conversation_id}/items/{item_id}", f"known-place-{draw(st.integers(0, 39))}")
    target = draw(_filled(draw(st.sampled_from([path, known])))) + draw(_QUERIES)
    return Call(f"{method} {path}", method, target, times=draw(st.sampled_from([1] * 15 + [2])))


@st.composite
def _elsewhere(draw: st.DrawFn) -> Call:
    path, method = draw(st.sampled_from(_OTHER_PATHS)), draw(st.sampled_from(_METHODS))
    tail = draw(st.one_of(st.just(""), TEXTS.map(_quoted)))
    return Call("elsewhere", method, path + tail + draw(_QUERIES), body=draw(st.binary(max_size=8)))


def _filled(path: str) -> st.SearchStrategy[str]:
    """The path with ids in the place of their names: known ones, old ones and odd ones."""
    parts = [_id(part[1:-1]) if part.startswith("{") else st.just(part) for part in path.split("/")]
    return st.tuples(*parts).map("/".join)


def _id(name: str) -> st.SearchStrategy[str]:
    kinds = _KINDS.get(name, ["item"])
    known = st.sampled_from([f"known-{kind}-{n}" for kind in kinds for n in range(40)])
    unknown = st.sampled_from([f"{kinds[0]}_{'0' * 48}", "x" * 3_000, "compact", "..", "%2F", "%00", "%ff"])
    return _now_and_then(st.one_of(unknown, TEXTS.map(_quoted).filter(bool)), known)


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _now_and_then(rare: st.SearchStrategy[_T], usual: st.SearchStrategy[_T]) -> st.SearchStrategy[_T]:
    # Not `one_of` with the usual one in it several times: Hypothesis takes what is there twice for one. And
    # not at 0, which it likes best of all integers.
    return st.integers(0, 4).flatmap(lambda n: rare if n == 3 else usual)


def _sometimes(strategy: st.SearchStrategy[bytes], name: bytes) -> st.SearchStrategy[_Headers]:
    return _now_and_then(strategy.map(lambda value: [(name, value)]), st.just([]))


def _query(pairs: list[tuple[str, str]]) -> str:
    return "?" + urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in pairs])


# Bytes that may stand in a header; the others never reach the server.
_HEADER_VALUES = st.one_of(
    st.sampled_from([b"", b"x" * 300, b"1", b"gzip", b"chunked", b"\xff\xfe", b"Bearer", b"Bearer \xff"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=10).map(str.encode),
)
_KEYS = st.one_of(st.integers(0, 9).map(lambda n: b"key-%d" % n), _HEADER_VALUES)
_HEADERS = st.tuples(
    st.sampled_from(_TYPES).map(lambda kind: [(b"content-type", kind.encode())]),
    _sometimes(_KEYS, b"idempotency-key"),
    _sometimes(_HEADER_VALUES, b"authorization"),
    _sometimes(_HEADER_VALUES, b"content-encoding"),
    _sometimes(_HEADER_VALUES, b"accept"),
    _sometimes(_HEADER_VALUES, b"x-stainless-retry-count"),
).map(lambda lists: [pair for pairs in lists for pair in pairs])
_PAIRS = st.tuples(st.sampled_from(_PARAMETERS), st.one_of(st.sampled_from(_VALUES), TEXTS))
_QUERIES = st.one_of(st.just(""), st.lists(_PAIRS, min_size=1, max_size=3).map(_query))
