"""Hosted tools that Codex adds by itself are left out; one that somebody named is not."""

from typing import Any

import pytest

from api.codex import is_codex, without_extra_tools
from api.validation.parsing import parse_create
from tests.sentences import asking

FUNCTION = {"type": "function", "name": "f"}
SEARCH = {"type": "web_search", "external_web_access": True}


@pytest.mark.parametrize(
    ("originator", "expected"),
    [("codex_exec", True), ("Codex Desktop", True), ("langchain", False), (None, False)],
)
def test_codex_says_who_it_is(originator: str | None, expected: bool) -> None:
    assert is_codex({} if originator is None else {"originator": originator}) is expected


def test_what_it_adds_beside_other_tools_is_left_out() -> None:
    request = parse_create(asking(tools=[SEARCH, FUNCTION, {"type": "image_generation"}]))

    assert without_extra_tools(request).tools == [FUNCTION]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"tools": [SEARCH]}, id="alone"),
        pytest.param({"tools": [FUNCTION, SEARCH], "tool_choice": {"type": "web_search"}}, id="chosen"),
        pytest.param({"tools": [FUNCTION, {"type": "local_shell"}]}, id="with a matter of its own"),
        pytest.param({"tools": [FUNCTION]}, id="nothing extra"),
        pytest.param({}, id="no tools"),
    ],
)
def test_all_else_stays_as_it_is(fields: dict[str, Any]) -> None:
    request = parse_create(asking(**fields))

    assert without_extra_tools(request) is request
