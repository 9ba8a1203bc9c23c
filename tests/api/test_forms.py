"""Form bodies stand for JSON objects, or are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.forms import parse_form
from shared.errors import InvalidRequest


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b"model=m&input=Hi+there", {"model": "m", "input": "Hi there"}),
        (b"input[0][role]=user&input[0][content]=Hi", {"input": [{"role": "user", "content": "Hi"}]}),
        (b"include[]=a&include[]=b", {"include": ["a", "b"]}),
        (b"metadata[team]=index", {"metadata": {"team": "index"}}),
        (b"", {}),
    ],
    ids=["plain", "items", "a list without numbers", "an object", "nothing"],
)
def test_a_form_is_the_object_that_it_stands_for(body: bytes, document: object) -> None:
    assert parse_form(body) == document


@pytest.mark.parametrize(
    "body",
    [
        b"novalue",
        b"[0]=x",
        b"a=1&a[b]=2",
        b"a[b]=2&a=1",
        b"\xff=1",
        b"a" + b"[b]" * 20 + b"=1",
        b"a[b]c=1",
        b"a[b=1",
        b"a]=1",
        b"a=1&a=2",
        b"a[b]=1&a[b]=2",
        b"a[1]=1&a[]=2",
        b"a=%FF",
    ],
    ids=[
        "no value",
        "no name",
        "two meanings",
        "the other way round",
        "no text",
        "too deep",
        "more after a name",
        "half a bracket",
        "the other half",
        "twice",
        "twice inside",
        "counted and not",
        "no text in a value",
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_form(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    try:
        parse_form(body)
    except InvalidRequest:
        return
