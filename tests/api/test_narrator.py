"""The narrator says plainly who answers, and shows no password."""

import io

import pytest
from rich.console import Console

from api.narrator import Narrator, upstream_in_words, without_password
from shared.settings import Settings


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HITHERTO_UPSTREAM_BASE_URL", "HITHERTO_UPSTREAMS_FILE", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "offline: built in, extractive, no language model"),
        ({"OPENAI_API_KEY": "sk-1"}, "https://api.openai.com/v1"),
        ({"HITHERTO_UPSTREAM_BASE_URL": "http://me:pw@gpu:8000/v1"}, "http://gpu:8000/v1 (chat_completions)"),
        ({"HITHERTO_UPSTREAMS_FILE": "u.toml"}, "routed by u.toml"),
        (
            {"HITHERTO_UPSTREAMS_FILE": "u.toml", "HITHERTO_UPSTREAM_BASE_URL": "http://gpu/v1"},
            "routed by u.toml, else http://gpu/v1",
        ),
    ],
    ids=["offline", "OpenAI", "own", "a file", "a file and one for the rest"],
)
def test_says_who_answers(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert upstream_in_words(Settings()).startswith(words)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@db:6379/1", "redis://db:6379/1"),
        ("rediss://user:secret@db/0?password=secret", "rediss://db/0"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_shows_an_address_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_quotes_what_looks_like_markup_as_it_is() -> None:
    said = io.StringIO()
    narrator = Narrator(Console(file=said, width=80))
    narrator.quote("api", "[bold]x[/nothing]")
    narrator.odd("[1] and [/]")
    assert said.getvalue().splitlines() == ["api          │ [bold]x[/nothing]", "! [1] and [/]"]
