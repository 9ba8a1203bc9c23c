"""Routing: names in full before prefixes, longer prefixes before shorter ones, the first listed before the rest."""

import pytest
from pydantic import SecretStr

from shared.errors import UpstreamError
from shared.routing import NO_ROUTES, Route, Routes


def route(name: str, *models: str, **rename: str) -> Route:
    return Route(name, f"http://{name}/v1", models, rename=rename)


@pytest.mark.parametrize(
    ("routes", "model", "chosen"),
    [
        pytest.param([route("a", "qwen")], "qwen", "a", id="a name"),
        pytest.param([route("a", "qwen")], "qwen3", None, id="a name is no prefix"),
        pytest.param([route("a", "qwen")], "Qwen", None, id="case matters"),
        pytest.param([route("a", "qwen*")], "qwen3", "a", id="a prefix"),
        pytest.param([route("a", "qwen*")], "qwen", "a", id="a prefix is a name too"),
        pytest.param([route("a", "qwen*")], "my-qwen", None, id="a prefix is not an infix"),
        pytest.param([route("a", "q", "b", "c*")], "c-1", "a", id="any of several"),
        pytest.param([route("a", "qwen*"), route("b", "qwen3")], "qwen3", "b", id="a name beats a prefix"),
        pytest.param([route("a", "q*"), route("b", "qwen*")], "qwen3", "b", id="the longer prefix wins"),
        pytest.param([route("a", "*"), route("b", "q*")], "qwen3", "b", id="any prefix beats any model"),
        pytest.param([route("a", "*"), route("b", "q*")], "llama", "a", id="any model"),
        pytest.param([route("a", "qwen"), route("b", "qwen")], "qwen", "a", id="the first of equal names"),
        pytest.param([route("a", "q*"), route("b", "q*")], "qwen", "a", id="the first of equal prefixes"),
        pytest.param([route("a", "q*", x="y"), route("b", "x*")], "x", "a", id="what is renamed is a name"),
        pytest.param([route("a", "q*", x="y")], "y", None, id="the provider's name is not the clients'"),
        pytest.param([], "qwen", None, id="no routes"),
    ],
)
def test_a_model_is_answered_by_the_route_that_names_it_most_closely(
    routes: list[Route], model: str, chosen: str | None
) -> None:
    found = Routes(tuple(routes)).find(model)

    assert (found.name if found else None) == chosen


@pytest.mark.parametrize(
    ("model", "theirs"),
    [
        pytest.param("gpt-5", "qwen3-32b", id="renamed"),
        pytest.param("qwen3-32b", "qwen3-32b", id="by its own name"),
        pytest.param("gpt-5-mini", "gpt-5-mini", id="renaming goes by the whole name"),
    ],
)
def test_the_provider_is_asked_by_its_own_name(model: str, theirs: str) -> None:
    renaming = Route("a", None, ("qwen3-32b", "gpt-*"), rename={"gpt-5": "qwen3-32b"})

    assert renaming.provider_name(model) == theirs


def test_a_model_that_no_route_names_does_not_exist() -> None:
    with pytest.raises(UpstreamError) as refused:
        Routes((route("a", "qwen"),)).for_model("gpt-5")

    assert refused.value.message == "The requested model 'gpt-5' does not exist."
    assert (refused.value.code, refused.value.status) == ("model_not_found", 404)


def test_an_endless_name_is_not_said_back_in_full() -> None:
    with pytest.raises(UpstreamError) as refused:
        NO_ROUTES.for_model("x" * 100_000)

    assert len(refused.value.message) < 500


@pytest.mark.parametrize(
    ("model", "tokens"),
    [("small", 8_000), ("large", None), ("unknown", None)],
    ids=["told", "not told", "no route"],
)
def test_a_window_is_known_where_the_route_tells_it(model: str, tokens: int | None) -> None:
    small = Route("a", None, ("small",), context_window_tokens=8_000)

    assert Routes((small, route("b", "large"))).context_window_tokens(model) == tokens


def test_a_route_does_not_show_its_key() -> None:
    assert "sk-1" not in repr(Route("a", None, ("*",), api_key=SecretStr("sk-1")))
