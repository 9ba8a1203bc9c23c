"""The demonstration's server runs on defaults, whatever the person at the terminal has set."""

from pathlib import Path

import pytest

from api.demo.server import embedded_defaults


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "HITHERTO_UPSTREAM_BASE_URL",
        "HITHERTO_REDIS_URL",
        "HITHERTO_API_KEYS",
    ],
)
def test_no_key_and_no_setting_of_ours_reaches_the_server(name: str) -> None:
    assert name not in embedded_defaults({name: "mine", "PATH": "/bin"}, Path("demo"))


def test_the_rest_of_the_environment_does_and_data_go_to_the_demonstrations_directory() -> None:
    environment = embedded_defaults({"PATH": "/bin", "HITHERTO_DATA_DIR": "precious"}, Path("demo"))
    assert environment["PATH"] == "/bin"
    assert environment["HITHERTO_DATA_DIR"] == str(Path("demo") / "data")
