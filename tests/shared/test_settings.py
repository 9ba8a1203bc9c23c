"""Settings come from the environment, and a key goes only where it belongs."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from shared.settings import OPENAI_BASE_URL, Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", *(f"HITHERTO_{field.upper()}" for field in Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    """The settings of a process with these variables; those of ours are given without their prefix."""
    for name, value in variables.items():
        monkeypatch.setenv(name if name == "OPENAI_API_KEY" else f"HITHERTO_{name}", value)
    return Settings()


DEFAULTS: dict[str, object] = {
    "redis_url": None,
    "broker_url": None,
    "host": "127.0.0.1",
    "port": 8080,
    "api_keys": [],
    "data_dir": Path(".hitherto"),
    "upstream_api": "chat_completions",
    "summarizer": "auto",
    "summarizer_mode": "fenced",
    "min_compact_threshold": 1000,
    "default_compact_threshold": None,
    "compact_target_tokens": None,
    "compact_ahead_ratio": 0.8,
    "lease_seconds": 30,
    "max_attempts": 3,
    "tokenizer_encoding": "o200k_base",
}


def test_without_an_environment_everything_has_its_promised_default() -> None:
    settings = Settings()

    assert {name: getattr(settings, name) for name in DEFAULTS} == DEFAULTS
    assert (settings.upstream_url, settings.upstream_key, settings.summarizes_with_model) == (
        None,
        None,
        False,
    )


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        pytest.param("sk-a", ["sk-a"], id="one"),
        pytest.param(" sk-a, sk-b ,,", ["sk-a", "sk-b"], id="several"),
        pytest.param("", [], id="empty"),
        pytest.param(" , ", [], id="only commas"),
    ],
)
def test_a_list_is_text_with_commas(monkeypatch: pytest.MonkeyPatch, text: str, keys: list[str]) -> None:
    settings = read(monkeypatch, API_KEYS=text, ENCRYPTION_KEYS=text)

    assert [key.get_secret_value() for key in settings.api_keys] == keys
    assert [key.get_secret_value() for key in settings.encryption_keys] == keys


def test_a_list_in_code_is_a_list() -> None:
    assert Settings(summary_sections=["a,b"]).summary_sections == ["a,b"]


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, PORT="", REDIS_URL="", CONTEXT_WINDOW_TOKENS="", OPENAI_API_KEY="")

    assert (settings.port, settings.redis_url, settings.context_window_tokens) == (8080, None, None)
    assert settings.upstream_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("COMPACT_AHEAD_RATIO", "1.5"),
        ("LEASE_SECONDS", "0"),
        ("SUMMARIZER", "maybe"),
        ("MAX_QUEUED", "-1"),
        ("UPSTREAM_API", "grpc"),
    ],
)
def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name.lower()):
        read(monkeypatch, **{name: value})


def test_the_readme_lists_every_setting() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    rows = [line.split("|")[1] for line in readme.splitlines() if line.startswith("| `")]
    listed = {name.lower() for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}

    assert set(Settings.model_fields) - {"openai_api_key"} <= listed


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]  # that it cannot is the point


def test_no_key_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        OPENAI_API_KEY="sk-secret-1",
        UPSTREAM_API_KEY="sk-secret-2",
        ENCRYPTION_KEYS="sk-secret-3",
        API_KEYS="sk-secret-4",
        SUMMARIZER_API_KEY="sk-secret-5",
    )

    assert "sk-secret" not in repr(settings)
    assert "sk-secret" not in settings.model_dump_json()


def test_what_is_wrong_shows_no_key_either(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError) as wrong:
        read(monkeypatch, API_KEYS="sk-secret", WEBHOOK_URL="https://example.com")

    assert "sk-secret" not in str(wrong.value)


# Which key goes where

OPENAI = {"OPENAI_API_KEY": "sk-openai"}
LOCAL = {"UPSTREAM_BASE_URL": "http://127.0.0.1:9000/v1"}
OURS = {"UPSTREAM_API_KEY": "ours"}
AT_OPENAI = {"UPSTREAM_BASE_URL": f"{OPENAI_BASE_URL}/"}


@pytest.mark.parametrize(
    ("variables", "url", "key"),
    [
        pytest.param({}, None, None, id="nothing: offline"),
        pytest.param(OPENAI, OPENAI_BASE_URL, "sk-openai", id="OpenAI's key alone means OpenAI"),
        pytest.param(OPENAI | OURS, OPENAI_BASE_URL, "ours", id="a key of our own comes first"),
        pytest.param(LOCAL, LOCAL["UPSTREAM_BASE_URL"], None, id="a provider without a key"),
        pytest.param(LOCAL | OURS, LOCAL["UPSTREAM_BASE_URL"], "ours", id="a provider with its key"),
        pytest.param(LOCAL | OPENAI, LOCAL["UPSTREAM_BASE_URL"], None, id="OpenAI's key stays at home"),
        pytest.param(AT_OPENAI | OPENAI, f"{OPENAI_BASE_URL}/", "sk-openai", id="OpenAI by its address"),
    ],
)
def test_the_upstream_is_given_its_own_key(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str | None, key: str | None
) -> None:
    settings = read(monkeypatch, **variables)

    assert (settings.upstream_url, settings.upstream_key) == (url, key)


ELSEWHERE = {"SUMMARIZER_BASE_URL": "http://127.0.0.1:9001/v1"}
BESIDE_IT = {"SUMMARIZER_BASE_URL": "http://127.0.0.1:9000/small"}
SUMMARIES_BY_OPENAI = {"SUMMARIZER_BASE_URL": OPENAI_BASE_URL}
ITS_OWN = {"SUMMARIZER_API_KEY": "its own"}


@pytest.mark.parametrize(
    ("variables", "key"),
    [
        pytest.param(ELSEWHERE, None, id="none"),
        pytest.param(ELSEWHERE | OPENAI, None, id="OpenAI's key stays at home"),
        pytest.param(ELSEWHERE | LOCAL | OPENAI, None, id="with a local upstream too"),
        pytest.param(ELSEWHERE | LOCAL | OURS, None, id="the upstream's stays with the upstream"),
        pytest.param(ELSEWHERE | OPENAI | OURS, None, id="though that is OpenAI"),
        pytest.param(ELSEWHERE | OURS, None, id="or nobody"),
        pytest.param(BESIDE_IT | LOCAL | OURS, "ours", id="another model of the same provider"),
        pytest.param(SUMMARIES_BY_OPENAI | LOCAL | OURS, None, id="not to OpenAI either"),
        pytest.param(SUMMARIES_BY_OPENAI | LOCAL | OURS | OPENAI, "sk-openai", id="OpenAI summarises"),
        pytest.param(SUMMARIES_BY_OPENAI | OPENAI | OURS, "ours", id="and answers"),
        pytest.param(ELSEWHERE | LOCAL | OURS | OPENAI | ITS_OWN, "its own", id="its own"),
        pytest.param(BESIDE_IT | LOCAL | OURS | ITS_OWN, "its own", id="its own comes first"),
    ],
)
def test_a_summariser_is_given_no_key_that_is_for_somebody_else(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], key: str | None
) -> None:
    assert read(monkeypatch, **variables).summarizer_key == key


@pytest.mark.parametrize(
    ("variables", "with_model"),
    [
        pytest.param({}, False, id="offline"),
        pytest.param(OPENAI, True, id="a provider"),
        pytest.param(ELSEWHERE, True, id="a summariser of its own"),
        pytest.param(OPENAI | {"SUMMARIZER": "ledger"}, False, id="none wanted"),
        pytest.param({"SUMMARIZER": "model"}, True, id="wanted"),
    ],
)
def test_a_model_summarises_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], with_model: bool
) -> None:
    assert read(monkeypatch, **variables).summarizes_with_model is with_model


def test_settings_are_given_by_name_in_code() -> None:
    assert Settings(openai_api_key=SecretStr("k"), port=1).upstream_key == "k"


SECRET = "whsec_" + "QUJD" * 8


def test_a_webhook_url_needs_a_secret_that_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://example.com/"
    assert read(monkeypatch, WEBHOOK_URL=url, WEBHOOK_SECRET=SECRET).webhook_url == url
    for wrong in ("", "secret", "whsec_short"):
        with pytest.raises(ValidationError, match="WEBHOOK_URL needs a WEBHOOK_SECRET"):
            read(monkeypatch, WEBHOOK_URL=url, WEBHOOK_SECRET=wrong)


def test_what_webhooks_tell_and_where_they_may_lead_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        WEBHOOK_EVENT_TYPES="response.failed, compaction.failed",
        WEBHOOK_ALLOWED_NETWORKS="10.0.0.0/8,fd00::/8",
    )
    assert settings.webhook_event_types == ["response.failed", "compaction.failed"]
    assert [str(network) for network in settings.webhook_allowed_networks] == ["10.0.0.0/8", "fd00::/8"]
    with pytest.raises(ValidationError):
        read(monkeypatch, WEBHOOK_EVENT_TYPES="batch.completed")
