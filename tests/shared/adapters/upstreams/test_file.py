"""The upstreams file: what it may say, and what is said about one that is wrong."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.adapters.upstreams.file import read_upstreams_file
from shared.errors import ConfigurationError
from shared.routing import Route

FULL = """
[[upstream]]
name = "local"
base_url = "http://127.0.0.1:8000/v1"
api = "chat_completions"
api_key_env = "LOCAL_KEY"
models = ["qwen3-32b", "llama-*"]
context_window_tokens = 131072
timeout_seconds = 60
rename = { "gpt-5" = "qwen3-32b" }

[[upstream]]
name = "openai"
base_url = "https://api.openai.com/v1"
api = "responses"
models = ["*"]
native_compaction = true
tokenizer = "o200k"
"""


def entry(*lines: str, name: str = "a", models: str = '["m"]') -> str:
    """One upstream, with further lines."""
    first = ["[[upstream]]", f'name = "{name}"', 'base_url = "http://gpu/v1"', f"models = {models}"]
    return "\n".join([*first, *lines, ""])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "upstreams.toml"


def read(path: Path, text: str, **environment: str) -> list[Route]:
    path.write_text(text, encoding="utf-8")
    return read_upstreams_file(path, environment, timeout_seconds=600)


def test_says_everything_about_each_upstream_in_order(path: Path) -> None:
    local, openai = read(path, FULL, LOCAL_KEY="sk-local")

    assert local == Route(
        name="local",
        base_url="http://127.0.0.1:8000/v1",
        models=("qwen3-32b", "llama-*"),
        api="chat_completions",
        api_key=SecretStr("sk-local"),
        context_window_tokens=131_072,
        timeout_seconds=60,
        rename={"gpt-5": "qwen3-32b"},
    )
    assert openai == Route(
        name="openai",
        base_url="https://api.openai.com/v1",
        models=("*",),
        api="responses",
        native_compaction=True,
        structured_summaries=True,
        timeout_seconds=600,
        tokenizer="o200k",
    )


def test_needs_a_name_an_address_and_models_alone(path: Path) -> None:
    assert read(path, entry()) == [Route("a", "http://gpu/v1", ("m",))]


MODEL_FAULT = "a model is a name, or a prefix that ends with *"
RENAME_FAULT = "what is renamed is a name in full"
FAULTS = {
    "an unknown tokenizer": (
        entry('tokenizer = "qwen3"'),
        "tokenizer: a tokenizer is one of cl100k, deepseek, ",
    ),
    "not TOML": ("[[upstream]\n", "is not TOML: "),
    "nothing": ("", "upstream: Field required"),
    "no upstream": ("upstream = []", "upstream: List should have at least 1 item"),
    "unknown table": (f"{entry()}[server]\n", "server: Extra inputs are not permitted"),
    "unknown key": (entry("model = 'm'"), "upstream[0].model: Extra inputs are not permitted"),
    "no name": ('[[upstream]]\nbase_url = "http://a"\nmodels = ["m"]', "upstream[0].name: Field required"),
    "empty name": (entry(name=""), "upstream[0].name: "),
    "no models": (entry(models="[]"), "upstream[0].models: List should have at least 1 item"),
    "models as text": (entry(models='"m"'), "upstream[0].models: Input should be a valid list"),
    "empty model": (entry(models='[""]'), f"upstream[0].models[0]: {MODEL_FAULT}"),
    "infix": (entry(models='["m", "a*b"]'), f"upstream[0].models[1]: {MODEL_FAULT}"),
    "two asterisks": (entry(models='["a**"]'), f"upstream[0].models[0]: {MODEL_FAULT}"),
    "unknown API": (entry("api = 'grpc'"), "upstream[0].api: Input should be 'chat_completions' or 'respo"),
    "no address": (entry().replace("http://gpu/v1", "gpu"), "upstream[0].base_url: String should match"),
    "no window": (entry("context_window_tokens = 0"), "upstream[0].context_window_tokens: Input should be"),
    "number as text": (entry("timeout_seconds = '9'"), "upstream[0].timeout_seconds: Input should be"),
    "two of a name": (entry() + entry(), "2 upstreams are named 'a'"),
    "renamed and not": (entry("rename = { m = 'n' }"), "upstream[0]: 'm' is in models and in rename"),
    "renamed prefix": (entry("rename = { 'x*' = 'n' }"), RENAME_FAULT),
    "renamed to nothing": (entry("rename = { x = '' }"), "upstream[0].rename.x: "),
    "chat compacts": (entry("native_compaction = true"), 'native_compaction needs api = "responses"'),
    "key not set": (entry("api_key_env = 'NO_KEY'"), "the key of 'a' is to be in the variable NO_KEY"),
    "key empty": (entry("api_key_env = 'EMPTY_KEY'"), "in the variable EMPTY_KEY, which is not set"),
}


@pytest.mark.parametrize(("text", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_a_wrong_file_is_refused_by_its_path_and_its_fault(path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(path, text, EMPTY_KEY="")

    assert str(path) in refused.value.message
    assert words in refused.value.message


def test_every_fault_is_named_at_once(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"upstream\[0\].colour: .*; upstream\[1\].models: "):
        read(path, entry("colour = 1") + entry(name="b", models="[]"))


def test_a_key_in_the_wrong_place_is_not_repeated(path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(path, entry("api_key = 'sk-secret'", "context_window_tokens = 'sk-secret'"))

    assert "sk-secret" not in refused.value.message


def test_a_file_that_is_not_there_is_a_configuration_error(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file or directory"):
        read_upstreams_file(path, {}, timeout_seconds=600)


def test_a_file_that_is_not_text_is_a_configuration_error(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="is not TOML"):
        read_upstreams_file(path, {}, timeout_seconds=600)
