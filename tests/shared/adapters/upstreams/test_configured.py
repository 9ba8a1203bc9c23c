"""Which upstreams there are, by the variables and the file."""

from pathlib import Path
from typing import Any

import pytest

from shared.adapters.upstreams.configured import configured_routes, summarizer_route
from shared.errors import ConfigurationError
from shared.settings import OPENAI_BASE_URL, Settings

FILE = '[[upstream]]\nname = "gpu"\nbase_url = "http://gpu/v1"\nmodels = ["qwen"]\napi_key_env = "GPU_KEY"\n'


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", *(f"HITHERTO_{field.upper()}" for field in Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "upstreams.toml"
    path.write_text(FILE)
    return path


ONE = {"upstream_base_url": "http://one/v1", "upstream_api_key": "sk-one", "upstream_api": "responses"}


@pytest.mark.parametrize(
    ("settings", "file", "expected"),
    [
        pytest.param({}, False, [("offline", None)], id="nothing"),
        pytest.param(ONE, False, [("default", "http://one/v1")], id="one upstream"),
        pytest.param({"openai_api_key": "sk-o"}, False, [("default", OPENAI_BASE_URL)], id="OpenAI's key"),
        pytest.param({}, True, [("gpu", "http://gpu/v1")], id="a file"),
        pytest.param(ONE, True, [("gpu", "http://gpu/v1"), ("default", "http://one/v1")], id="both"),
        pytest.param({"openai_api_key": "sk-o"}, True, [("gpu", "http://gpu/v1")], id="a file, OpenAI's key"),
    ],
)
def test_the_upstreams_are_the_files_and_that_of_the_variables_for_the_rest(
    path: Path, settings: dict[str, Any], file: bool, expected: list[tuple[str, str | None]]
) -> None:
    given = Settings.model_validate(settings | ({"upstreams_file": path} if file else {}))

    routes = configured_routes(given, {"GPU_KEY": "sk-gpu"}).routes

    assert [(route.name, route.base_url) for route in routes] == expected


@pytest.mark.parametrize(
    ("name", "settings"),
    [("default", ONE), ("summarizer", {"summarizer_base_url": "http://two/v1"})],
    ids=["the upstream", "the summariser"],
)
def test_an_upstream_is_not_named_as_that_of_the_variables(
    path: Path, name: str, settings: dict[str, Any]
) -> None:
    path.write_text(FILE.replace("gpu", name, 1))
    alone = Settings.model_validate({"upstreams_file": path})
    both = Settings.model_validate({"upstreams_file": path} | settings)

    assert configured_routes(alone, {"GPU_KEY": "sk-gpu"}).routes[0].name == name
    with pytest.raises(ConfigurationError, match=f"'{name}'"):
        configured_routes(both, {"GPU_KEY": "sk-gpu"})


def test_the_upstream_of_the_variables_answers_for_every_other_model(path: Path) -> None:
    settings = Settings.model_validate(ONE | {"upstreams_file": path, "upstream_timeout_seconds": 9})
    routes = configured_routes(settings, {"GPU_KEY": "sk-gpu"})

    gpu, default = routes.for_model("qwen"), routes.for_model("anything")

    assert (gpu.name, gpu.api, gpu.timeout_seconds) == ("gpu", "chat_completions", 9)
    assert (default.name, default.api, default.timeout_seconds) == ("default", "responses", 9)
    assert [route.api_key.get_secret_value() for route in (gpu, default) if route.api_key] == [
        "sk-gpu",
        "sk-one",
    ]


def test_the_upstream_of_the_variables_compacts_itself_where_that_is_asked_for() -> None:
    asked = Settings.model_validate(ONE | {"summarizer": "native"})

    assert configured_routes(asked, {}).for_model("m").native_compaction
    assert not configured_routes(Settings.model_validate(ONE), {}).for_model("m").native_compaction


def test_an_upstream_of_the_file_may_compact_itself(path: Path) -> None:
    path.write_text(FILE + 'api = "responses"\nnative_compaction = true\n')
    settings = Settings(upstreams_file=path, summarizer="native")

    assert configured_routes(settings, {"GPU_KEY": "sk-gpu"}).for_model("qwen").native_compaction


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="offline"),
        pytest.param(ONE | {"upstream_api": "chat_completions"}, id="chat completions"),
    ],
)
def test_nobody_is_asked_to_compact_who_cannot(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="HITHERTO_SUMMARIZER=native needs an upstream"):
        configured_routes(Settings.model_validate(settings | {"summarizer": "native"}), {})


def test_a_missing_key_is_an_error_before_anything_is_opened(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="GPU_KEY"):
        configured_routes(Settings(upstreams_file=path), {})


def test_an_upstream_of_a_file_writes_summaries_too(path: Path) -> None:
    assert Settings(upstreams_file=path).summarizes_with_model


def test_a_summariser_may_have_an_address_of_its_own() -> None:
    assert summarizer_route(Settings()) is None
    own = summarizer_route(Settings(summarizer_base_url="http://small/v1"))
    assert own is not None
    assert (own.base_url, own.api_key) == ("http://small/v1", None)
